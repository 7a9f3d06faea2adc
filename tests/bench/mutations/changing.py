"""What all kinds share: changes at random of bytes, JSON and words, and what is expected."""

from __future__ import annotations

import json
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

_WEIRD = (
    *(None, True, False, 0, -1, 1, 3, 10**30, -(10**6), 0.5, 1e308, -1e-300, float("nan"), 1e999),
    *("", "x", "x" * 5000, "\0", "nan", "<b>", "é\u202e😀", "cifar10", "../..", "{", "\ud800"),
    *([], {}, [[]], [1, 2, 3], {"a": 1}, [None], ["x"], [1e999], {"of": "x"}),
)
# What stands before the sizes of an image, and before most lengths.
_HEADS = (
    *(b"IHDR", b"acTL", b"fcTL", b"tRNS", b"\xff\xc0", b"\xff\xc2", b"\xff\xda", b"\xff\xe1"),
    *(b"RIFF", b"VP8 ", b"VP8L", b"VP8X", b"ANMF", b"GIF8", b"\x21\xf9", b"BM", b"ispe", b"iloc"),
)
_made: dict[str, Any] = {}


def once(name: str, make: Callable[[], Any]) -> Any:
    """What `make` makes, kept for the inputs to come."""
    if name not in _made:
        _made[name] = make()
    return _made[name]


def expect(holds: bool) -> None:
    if not holds:
        raise AssertionError("what was read is not what it should be")


def mutated(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """Bits turned, parts cut out, doubled or taken from others, lengths and sizes written over."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        at, many = rng.randrange(len(found) + 1), rng.choice((1, 4, 16, 200))
        what = rng.choice(("flip", "cut", "end", "double", "other", "noise", "length", "length"))
        if what == "flip" and at < len(found):
            found[at] ^= 1 << rng.randrange(8)
        elif what == "cut":
            del found[at : at + many]
        elif what == "end":
            del found[at:]
        elif what == "double":
            found[at:at] = found[at : at + many]
        elif what == "other":
            other = rng.choice(others)
            start = rng.randrange(len(other))
            found[at : at + many] = other[start : start + many]
        elif what == "noise":
            found[at:at] = rng.randbytes(many)
        elif what == "length":
            kind = rng.choice(("<H", ">H", "<I", ">I", "<Q"))
            most = 256 ** struct.calcsize(kind) - 1
            value = rng.choice((0, 1, most, most // 2, 255, rng.randint(0, most), 8000, 4000, 1000))
            heads = [found.find(mark) for mark in _HEADS if mark in found] or [0]
            at = rng.choice(heads) + rng.randrange(24) if rng.random() < 0.7 else at
            found[at : at + struct.calcsize(kind)] = struct.pack(kind, min(value, most))
    return bytes(found)


def with_right_checks(data: bytes) -> bytes:
    """A PNG whose checksums are right again: else no decoder looks at what was changed."""
    found, at = bytearray(data), 8
    while data.startswith(b"\x89PNG") and at + 12 <= len(found):
        (length,) = struct.unpack_from(">I", found, at)
        end = at + 8 + length
        if end + 4 > len(found):
            break
        struct.pack_into(">I", found, end, zlib.crc32(found[at + 4 : end]))
        at = end + 4
    return bytes(found)


def mutated_json(rng: random.Random, value: Any, most: int = 4) -> Any:
    """A value of JSON with some of its parts replaced, left out or doubled."""
    value = json.loads(json.dumps(value))
    once = ["deep", "many"]  # of more, reading what was made would not be what takes the time
    for _ in range(rng.randint(1, most)):
        places = list(_places(value))
        if not places:
            return _weird(rng)
        inside, key = rng.choice(places)
        what = rng.choice(("weird", "weird", "weird", "out", "in", *once))
        if what == "weird":
            inside[key] = _weird(rng)
        elif what == "out":
            del inside[key]
        elif what == "in":
            inside[key] = [inside[key]] if rng.random() < 0.5 else {"value": inside[key]}
        elif what == "deep":
            for _ in range(rng.choice((3, 500))):
                inside[key] = [inside[key]]
        elif what == "many" and isinstance(inside[key], list):
            inside[key] = inside[key] * rng.choice((2, 1000))
        if what in once:
            once.remove(what)
    return json.loads(json.dumps(value))


def _weird(rng: random.Random) -> Any:
    return deepcopy(rng.choice(_WEIRD))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    ahead = [value]
    while ahead:
        inside = ahead.pop()
        if isinstance(inside, (dict, list)):
            for key in list(inside) if isinstance(inside, dict) else range(len(inside)):
                yield inside, key
                ahead.append(inside[key])


def mutated_word(rng: random.Random, word: str, others: list[str]) -> str:
    found = list(word)
    for _ in range(rng.randint(0, 3)):
        at = rng.randrange(len(found) + 1)
        new = rng.choice((*"0123456789.-,x ", "nan", "1e999", "\0", "٣", "é", "\ud800", "9" * 5000))
        found[at : at + rng.randint(0, 2)] = rng.choice((new, *others))
    return "".join(found)
