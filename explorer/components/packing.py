"""The bytes that a component's JavaScript reads: a JSON header followed by typed arrays."""

import json
from typing import Any

import numpy as np

FORMAT = 1  # read back by `decode` in base.js, which refuses any other
_DTYPES = {"uint8": "u8", "float32": "f32"}
_ALIGNMENT = 8


def pack(kind: str, header: dict[str, Any], **arrays: np.ndarray) -> bytes:
    """One payload: u32 header length, JSON header, arrays, each starting at a multiple of 8 bytes.

    The same arguments always give the same bytes, so that Streamlit sends an unchanged payload
    as a hash only.

    Args:
        kind: name of the component that is to read it; the script of another one refuses it.
        header: anything JSON can hold, without the names `format`, `kind` and `arrays`.
        arrays: uint8 or float32, any shape; they arrive as flat typed arrays of the same order.

    Raises:
        ValueError: for a reserved name in the header or an array of another type.
    """
    reserved = {"format", "kind", "arrays"} & set(header)
    if reserved:
        raise ValueError(f"a header must not use the names of the format, got {sorted(reserved)}")
    for name, array in arrays.items():
        if array.dtype.name not in _DTYPES:
            raise ValueError(f"{name} must be uint8 or float32, got {array.dtype.name}")
    listed = [[name, _DTYPES[a.dtype.name], list(a.shape)] for name, a in arrays.items()]
    text = json.dumps(
        {"format": FORMAT, "kind": kind, **header, "arrays": listed},
        separators=(",", ":"),
        allow_nan=False,
    ).encode()
    parts, length = [len(text).to_bytes(4, "little"), text], 4 + len(text)
    for array in arrays.values():
        padding = -length % _ALIGNMENT
        # "<f4" on every machine: the browser's arrays are little-endian.
        raw = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        parts += [b"\0" * padding, raw]
        length += padding + len(raw)
    return b"".join(parts)


def rows_as_codes(shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of shares as 8-bit codes of their own maximum, a quarter of the bytes.

    Args:
        shares: (..., n) numbers of at least 0.

    Returns:
        codes (..., n) uint8 and maxima (...) float32; `codes / 255 * maxima[..., None]` is `shares`
        to within 1/510 of each row's maximum.
    """
    maxima = shares.max(axis=-1, keepdims=True)
    codes = np.rint(shares * (255.0 / np.maximum(maxima, 1e-12))).astype(np.uint8)
    return codes, maxima[..., 0].astype(np.float32)


def signed_as_codes(values: np.ndarray, *, quantile: float = 0.92) -> np.ndarray:
    """Signed numbers as uint8 codes centred on 128, for the diverging colour map.

    The scale is a high quantile of the magnitudes: with the largest one the rest looks blank.
    """
    limit = float(np.quantile(np.abs(values), quantile)) or 1.0
    return np.rint(127.5 + 127.5 * np.clip(values / limit, -1.0, 1.0)).astype(np.uint8)
