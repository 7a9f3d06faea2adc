"""The patch embedding as images (its filters and their principal components) and as numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitcore.patches import normalize


def _check(kernel: np.ndarray) -> None:
    if kernel.ndim != 4 or kernel.shape[0] != kernel.shape[1]:
        raise ValueError(f"kernel must have shape (P, P, C, D), got {kernel.shape}")


def _scaled(images: np.ndarray) -> np.ndarray:
    """Each image stretched by itself to [0, 1]; a flat one becomes middle grey."""
    flat = images.reshape(len(images), -1)
    low = flat.min(axis=1, keepdims=True)
    span = flat.max(axis=1, keepdims=True) - low
    grey = np.full_like(flat, 0.5)
    return np.divide(flat - low, span, out=grey, where=span > 0).reshape(images.shape)


def embedding_filters(kernel: np.ndarray) -> np.ndarray:
    """The filters of a patch embedding as images: what patch makes each number large.

    Args:
        kernel: (P, P, 3, D), at the patch size to show.

    Returns:
        (D, P, P, 3) float32, each image scaled by itself to [0, 1].

    Raises:
        ValueError: if the kernel is not square with four axes.

    Source: Dosovitskiy et al. 2021, figure 7, left, https://arxiv.org/abs/2010.11929
    """
    _check(kernel)
    return _scaled(np.moveaxis(np.asarray(kernel, np.float32), -1, 0))


@dataclass(frozen=True, slots=True)
class PrincipalComponents:
    """The directions along which the filters differ most, strongest first."""

    images: np.ndarray  # (K, P, P, 3) float32 in [0, 1]; K = min(D, P * P * 3)
    explained: np.ndarray  # (K,) float32, share of the filters' variance; sums to 1, or is all 0


def principal_components(kernel: np.ndarray) -> PrincipalComponents:
    """Principal components of the filters, centred over the D filters.

    A component's sign is arbitrary; here its largest number is positive, so that the same kernel
    always gives the same image.

    Args:
        kernel: (P, P, 3, D), at the patch size to show.

    Raises:
        ValueError: if the kernel is not square with four axes.

    Source: Dosovitskiy et al. 2021, figure 7, left, https://arxiv.org/abs/2010.11929
    """
    directions, explained = _components(kernel)
    size, _, channels, _ = kernel.shape
    images = directions.reshape(-1, size, size, channels)
    return PrincipalComponents(_scaled(images.astype(np.float32)), explained)


def _components(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Directions (K, P * P * 3) float64, strongest first, and their shares (K,) float32."""
    _check(kernel)
    width = kernel.shape[-1]
    filters = np.asarray(kernel, np.float64).reshape(-1, width).T  # (D, P*P*C)
    _, strengths, directions = np.linalg.svd(filters - filters.mean(axis=0), full_matrices=False)
    largest = np.abs(directions).argmax(axis=1)
    directions = directions * np.sign(directions[np.arange(len(directions)), largest])[:, None]
    variance = strengths**2
    total = variance.sum()
    explained = variance / total if total > 0 else np.zeros_like(variance)
    return directions, explained.astype(np.float32)


def embed_patches(
    patches: np.ndarray, kernel: np.ndarray, bias: np.ndarray, *, pixel_range: str = "signed"
) -> np.ndarray:
    """Embed patches as the model does: flatten, multiply by the kernel, add the bias.

    Args:
        patches: (gh, gw, P, P, 3) uint8.
        kernel: (P, P, 3, D), already at this patch size.
        bias: (D,).
        pixel_range: "signed" scales pixels to [-1, 1], "unit" to [0, 1].

    Returns:
        (gh, gw, D) float32: the tokens before positions are added.

    Raises:
        ValueError: where the patches do not fit the kernel, or for an unknown pixel range.

    Source: Dosovitskiy et al. 2021, equation 1, https://arxiv.org/abs/2010.11929
    """
    _check(kernel)
    if patches.ndim != 5 or patches.shape[2:] != kernel.shape[:3]:
        raise ValueError(
            f"patches must have shape (gh, gw, *{kernel.shape[:3]}), got {patches.shape}"
        )
    pixels = normalize(patches, pixel_range)
    rows, columns = patches.shape[:2]
    flat = pixels.reshape(rows * columns, -1) @ kernel.reshape(-1, kernel.shape[-1]) + bias
    return flat.astype(np.float32).reshape(rows, columns, -1)


