"""Writes CIFAR-10 batches by hand, opcode by opcode, as Python 2 wrote the published ones."""

import io
import pickle
import struct
import tarfile

import numpy as np

NAMES = ("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5")
ALL_NAMES = (*NAMES, "test_batch")


def python2_pickle(data, labels):
    """Protocol 2: {"data": ndarray of uint8, "labels": list of int}, texts as Python 2 strings."""

    def text(value):
        return b"U" + bytes([len(value)]) + value

    raw = data.tobytes()
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n"
        b"(cnumpy\nndarray\n(K\x00t" + text(b"b") + b"tR"
        b"(K\x01(" + b"".join(b"J" + struct.pack("<i", n) for n in data.shape) + b"t"
        b"cnumpy\ndtype\n(" + text(b"u1") + b"K\x00K\x01tR"
        b"(K\x03" + text(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89T" + struct.pack("<i", len(raw)) + raw + b"tb"
    )
    numbers = b"".join(b"J" + struct.pack("<i", label) for label in labels)
    entries = text(b"data") + array + text(b"labels") + b"](" + numbers + b"e"
    return b"\x80\x02}(" + text(b"batch_label") + text(b"one of many") + entries + b"u."


def python3_pickle(protocol, *, order="C", keys=(b"data", b"labels")):
    def write(data, labels):
        values = (np.asarray(data, order=order), [int(label) for label in labels])
        return pickle.dumps(dict(zip(keys, values, strict=True)), protocol=protocol)

    return write


def write_folder(folder, rng, *, count, write=python2_pickle):
    """Write all six batches and return {name: (data (N, 3072), labels (N,))}."""
    folder.mkdir(parents=True)
    content = {}
    for name in ALL_NAMES:
        data = rng.integers(0, 256, (count, 3072), dtype=np.uint8)
        labels = rng.integers(0, 10, count)
        (folder / name).write_bytes(write(data, labels))
        content[name] = data, labels
    return content


def write_archive(archive, folder):
    """Pack a folder as the published archive is packed: not in the order of the names."""
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for name in ("data_batch_4", "readme.html", "test_batch", *NAMES[:3], "data_batch_5"):
            path = folder / name
            content = path.read_bytes() if path.exists() else b"<p>"
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
