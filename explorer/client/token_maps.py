"""How alike the tokens of an image's patches are after each block."""

from __future__ import annotations

from explorer import client
from explorer.client.results import Problem, Waiting
from explorer.client.tasks import token_tasks
from explorer.client.tasks.token_tasks import TokenMaps
from explorer.state import Picture


def token_maps(model: str, picture: Picture, patch_size: int) -> TokenMaps | Waiting | Problem:
    """Cosine similarity and principal components of the patches' tokens, per block."""
    return client.ask(
        token_tasks.token_maps,
        model,
        (picture.pixels, patch_size),
        key=(picture.key, patch_size),
        patch_size=patch_size,
        what="Comparing tokens…",
    )