@dataclass(frozen=True, slots=True)
class FollowedComponents:
    """The strongest principal components of a kernel, placed where they were a moment before."""

    size: int  # P
    directions: np.ndarray  # (K, P * P * 3) float64, of length 1
    explained: np.ndarray  # (K,) float32, share of the filters' variance of each

    @property
    def images(self) -> np.ndarray:
        """(K, P, P, 3) float32 in [0, 1]; middle grey is zero, so that a sign can be seen."""
        largest = np.abs(self.directions).max(axis=1, keepdims=True)
        grey = np.zeros_like(self.directions)
        spread = np.divide(self.directions, largest, out=grey, where=largest > 0)
        return (0.5 + spread / 2).astype(np.float32).reshape(-1, self.size, self.size, 3)


def follow_components(
    kernel: np.ndarray, before: FollowedComponents | None = None, *, most: int = 28
) -> FollowedComponents:
    """The strongest components of a kernel that learns, each in the place of its predecessor.

    Training exchanges components that are about as strong, and the sign of each is arbitrary: in
    plain order they flicker. So the pair of an earlier and a present component with the largest
    cosine is matched first, then the next of what is left; signs make cosines positive.

    Args:
        kernel: (P, P, 3, D), at the patch size to show.
        before: what this gave for the kernel a moment before; None at the beginning, where the
            strongest come first and the largest number of each is positive.
        most: how many to show, K at most.

    Raises:
        ValueError: if the kernel is not square with four axes.

    Source: Dosovitskiy et al. 2021, figure 7, left, https://arxiv.org/abs/2010.11929
    """
    _check(kernel)
    directions, explained = _strongest(kernel, most)
    size = kernel.shape[0]
    if before is not None and before.directions.shape == directions.shape:
        cosines = before.directions @ directions.T
        order = _matched(np.abs(cosines))
        directions, explained = directions[order], explained[order]
        signs = np.where((before.directions * directions).sum(axis=1) < 0, -1.0, 1.0)
        directions = directions * signs[:, None]
    return FollowedComponents(size, directions, explained)


def _strongest(kernel: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """The first of `_components`, from the smaller matrix of products: a fraction of its time.

    What it loses in precision concerns components that are a hundred-millionth as strong.
    """
    filters = np.asarray(kernel, np.float64).reshape(-1, kernel.shape[-1]).T  # (D, P*P*C)
    centred = filters - filters.mean(axis=0)
    wide = centred.shape[1] > centred.shape[0]
    squares, found = np.linalg.eigh(centred @ centred.T if wide else centred.T @ centred)
    squares, found = np.maximum(squares[::-1], 0.0), found[:, ::-1]
    total = squares.sum()
    directions = (found.T @ centred if wide else found.T)[:most]
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    nothing = np.zeros_like(directions)
    directions = np.divide(directions, lengths, out=nothing, where=lengths > 1e-8 * total**0.5)
    largest = np.abs(directions).argmax(axis=1)
    signs = np.where(directions[np.arange(len(directions)), largest] < 0, -1.0, 1.0)
    explained = squares[:most] / total if total > 0 else np.zeros(len(directions))
    return directions * signs[:, None], explained.astype(np.float32)


def _matched(likeness: np.ndarray) -> np.ndarray:
    """For each row a column of its own, the likest pairs first: (K,) columns of (K, K)."""
    left = likeness.copy()
    columns = np.empty(len(left), np.intp)
    for _ in range(len(left)):
        row, column = np.unravel_index(left.argmax(), left.shape)
        columns[row] = column
        left[row, :] = left[:, column] = -1.0
    return columns
