"""TensorBoard's files, read back by a parser that shares nothing with the writer."""

import math
import struct

import pytest

from vitcore.training.tensorboard import FILE_NAME, TensorBoard, masked_crc


def slow_crc(data):
    """CRC-32C bit by bit, by polynomial division, and the mask of TensorFlow's records."""
    crc = 0xFFFFFFFF
    for byte in data:
        for bit in range(8):
            odd = (crc ^ (byte >> bit)) & 1
            crc >>= 1
            if odd:
                crc ^= 0x82F63B78
    crc = crc ^ 0xFFFFFFFF
    rotated = (crc >> 15 | crc << (32 - 15)) % 2**32
    return (rotated + 0xA282EAD8) % 2**32


def records(data):
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        assert struct.unpack_from("<I", data, at + 8) == (slow_crc(data[at : at + 8]),)
        content = data[at + 12 : at + 12 + length]
        assert struct.unpack_from("<I", data, at + 12 + length) == (slow_crc(content),)
        yield content
        at += length + 16


def varint(data, at):
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at


def fields(data):
    """(number, value) pairs of a protocol buffer message."""
    at, found = 0, []
    while at < len(data):
        key, at = varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = varint(data, at)
        elif kind == 1:
            (value,), at = struct.unpack_from("<d", data, at), at + 8
        elif kind == 5:
            (value,), at = struct.unpack_from("<f", data, at), at + 4
        else:
            length, at = varint(data, at)
            value, at = data[at : at + length], at + length
        found.append((key >> 3, value))
    return found


def read(folder):
    """[(step, {tag: value} or bytes of what else it is)] of each file, in order."""
    found = []
    for file in sorted(folder.glob(FILE_NAME)):
        for record in records(file.read_bytes()):
            event = fields(record)
            (wall,) = [value for number, value in event if number == 1]
            assert 1.6e9 < wall < 5e9
            step = next(value for number, value in event if number == 2)
            number, content = event[-1]
            if number == 5:
                values = [dict(fields(value)) for _, value in fields(content)]
                content = {value[1].decode(): value[2] for value in values}
            found.append((step, number, content))
    return found


def test_the_checksum_is_that_of_the_standard():
    # RFC 3720, appendix B.4: 32 bytes of zeros have the CRC-32C 0x8a9136aa.
    rotated = (0x8A9136AA >> 15 | 0x8A9136AA << 17) & 0xFFFFFFFF
    assert masked_crc(bytes(32)) == slow_crc(bytes(32)) == (rotated + 0xA282EAD8) & 0xFFFFFFFF


def test_what_is_written_is_read_back(tmp_path):
    board = TensorBoard(tmp_path)
    board("start", steps=3)
    board("step", step=1, loss=2.5, accuracy=0.25, learning_rate=0.5, images_per_second=800.0)
    board("validation", step=300, loss=1.5, accuracy=0.5, top5=0.75)
    board.close()
    assert read(tmp_path) == [
        (0, 3, b"brain.Event:2"),
        (
            1,
            5,
            {
                "loss/train": 2.5,
                "accuracy/train": 0.25,
                "learning_rate": 0.5,
                "images_per_second": 800.0,
            },
        ),
        (
            300,
            5,
            {
                "loss/validation": 1.5,
                "accuracy/validation": 0.5,
                "top5_accuracy/validation": 0.75,
            },
        ),
    ]


def test_numbers_that_are_none_are_left_out(tmp_path):
    board = TensorBoard(tmp_path)
    board("step", step=1, loss=math.nan, accuracy=None)
    assert not list(tmp_path.iterdir())
    board("step", step=2, loss=math.inf, accuracy=0.5)
    board.close()
    assert read(tmp_path)[1:] == [(2, 5, {"accuracy/train": 0.5})]


def test_a_resumed_run_voids_what_was_written_of_later_steps(tmp_path):
    first = TensorBoard(tmp_path)
    first("step", step=200, loss=1.0)
    first.close()
    again = TensorBoard(tmp_path, step=128)
    again("step", step=129, loss=2.0)
    again.close()
    told = read(tmp_path)
    assert [step for step, _, _ in told] == [0, 200, 0, 129, 129]
    session_log = next(content for _, number, content in told if number == 7)
    assert fields(session_log) == [(1, 1)]  # SessionLog.status = START


def test_where_nothing_can_be_written_it_is_silent(tmp_path):
    board = TensorBoard(tmp_path / "gone")
    for step in (1, 2):
        board("step", step=step, loss=1.0)
    board.close()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("step", [1, 127, 128, 300, 2**31])
def test_every_step_is_written_whole(tmp_path, step):
    board = TensorBoard(tmp_path)
    board("step", step=step, loss=1.0)
    board.close()
    assert read(tmp_path)[1][0] == step
