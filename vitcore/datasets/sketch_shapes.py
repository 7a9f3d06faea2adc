"""The drawings of each class of sketch10, in the order of `CLASS_NAMES`."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vitcore.datasets import sketch_animals as animals
from vitcore.datasets import sketch_vehicles as vehicles
from vitcore.datasets.sketch_pen import Pen


@dataclass(frozen=True, slots=True)
class Drawing:
    """One view of a class."""

    draw: Callable[[Pen, np.random.Generator], None]
    scenes: tuple[str, ...]  # where it is at home; shared by several classes
    tilt: float = 0.12  # largest turn, radians
    stands: bool = True  # whether it throws a shadow on the ground


SHAPES: tuple[tuple[Drawing, ...], ...] = (
    (
        Drawing(vehicles.airplane_side, ("sky", "sky", "field"), tilt=0.4, stands=False),
        Drawing(vehicles.airplane_above, ("sky", "sky", "water"), tilt=0.9, stands=False),
    ),
    (
        Drawing(vehicles.automobile_side, ("road", "road", "field")),
        Drawing(vehicles.automobile_front, ("road", "road", "bright")),
    ),
    (
        Drawing(animals.bird_perched, ("forest", "field", "water"), tilt=0.3, stands=False),
        Drawing(animals.bird_flying, ("sky", "sky", "water"), tilt=0.4, stands=False),
    ),
    (
        Drawing(animals.cat_face, ("room", "room", "patchwork"), tilt=0.25, stands=False),
        Drawing(animals.cat_sitting, ("room", "room", "field")),
    ),
    (
        Drawing(animals.deer_standing, ("field", "forest", "bright")),
        Drawing(animals.deer_face, ("field", "forest"), stands=False),
    ),
    (
        Drawing(animals.dog_face, ("room", "field", "patchwork"), tilt=0.25, stands=False),
        Drawing(animals.dog_standing, ("field", "room", "road")),
    ),
    (
        Drawing(animals.frog_front, ("forest", "water", "field"), tilt=0.2),
        Drawing(animals.frog_side, ("forest", "water", "field"), tilt=0.2),
    ),
    (
        Drawing(animals.horse_standing, ("field", "field", "forest")),
        Drawing(animals.horse_head, ("field", "forest", "road"), stands=False),
    ),
    (
        Drawing(vehicles.ship_cargo, ("water", "water", "water", "sky"), stands=False),
        Drawing(vehicles.ship_sail, ("water", "water", "sky"), stands=False),
    ),
    (
        Drawing(vehicles.truck_side, ("road", "road", "field")),
        Drawing(vehicles.truck_front, ("road", "road", "bright")),
    ),
)
