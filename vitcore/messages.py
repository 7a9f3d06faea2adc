"""Sentences for people about what went wrong, made from what the system says."""

import errno
from pathlib import Path

_IN_THE_WAY = (errno.EEXIST, errno.ENOTDIR)


def as_sentence(text: str) -> str:
    """`text` with a capital at its start and one full stop; a file's name stays as it is."""
    text = text.strip().rstrip(".")
    if text.endswith("。"):
        return text
    first = text.split(maxsplit=1)[:1]
    if first and "." not in first[0]:
        text = text[0].upper() + text[1:]
    return f"{text}."


def os_error_reason(error: OSError) -> str:
    """What the system says of a file, without its number: "permission denied"."""
    if error.errno in _IN_THE_WAY:
        return "a file is in the way"
    text = error.strerror or str(error) or "could not be opened"
    return text[0].lower() + text[1:]


def unusable_folder(folder: str | Path, error: OSError, *, instead: str) -> str:
    """Why nothing can be written into `folder`, and what to set `instead`."""
    return f"folder {folder} cannot be used: {os_error_reason(error)}. Set {instead} to another one"
