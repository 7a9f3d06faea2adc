"""The pictures: CIFAR-10, sketch10 and a person's own. NumPy and Pillow only."""

from vitcore.datasets.cifar10 import cifar10
from vitcore.datasets.errors import DataError
from vitcore.datasets.source import Source, find_cifar10

# Imported at once, not when first used: the function `cifar10` has the name of its module, and
# importing that module later would otherwise put it in the function's place.
__all__ = ["DataError", "Source", "cifar10", "find_cifar10"]
