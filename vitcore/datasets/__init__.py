"""The images: CIFAR-10, sketch10 and uploads. NumPy and Pillow only."""

from vitcore.datasets.batches import DataError
from vitcore.datasets.cifar10 import cifar10
from vitcore.datasets.download import download_cifar10
from vitcore.datasets.sketch10 import sketch, sketch10
from vitcore.datasets.source import Source, find_cifar10

# Imported at once, not when first used: `cifar10` and `sketch10` have the names of their modules,
# and importing those later would otherwise put them in the functions' place.
__all__ = [
    "DataError",
    "Source",
    "cifar10",
    "download_cifar10",
    "find_cifar10",
    "sketch",
    "sketch10",
]
