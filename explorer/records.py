"""What the client gives as the value of a result; NumPy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitcore.interpret.head_ablation import HeadEffects
from vitcore.interpret.norm_axes import NormAxes

NORM_BATCH = 6  # images on which the normalizations are compared
MAPS = ("raw", "rollout", "relevance", "occlusion")  # in this order wherever they stand in rows


@dataclass(frozen=True, slots=True)
class ModelOutput:
    """One forward pass over one image, with all activations.

    Letters as in `vitcore.config.ViTConfig`; T = prefix + gh * gw.
    """

    patch_size: int
    grid: tuple[int, int]  # (gh, gw)
    num_prefix_tokens: int  # tokens before the patches
    image: np.ndarray  # (gh*P, gw*P, 3) uint8, what the model saw
    tokens: np.ndarray  # (T, D) float32, tokens entering block 0, positions added
    attention: np.ndarray  # (L, H, T, T) float32, rows are queries and sum to 1
    patch_logits: np.ndarray | None  # (N, C) float32, the head on each token; their mean is logits
    logits: np.ndarray  # (C,) float32
    probabilities: np.ndarray  # (C,) float32, sums to 1
    logit_lens: np.ndarray  # (L+1, C) float32, probabilities, stopped before block 0 .. at the end
    patch_logit_lens: np.ndarray  # (L+1, N, C) float32, the same from each patch alone
    token_norms: np.ndarray  # (L+1, T) float32, length of each token
    seconds: float | None  # of a warm compiled pass; None of one in NumPy


@dataclass(frozen=True, slots=True)
class AttentionInputs:
    """The tokens of one image as they enter the attention of each block.

    With the weights of a block everything inside its attention follows from them.
    """

    grid: tuple[int, int]  # (gh, gw)
    num_prefix_tokens: int  # tokens before the patches
    image: np.ndarray  # (gh*P, gw*P, 3) uint8, what the model saw
    tokens: np.ndarray  # (L, T, D) float32, after the first layer norm of each block


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionMaps:
    """Attribution maps of the image by four methods; each (rows, columns) float32."""

    patch_size: int
    class_index: int  # relevance and occlusion are of this class, the others of none
    raw: np.ndarray  # last block, mean over heads: attention of the pooled tokens; sums to 1
    rollout: np.ndarray  # the same through all blocks; sums to 1
    relevance: np.ndarray | None  # 0 or more; None while it is computed
    occlusion: np.ndarray | None  # how far the logit falls; below 0 where it rises

    @property
    def rows(self) -> np.ndarray:
        """(4, rows, columns), in the order of MAPS; of maps that are all there."""
        return np.stack([getattr(self, name) for name in MAPS])


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadRanking:
    """The prediction for one image without each head and without each block."""

    class_index: int  # the class that the effects are of
    effects: HeadEffects
    before: np.ndarray  # (C,) float32, probabilities of the whole model
    heads: np.ndarray  # (L, H, C) float32, without one head
    blocks: np.ndarray  # (L, C) float32, without the heads of one block


@dataclass(frozen=True, slots=True)
class BlockPass:
    """One block of one forward pass, for all tokens, with what comes before and after it.

    Letters as in `vitcore.config.ViTConfig`; all but the image float32. What a LayerNorm, a
    sum or attention inside gives is left out: it is computed again where it is shown.
    """

    block: int  # from 0
    patch_size: int
    grid: tuple[int, int]
    num_prefix_tokens: int
    image: np.ndarray  # (gh*P, gw*P, 3) uint8, what the model saw
    patch_embeddings: np.ndarray  # (N, D) patches after E, without positions
    positions: np.ndarray  # (N, D)
    entering: np.ndarray  # (T, D) the residual stream before the block
    attention_out: np.ndarray  # (T, D)
    mlp_out: np.ndarray  # (T, D)
    last: np.ndarray  # (T, D) the residual stream after the last block
    token_norms: np.ndarray  # (L+1, T) norm of each token before block 0 .. after the last
    logits: np.ndarray  # (C,)
    probabilities: np.ndarray  # (C,)


@dataclass(frozen=True, slots=True)
class NormSample:
    """A batch of tokens before a LayerNorm: what four normalizations make of it, and some of it.

    Attributes:
        axes: means and variances over all its numbers.
        shape: (B, T, D).
        groups: of the group norm.
        tokens: (t,) which tokens are shown.
        features: (n,) which of their D features are shown.
        values: (B, t, n) float32, the shown ones.
        images: (B, H, W, 3) uint8.
    """

    axes: NormAxes
    shape: tuple[int, int, int]
    groups: int
    tokens: np.ndarray
    features: np.ndarray
    values: np.ndarray
    images: np.ndarray


@dataclass(frozen=True, slots=True)
class TokenMaps:
    """The patches' tokens of one image compared, before block 0 and after each of L blocks."""

    grid: tuple[int, int]  # (gh, gw), N = gh * gw
    similarity: np.ndarray  # (L+1, N, N) float32, cosines
    components: np.ndarray  # (L+1, N, 3) float32, scores on the first three components
    explained: np.ndarray  # (L+1, 3) float32, explained variance ratios


@dataclass(frozen=True, slots=True)
class ShuffleResult:
    """Probabilities (C,) of the image and shuffled, with position embeddings and without."""

    original: np.ndarray
    shuffled: np.ndarray
    original_without: np.ndarray
    shuffled_without: np.ndarray

    @property
    def moved(self) -> float:
        """Largest difference between the two predictions with position embeddings."""
        return float(np.abs(self.original - self.shuffled).max())

    @property
    def moved_without(self) -> float:
        """Largest difference between the two predictions without position embeddings."""
        return float(np.abs(self.original_without - self.shuffled_without).max())


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A model's predictions on the first test images, in the order of the dataset."""

    logits: np.ndarray  # (n, C) float32
    wanted: int  # images asked for; n of them are there
    seconds: float  # of the forward passes so far, measured in the worker

    @property
    def done(self) -> int:
        return len(self.logits)
