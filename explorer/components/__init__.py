"""Everything on a page that is drawn by our own JavaScript, each behind one typed function.

All of them are named here; what packs the data of one stands in its own module.
"""

from explorer.components.attention_lens.component import (
    lens,
    sent_changes,
    sent_seed,
    sent_view,
)
from explorer.components.attribution_tiles.component import map_tiles
from explorer.components.cost.component import cost
from explorer.components.curves.component import curves
from explorer.components.declared import declare
from explorer.components.filters.component import filters
from explorer.components.gallery.component import chosen_number, gallery
from explorer.components.headings import (
    figure_heading,
    finding_line,
    notices,
    page_heading,
    page_title,
)
from explorer.components.packing import pack, rows_as_codes, signed_as_codes
from explorer.components.patch_predictions.component import answers_by_patch
from explorer.components.patch_size_tiles.component import chosen_size, cut_sizes
from explorer.components.patches.component import patches
from explorer.components.pin.component import pin_messenger, sent_pin
from explorer.components.pipeline.component import STAGES, fingerprint, hero, strip
from explorer.components.placeholder import figure_state, placeholder
from explorer.components.positions.component import positions
from explorer.components.reading_help import how_to_read, source_of
from explorer.components.thumbnails.component import picked, thumbs
from explorer.components.timeline.component import replay
from explorer.components.token_maps.component import token_maps
from explorer.components.upload_crop import upload_crop
from explorer.components.view_links.component import leave_presenting, view_links

__all__ = [
    "STAGES",
    "answers_by_patch",
    "chosen_number",
    "chosen_size",
    "cost",
    "curves",
    "cut_sizes",
    "declare",
    "figure_heading",
    "figure_state",
    "filters",
    "finding_line",
    "fingerprint",
    "gallery",
    "hero",
    "how_to_read",
    "leave_presenting",
    "lens",
    "map_tiles",
    "notices",
    "pack",
    "page_heading",
    "page_title",
    "patches",
    "picked",
    "pin_messenger",
    "placeholder",
    "positions",
    "replay",
    "rows_as_codes",
    "sent_changes",
    "sent_pin",
    "sent_seed",
    "sent_view",
    "signed_as_codes",
    "source_of",
    "strip",
    "thumbs",
    "token_maps",
    "upload_crop",
    "view_links",
]
