"""What explaining one answer costs at P=4, beside one trace of the same image."""

import json
import os
import subprocess
import sys
from statistics import median

from tests.bench.table import Row
from tests.browser.server import ROOT

REPETITIONS = 5
# In turns, so that all meet the same machine; the first turn compiles and is not counted.
MEASURE = """
import json, time
import numpy as np
import vitcore

names = vitcore.checkpoints.bundled()
model = vitcore.load(names[0]) if names else vitcore.build(vitcore.PRESETS["flexi"])
pixels = vitcore.sketch10(1, start=6)[0][0]
seen = vitcore.trace(model, pixels, patch_size=4)
told = int(seen.logits.argmax())
maps = np.random.default_rng(0).normal(size=(4, *seen.grid))
everything = {
    "trace": lambda: vitcore.trace(model, pixels, patch_size=4),
    "relevance": lambda: vitcore.relevance(model, pixels, told, 4),
    "curves": lambda: vitcore.deletion_insertion(model, pixels, maps, told, 4),
    "occlusion": lambda: vitcore.occlusion(model, pixels, told, 4),
    "heads": lambda: vitcore.head_importance(model, pixels[None], None, 4),
}
times = {name: [] for name in everything}
for turn in range(%d + 1):
    for name, call in everything.items():
        started = time.perf_counter()
        call()
        if turn:
            times[name].append(time.perf_counter() - started)
print(json.dumps(times))
"""


def measure(browser, home, folder) -> list[Row]:  # noqa: ARG001
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    printed = subprocess.run(
        [sys.executable, "-c", MEASURE % REPETITIONS],
        cwd=ROOT,
        env=environment,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ).stdout
    times = json.loads(printed.splitlines()[-1])
    ratio = {name: median(values) / median(times["trace"]) for name, values in times.items()}
    return [
        Row("trace at P=4", [1000 * t for t in times["trace"]], "ms", ratio=1.0),
        Row(
            "class relevance for one class",
            [1000 * t for t in times["relevance"]],
            "ms",
            ratio=ratio["relevance"],
            ratio_bound=4,
        ),
        Row(
            "deletion and insertion, 17 points, four maps and random order",
            times["curves"],
            "s",
            bound=1.5,
            ratio=ratio["curves"],
        ),
        Row("occlusion, every patch", times["occlusion"], "s", ratio=ratio["occlusion"]),
        Row("every head and block off in turn", times["heads"], "s", ratio=ratio["heads"]),
    ]
