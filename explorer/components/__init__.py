"""Everything on a page that is drawn by our own JavaScript, each behind one typed function."""

from explorer.components.declared import declare
from explorer.components.packing import pack, rows_as_codes, signed_as_codes
from explorer.components.reading_help import how_to_read, source_of
from explorer.components.ribbon import STAGES, fingerprint, hero, strip
from explorer.components.states import figure_state
from explorer.components.thumbnails import picked, thumbs

__all__ = [
    "STAGES",
    "declare",
    "figure_state",
    "fingerprint",
    "hero",
    "how_to_read",
    "pack",
    "picked",
    "rows_as_codes",
    "signed_as_codes",
    "source_of",
    "strip",
    "thumbs",
]
