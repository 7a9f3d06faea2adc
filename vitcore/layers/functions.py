"""The elementwise functions of a block, with gradients written out to keep them few and fast."""

from __future__ import annotations

from typing import Any

from keras import ops

from vitcore import backend


def _upstream(arguments: tuple[Any, ...], upstream: Any) -> Any:
    """The incoming gradient: TensorFlow passes it by place, JAX by name."""
    return arguments[0] if upstream is None else upstream


def unit_variance(tokens: Any, epsilon: float) -> Any:
    """Shift and scale each token (..., D) to mean 0 and variance 1: layer norm without weights.

    Source: Ba et al. 2016, https://arxiv.org/abs/1607.06450
    """

    @ops.custom_gradient
    def normalised(values: Any) -> Any:
        unit, inverse = _normalised(values, epsilon)

        def gradient(*arguments: Any, upstream: Any = None) -> Any:
            return _normalised_slope(_upstream(arguments, upstream), unit, inverse)

        return unit, gradient

    return normalised(tokens)


def layer_norm(tokens: Any, scale: Any, offset: Any, epsilon: float) -> Any:
    """`unit_variance` of tokens (..., D), times scale (D,), plus offset (D,)."""

    @ops.custom_gradient
    def scaled(values: Any, gain: Any, shift: Any) -> Any:
        unit, inverse = _normalised(values, epsilon)

        def gradient(*arguments: Any, upstream: Any = None) -> Any:
            change = _upstream(arguments, upstream)
            of_values = _normalised_slope(change * gain, unit, inverse)
            return of_values, _column_sums(change * unit), _column_sums(change)

        return unit * gain + shift, gradient

    return scaled(tokens, *_as(tokens, scale, offset))


def _normalised(values: Any, epsilon: float) -> tuple[Any, Any]:
    """Each row with mean 0 and variance 1, and what it was multiplied by."""
    centred = values - ops.mean(values, axis=-1, keepdims=True)
    inverse = ops.rsqrt(ops.mean(ops.square(centred), axis=-1, keepdims=True) + epsilon)
    return centred * inverse, inverse


def _normalised_slope(change: Any, unit: Any, inverse: Any) -> Any:
    mean = ops.mean(change, axis=-1, keepdims=True)
    along = ops.mean(change * unit, axis=-1, keepdims=True)
    return inverse * (change - mean - unit * along)


def _column_sums(values: Any) -> Any:
    """Of (..., D), as a product: TensorFlow sums columns on one core at a third of the speed."""
    rows = ops.reshape(values, (-1, values.shape[-1]))
    if backend.check() == "jax":  # sums while it makes what is summed
        return ops.sum(rows, axis=0)
    return ops.matmul(ops.ones((1, ops.shape(rows)[0]), rows.dtype), rows)[0]


def _as(tokens: Any, *weights: Any) -> list[Any]:
    # A cast reads a variable: TensorFlow would want the gradient of a bare one apart.
    return [ops.cast(weight, tokens.dtype) for weight in weights]


def dense(tokens: Any, kernel: Any, bias: Any) -> Any:
    """tokens (N, D) by kernel (D, M), plus bias (M,)."""

    @ops.custom_gradient
    def product(x: Any, weight: Any, offset: Any) -> Any:
        def gradient(*arguments: Any, upstream: Any = None) -> Any:
            change = _upstream(arguments, upstream)  # (N, M)
            of_x = ops.matmul(change, _turned(weight))
            return of_x, ops.matmul(ops.transpose(x), change), _column_sums(change)

        return ops.add(ops.matmul(x, weight), offset), gradient

    return product(tokens, *_as(tokens, kernel, bias))


def _turned(matrix: Any) -> Any:
    """Its transpose, laid out anew."""
    # TensorFlow leaves a bare one to the product, an eighth slower; it does not see through this.
    rows, columns = matrix.shape
    return ops.reshape(ops.transpose(matrix[None], (0, 2, 1)), (columns, rows))


def gelu_tanh(values: Any) -> Any:
    """GELU by its tanh approximation, written as x * sigmoid(2u), which is the same number.

    Source: Hendrycks & Gimpel 2016, section 2, https://arxiv.org/abs/1606.08415
    """

    @ops.custom_gradient
    def activated(x: Any) -> Any:
        # 2 * sqrt(2 / pi) * (x + 0.044715 x³); its derivative below has 3 times the cubic part.
        gate = ops.sigmoid(x * (1.5957691216057308 + 0.07135481627260025 * ops.square(x)))

        def gradient(*arguments: Any, upstream: Any = None) -> Any:
            change = _upstream(arguments, upstream)
            slope = 1.5957691216057308 + 0.21406444881780074 * ops.square(x)
            return change * gate * (1 + (1 - gate) * x * slope)

        return x * gate, gradient

    return activated(values)


def softmax(scores: Any) -> Any:
    """Softmax over the last axis; of one score it is 1, about which Keras would warn."""
    return ops.ones_like(scores) if scores.shape[-1] == 1 else ops.softmax(scores, axis=-1)


def gelu_exact(values: Any) -> Any:
    """GELU by the error function, x * Φ(x)."""
    return ops.gelu(values, approximate=False)


GELU = {"tanh": gelu_tanh, "exact": gelu_exact}
