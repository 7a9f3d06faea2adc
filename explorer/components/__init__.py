"""Everything on a page that is drawn by our own JavaScript, each behind one typed function."""

from explorer.components.attention_lens import (
    lens,
    pinned_patch,
    sent_changes,
    sent_seed,
    sent_view,
)
from explorer.components.cut_sizes import chosen_size, cut_sizes
from explorer.components.declared import declare
from explorer.components.packing import pack, rows_as_codes, signed_as_codes
from explorer.components.reading_help import how_to_read, source_of
from explorer.components.ribbon import STAGES, fingerprint, hero, strip
from explorer.components.states import figure_state
from explorer.components.thumbnails import picked, thumbs

__all__ = [
    "STAGES",
    "chosen_size",
    "cut_sizes",
    "declare",
    "figure_state",
    "fingerprint",
    "hero",
    "how_to_read",
    "lens",
    "pack",
    "picked",
    "pinned_patch",
    "rows_as_codes",
    "sent_changes",
    "sent_seed",
    "sent_view",
    "signed_as_codes",
    "source_of",
    "strip",
    "thumbs",
]
