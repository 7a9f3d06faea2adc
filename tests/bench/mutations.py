"""Files and messages of strangers: 10,000 mutated ones, of which none may break anything.

`python -m tests.bench.mutations KIND --seed 0 --first 123 --count 1` repeats one of them.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import resource
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse
import zlib
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.bench.table import Row

SECONDS, MEMORY = 2.0, 10**9  # of the processor, for one input; bytes, of the process
_HANGS = 60.0  # seconds
_ROOT = Path(__file__).resolve().parents[2]
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


# Mutations.


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


# What is mutated, and who reads it. Each takes a source of chance and a folder of its own.


def images(rng: random.Random, _: Path) -> None:
    from vitcore.datasets.image_files import ImageError, decode_file

    originals = _once("images", _images)
    data = mutated(rng, rng.choice(originals), originals)
    if rng.random() < 0.7:
        data = with_right_checks(data)
    try:
        decoded = decode_file(data)
    except ImageError:
        return
    _expect(decoded.pixels.shape == (32, 32, 3) and max(decoded.thumbnail.shape) <= 320)


def _images() -> list[bytes]:
    import numpy as np
    from PIL import Image

    rng, files = np.random.default_rng(0), []
    for side in (5, 60, 400):
        large = Image.fromarray(rng.integers(0, 256, (7, 9, 4), np.uint8)).resize((side + 3, side))
        rgb, frames = large.convert("RGB"), [large.rotate(90), large.rotate(180)]
        exif = Image.Exif()
        exif[0x0112] = 6
        for image, kind, options in (
            *((rgb, kind, {}) for kind in ("PNG", "JPEG", "WEBP", "BMP", "GIF", "AVIF")),
            *((large, kind, {}) for kind in ("PNG", "WEBP")),
            *((rgb, kind, {"exif": exif}) for kind in ("PNG", "JPEG", "WEBP")),
            (rgb, "JPEG", {"progressive": True}),
            (rgb.convert("CMYK"), "JPEG", {}),
            (rgb, "WEBP", {"lossless": True}),
            (rgb.quantize(4), "PNG", {"bits": 2, "transparency": 1}),
            (rgb.convert("L"), "BMP", {}),
            (rgb.convert("1"), "BMP", {}),
            *((large, kind, {"save_all": True, "append_images": frames})
              for kind in ("PNG", "GIF", "WEBP")),
        ):  # fmt: skip
            file = io.BytesIO()
            image.save(file, kind, **options)
            files.append(file.getvalue())
    return files


def checkpoints(rng: random.Random, folder: Path) -> None:
    from explorer.client import card_metrics
    from explorer.text import model_card, model_card_table
    from vitcore import checkpoints
    from vitcore.training import model_files

    originals = _once("checkpoints", _checkpoint)
    name = rng.choice(sorted(originals))
    for file, data in originals.items():
        (folder / file).write_bytes(_changed(rng, data, originals) if file == name else data)
    _expect(isinstance(model_files.problem(folder), str))
    config, weights, card = None, {}, {}
    try:
        card = checkpoints.card(folder) or {}
        config, weights = checkpoints.read(folder)
    except checkpoints.CheckpointError:
        pass
    said = [model_card.summary(card, 4), model_card.finding("model", card, None, 4)]
    said += [model_card.learned_from(card, None), model_card.shares_table(card, 4)]
    said += [model_card.shares_table(card, 4, of="calibration_error")]
    if found := card_metrics.reliability(card):
        said += [model_card.calibration_finding(*found)]
    if found := card_metrics.confusion(card):
        said += [model_card.confusion_finding(*found, card_metrics.CLASS_NAMES)]
    for quantity in ("loss", "accuracy", "top5"):
        said += [model_card.curve_finding(quantity, *card_metrics.curves(card, quantity))]
    if config is not None:
        said += [model_card_table.facts(card, None, config, weights, sizes=(4,))]
    _expect(all(isinstance(one, str) for one in said))


def _checkpoint() -> dict[str, bytes]:
    from tests.vitcore.small_models import random_weights, small_config
    from vitcore import checkpoints

    with tempfile.TemporaryDirectory() as name:
        folder, config = Path(name), small_config()
        checkpoints.write(folder, config, random_weights(config))
        card = json.loads((checkpoints.BUNDLED / "flexi-cifar10" / "card.json").read_text())
        checkpoints.write_card(folder, card)
        return {path.name: path.read_bytes() for path in folder.iterdir()}


def runs(rng: random.Random, folder: Path) -> None:
    from explorer.runs.progress import Follower
    from explorer.text import model_card, run_status
    from explorer.training_ui import comparison
    from vitcore.training.runs import list_runs

    originals = _once("runs", _run)
    name = rng.choice(("events.jsonl", "events.jsonl", "run.json"))
    for run, changed in (("one", True), ("other", False)):
        (folder / run).mkdir()
        for file, data in originals.items():
            if changed and file == name:
                data = _changed(rng, data, originals)
            (folder / run / file).write_bytes(data)
    found, said = list_runs(folder), []
    _expect(len(found) == 2)
    for run in found:
        follower = Follower(run.folder)
        follower.catch_up()
        word = rng.choice(("", "pause", "stop", "step 1", "epoch 99", "run 3", "run x", "\0"))
        progress = follower.progress(run, word=word, leaving=rng.random() < 0.2)
        said += [run_status.status(progress), run_status.loss_finding(progress)]
        said += [run_status.accuracy_finding(progress), run_status.rate_finding(progress)]
        said += [*run_status.starting(progress), *run_status.trouble(run, resumes=True)]
        said += [run_status.resumption(run, run.saved), run_status.state_word(run)]
        said += [model_card.row(run), *model_card.trouble(run), model_card.learned_from({}, run)]
        said += [model_card.finding(run.name, {}, run, 4)]
    said += [comparison.table(found)]
    _expect(all(isinstance(one, str) for one in said))


def _run() -> dict[str, bytes]:
    from vitcore.config import TrainConfig
    from vitcore.training.events import EventLog
    from vitcore.training.runs import write_description

    files = _checkpoint()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_description(folder, TrainConfig(preset="tiny"), pid=2**22 + 1)
        log = EventLog(folder)
        log("start", steps=200, steps_per_epoch=70, parameters=10)
        for step in range(10, 200, 10):
            at = {"step": step, "epoch": step / 70}
            points = [[step - 5, 2.1, 0.2, 1e-3], [step, 2.0, 0.3, 1e-3]]
            log("step", **at, loss=2.0, accuracy=0.3, images_per_second=99.0, points=points)
            if step % 50 == 0:
                log("validation", **at, loss=2.0 + step / 99, accuracy=0.4, top5=0.8)
                log("checkpoint", step=step)
                log("paused", step=step, reason="The disk is full.")
                log("resumed", step=step)
        log("end", state="stopped", step=190, reason="", cause="", usable_rate=0.001)
        log.close()
        return files | {path.name: path.read_bytes() for path in folder.iterdir()}


def _changed(rng: random.Random, data: bytes, others: dict[str, bytes]) -> bytes:
    """A file of a model or run: its JSON mutated where it is some, or its bytes."""
    if rng.random() < 0.5:
        return mutated(rng, data, list(others.values()))
    if data[8:9] == b"{":  # safetensors: its header
        (length,) = struct.unpack("<Q", data[:8])
        header = mutated_json(rng, json.loads(data[8 : 8 + length]))
        words = json.dumps(header).encode()
        return struct.pack("<Q", len(words)) + words + data[8 + length :]
    try:
        return json.dumps(mutated_json(rng, json.loads(data))).encode()
    except ValueError:
        lines = [json.loads(line) for line in data.splitlines()]
    changed = mutated_json(rng, lines, most=6)
    lines = changed if isinstance(changed, list) else [changed]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def links(rng: random.Random, _: Path) -> None:
    from explorer import url, url_fields

    words = list(_LINK.values())
    chosen = {name: word for name, word in _LINK.items() if rng.random() < 0.6}
    query = {name: mutated_word(rng, word, words) for name, word in chosen.items()}
    if rng.random() < 0.3:
        query |= {rng.choice([*_LINK, "picture_class", "off", "?"]): rng.choice(words)}
    sent = urllib.parse.urlencode(query, errors="surrogatepass")
    query = dict(urllib.parse.parse_qsl(sent, keep_blank_values=True))
    query = url.with_present_names(query)
    known = url_fields.Known(models=("one", "two"), side=8, blocks=6, heads=3)
    page = rng.choice(["overview", "attention", *url_fields.HIDDEN])
    said = url.selection_errors(query, known, page=page)[1]
    said += url.read(query, [name for name in url_fields.FIELDS if name != "model"], known)[1]
    view, sentences = url.read_view(query, known)
    written = url.write_view(view, known)
    _expect(all(isinstance(one, str) for one in (*said, *sentences, *written.values())))
    _expect(url.read_view(written, known)[0].changes == view.changes)
    url.pinned(query.get("pinned", ""))
    url.is_countable(query.get("image_index", "0"))


_LINK = {
    "image_source": "sketch10",
    "image_class": "frog",
    "image_index": "17",
    "patch_size": "4",
    "model": "one",
    "pinned": "3.7-of-8",
    "direction": "key",
    "scale": "shared",
    "head": "2.3",
    "ablated": "3.2 5",
    "patches": "shuffled-7 1.1-x 2.3-4.5",
    "positions": "off",
    "grid": "8",
    "shuffle": "3",
    "block": "2",
    "input": "image",
    "stage": "mlp",
    "cell": "cat-dog",
    "attention_panel": "Export",
    "attention_class": "cat",
    "head_fusion": "max",
    "discard_ratio": "0.5",
    "lang": "zh",
    "tour": "vit.7",
}


def messages(rng: random.Random, _: Path) -> None:
    from explorer.components.attention_lens import messages as lens
    from explorer.components.encoder.component import sent_view
    from explorer.components.gallery.component import chosen_number
    from explorer.components.patch_size_tiles.component import chosen_size
    from explorer.components.pin.component import sent_pin
    from explorer.components.self_attention.component import sent_block
    from explorer.components.start.component import sent_choice
    from explorer.components.thumbnails.component import picked
    from explorer.tours import guide
    from explorer.url_values import pin_word, read_pin

    _once("tours", guide.tours)
    sent = mutated_json(rng, _MESSAGE)
    result = SimpleNamespace(**sent) if isinstance(sent, dict) else sent
    view = lens.sent_view(result, blocks=6, heads=3)
    _expect(view is None or view.head is None or (0 <= view.head[0] < 6 and 0 <= view.head[1] < 3))
    lens.sent_seed(result)
    changes = lens.sent_changes(result, of="x", blocks=6, heads=3, patches=64)
    _expect(changes is None or all(0 <= to < 64 for to in changes.patches))
    if pin := sent_pin(result):
        _expect(read_pin(pin_word(pin), pin.side) == pin)
    stage = SimpleNamespace(view=getattr(result, "stage", None))
    _expect(sent_view(stage, 6) in (None, *((block, "mlp") for block in range(6))))
    _expect(sent_block(result, 6) in (None, *range(6)))
    _expect(chosen_number(result, range(10)) in (None, *range(10)))
    _expect(picked(result, range(10)) in (None, *range(10)))
    chosen_size(result)
    chosen = sent_choice(result, [{"page": "patches"}])
    _expect(chosen in (None, {"page": "patches"}) or isinstance(chosen, str))
    if isinstance(chosen, str):
        guide.asked(chosen)


_MESSAGE = {
    "pinned": [17, 8, 8],
    "view": {"direction": "from", "scale": "each", "head": [1, 2]},
    "changes": {
        "of": "x", "heads": [[0, 1], [5, 2]], "patches": [[3, -1], [4, 7]], "positions": True,
        "seed": 7,
    },
    "stage": [3, "mlp"],
    "block": 3,
    "number": 4,
    "index": 5,
    "patch_size": 4,
    "chosen": "vit.7",
}  # fmt: skip

KINDS: dict[str, tuple[Callable[[random.Random, Path], None], int]] = {
    "images": (images, 4000),
    "checkpoints": (checkpoints, 2000),
    "runs": (runs, 1500),
    "links": (links, 1500),
    "messages": (messages, 1000),
}
_made: dict[str, Any] = {}


def _once(name: str, make: Callable[[], Any]) -> Any:
    if name not in _made:
        _made[name] = make()
    return _made[name]


def _expect(holds: bool) -> None:
    if not holds:
        raise AssertionError("what was read is not what it should be")


# The process that reads them, and the one that watches it.


def read_all(kind: str, *, seed: int, first: int, count: int) -> None:
    """Read inputs one by one; says on each line which one begins, or what was wrong with it."""
    feed, limit = KINDS[kind][0], 3 * MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    with tempfile.TemporaryDirectory(prefix="vitcore-mutations-") as root:
        for number in range(first, first + count):
            print(json.dumps({"begins": number}), flush=True)
            folder, wrong = Path(root) / str(number), ""
            folder.mkdir()
            before = time.process_time()
            try:
                feed(random.Random(f"{kind} {seed} {number}"), folder)
            except Exception:
                wrong = traceback.format_exc(limit=-6)
            used = time.process_time() - before
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            shutil.rmtree(folder)
            if memory > MEMORY:
                wrong = wrong or f"{memory / 1e6:.0f} MB"
            if used > SECONDS and number > first:  # the first one imports and makes originals
                wrong = wrong or f"{used:.1f} s"
            said = {"ends": number, "seconds": used, "memory": memory, "wrong": wrong}
            print(json.dumps(said), flush=True)


@dataclass
class Found:
    """What the inputs of a kind did."""

    seconds: list[float] = field(default_factory=list)
    memory: float = 0.0  # bytes, at most
    wrong: dict[int, str] = field(default_factory=dict)


def watch(kind: str, *, seed: int, count: int) -> Found:
    """Have inputs read in a process, and in a new one behind each that ended it."""
    found, next_one = Found(), 0
    while next_one < count:
        command = [sys.executable, "-m", "tests.bench.mutations", kind, "--seed", str(seed)]
        command += ["--first", str(next_one), "--count", str(count - next_one)]
        process = subprocess.Popen(
            command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        begun = -1
        for line in process.stdout:
            said = json.loads(line)
            begun = said.get("begins", begun)
            if "begins" in said:
                hangs = threading.Timer(_HANGS, process.kill)
                hangs.start()
                continue
            hangs.cancel()
            next_one = said["ends"] + 1
            found.seconds.append(said["seconds"])
            found.memory = max(found.memory, said["memory"])
            if said["wrong"]:
                found.wrong[said["ends"]] = said["wrong"]
            if said["memory"] > MEMORY:  # the largest so far would be blamed on all that follow
                process.kill()
        errors = process.stderr.read()
        if process.wait() and next_one <= begun:
            found.wrong[begun] = f"the process ended, status {process.returncode}: {errors[-800:]}"
            next_one = begun + 1
        elif begun < 0:
            raise RuntimeError(errors)
    return found


def measure(browser, home, folder) -> list[Row]:
    rows = []
    for kind, (_, count) in KINDS.items():
        began = time.perf_counter()
        found = watch(kind, seed=0, count=count)
        for number, wrong in list(found.wrong.items())[:20]:
            print(f"{kind} {number}: {wrong}", file=sys.stderr)
        rows += [
            Row(f"mutated {kind}: {count:,} that broke something", [len(found.wrong)], "", bound=0),
            Row(f"mutated {kind}: the slowest", [max(found.seconds[1:])], "s", bound=SECONDS),
            Row(f"mutated {kind}: memory", [found.memory / 1e6], "MB", bound=MEMORY / 1e6),
            Row(f"mutated {kind}: all of them", [time.perf_counter() - began], "s"),
        ]
    return rows


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.mutations", description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=1)
    options = parser.parse_args(arguments)
    read_all(options.kind, seed=options.seed, first=options.first, count=options.count)
    return 0


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sys.exit(main(sys.argv[1:]))
