"""How alike the tokens of patches are, in one line."""

import numpy as np

from explorer.text.formatting import signed


def token_finding(similarity: np.ndarray) -> str:
    """Mean cosine of two different patches at the embedding and after the last block.

    Args:
        similarity: (L+1, N, N) cosines, N at least 2.
    """
    count = similarity.shape[1]
    pairs = count * (count - 1)
    first, last = (
        (float(one.sum(dtype=np.float64)) - float(np.trace(one))) / pairs
        for one in (similarity[0], similarity[-1])
    )
    return (
        f"Mean cosine between patches: {signed(first)} at the embedding, "
        f"{signed(last)} after block {len(similarity) - 1}"
    )
