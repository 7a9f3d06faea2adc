"""Train, evaluate and describe a model where little is installed: `... jax_alone FOLDER`.

Every package but those that `ALLOWED` names, and what these require, cannot be imported.
"""

import re
import sys
from importlib import metadata

from packaging.requirements import Requirement

ALLOWED = {
    "numpy", "pillow", "keras", "optree", "typing_extensions", "safetensors", "platformdirs",
    "jax", "jaxlib",
}  # fmt: skip


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def with_all_they_require(names):
    found, waiting = set(), {plain(name) for name in names}
    while waiting:
        found.add(name := waiting.pop())
        for line in metadata.requires(name) or []:
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting |= {plain(requirement.name)} - found
    return found


class Missing:
    """Finds nothing, and lets nobody find, what is not there."""

    def __init__(self):
        there = with_all_they_require(ALLOWED)
        self.names = {
            module
            for module, packages in metadata.packages_distributions().items()
            if not there & {plain(package) for package in packages}
        }

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


if __name__ == "__main__":
    sys.meta_path.insert(0, missing := Missing())
    import tests.vitcore.training.small_command  # noqa: F401 - its model
    from vitcore import backend
    from vitcore.cli.main import main
    from vitcore.training import card, step

    backend.on_accelerator = lambda: True  # as a GPU is fed
    compiled = []

    class Watched(step.Trainer):
        def begin(self, *batch, patch_size, **options):
            found = super().begin(*batch, patch_size=patch_size, **options)
            compiled.append(self._steps[patch_size]._cache_size())
            return found

    step.Trainer = Watched
    card.SKETCHES = card.TRACED = 2
    card.PATCH_SIZES = (16,)
    folder = sys.argv[1]
    for command in (
        "train --data sketch10 --preset smallest --steps 4 --batch-size 8 --patch-sizes 16,32 "
        f"--num-sketches 16 --ema-decay 0.9 --cutmix 0.5 --run-dir {folder}",
        f"evaluate --data sketch10 --num-images 4 --patch-size 16 --model {folder}",
        f"card --name alone --model {folder}",
    ):
        if status := main(command.split()):
            sys.exit(status)
    print("compiled each step:", *sorted(set(compiled)))
    print("blocked:", *sorted(missing.names & {"tensorflow", "streamlit", "plotly"}))
