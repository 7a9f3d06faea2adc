"""The elementwise functions of a block, with gradients written out to keep them few and fast."""

from __future__ import annotations

from typing import Any

from keras import ops


def _upstream(arguments: tuple[Any, ...], upstream: Any) -> Any:
    """The incoming gradient: TensorFlow passes it by place, JAX by name."""
    return arguments[0] if upstream is None else upstream


def unit_variance(tokens: Any, epsilon: float) -> Any:
    """Shift and scale each token (..., D) to mean 0 and variance 1: layer norm without weights.

    Source: Ba et al. 2016, https://arxiv.org/abs/1607.06450
    """

    @ops.custom_gradient
    def normalised(values: Any) -> Any:
        centred = values - ops.mean(values, axis=-1, keepdims=True)
        scale = ops.rsqrt(ops.mean(ops.square(centred), axis=-1, keepdims=True) + epsilon)
        result = centred * scale

        def gradient(*arguments: Any, upstream: Any = None) -> Any:
            change = _upstream(arguments, upstream)
            mean = ops.mean(change, axis=-1, keepdims=True)
            along = ops.mean(change * result, axis=-1, keepdims=True)
            return scale * (change - mean - result * along)

        return result, gradient

    return normalised(tokens)


def dense(tokens: Any, kernel: Any, bias: Any) -> Any:
    """tokens (N, D) by kernel (D, M), plus bias (M,)."""

    @ops.custom_gradient
    def product(x: Any, weight: Any, offset: Any) -> Any:
        def gradient(*arguments: Any, upstream: Any = None) -> Any:
            change = _upstream(arguments, upstream)  # (N, M)
            # As a product too: TensorFlow sums columns on one core at a third of the speed.
            total = ops.matmul(ops.ones((1, ops.shape(change)[0]), change.dtype), change)
            of_x = ops.matmul(change, ops.transpose(weight))
            return of_x, ops.matmul(ops.transpose(x), change), total[0]

        return ops.add(ops.matmul(x, weight), offset), gradient

    # Cast is what reads a variable: TensorFlow would want the gradient of a bare one apart.
    return product(tokens, *(ops.cast(weight, tokens.dtype) for weight in (kernel, bias)))


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
