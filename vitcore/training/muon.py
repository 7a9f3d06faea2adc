"""Keras' Muon with fewer multiplications in each step: the same updates in two thirds the time."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


class Muon(keras.optimizers.Muon):
    """Muon whose Newton-Schulz steps run on products of rows, which are small and square.

    Each step multiplies x (n, m) from the left by a polynomial in x xᵀ, so all of them together
    are one (n, n) matrix, made without x: where m is 4 n, 25 products of (n, n) instead of 45.
    """

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        """Bring x near the orthogonal matrix nearest to it.

        Args:
            x: (n, m).
            steps: of the iteration; each costs products of (n, n), n the shorter side.

        Returns:
            (n, m), what Keras' own gives: singular values near 1, but for tiny ones of x.

        Source: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/
        """
        rows, columns = x.shape
        if rows == columns or not steps:
            return super().zeropower_via_newtonschulz5(x, steps)
        if rows > columns:
            return ops.transpose(self.zeropower_via_newtonschulz5(ops.transpose(x), steps))

        x = x / (ops.norm(x) + 1e-7)  # no singular value above 1
        products = ops.matmul(x, ops.transpose(x))
        straight = self.muon_a * ops.eye(rows, dtype=x.dtype)
        whole = None
        for step in range(steps):
            square = ops.matmul(products, products)
            factor = straight + self.muon_b * products + self.muon_c * square
            whole = factor if whole is None else ops.matmul(factor, whole)
            if step < steps - 1:
                products = ops.matmul(factor, ops.matmul(products, factor))
        return ops.matmul(whole, x)
