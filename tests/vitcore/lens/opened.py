"""A view's HTML read back: what its script unpacks, and the shares that it reads out."""

import base64
import json
import re
import zlib

import numpy as np


def unpacked(page):
    """What the script unpacks: header and arrays by name, from a view's HTML."""
    payload = zlib.decompress(base64.b64decode(re.search(r"given\.packed = '(.*?)'", page)[1]))
    end = 4 + int.from_bytes(payload[:4], "little")
    head, arrays = json.loads(payload[4:end]), {}
    for name, dtype, shape in head["arrays"]:
        end = -(-end // 8) * 8
        kind = {"u8": np.uint8, "f32": np.dtype("<f4")}[dtype]
        count = int(np.prod(shape))
        arrays[name] = np.frombuffer(payload, kind, count, end).reshape(shape)
        end += arrays[name].nbytes
    run, stride = head["differences"]["run"], head["differences"]["stride"]
    codes = arrays["codes"].reshape(-1, run).copy()
    if stride:
        for start in range(stride):
            codes[:, start::stride] = np.cumsum(codes[:, start::stride], axis=1, dtype=np.uint8)
    arrays["codes"] = codes.reshape(arrays["codes"].shape)
    return head, arrays


def shares(arrays):
    """Attention to patches (..., N), from codes, maxima and second largest shares."""
    codes, peaks, seconds = (arrays[name] for name in ("codes", "peaks", "seconds"))
    return np.where(codes == 255, peaks[..., None], seconds[..., None] * (codes / 254.0) ** 1.5)
