"""The divergence as a node of the autograd graph: first derivatives with the value, second ones on demand."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd import Function

from convergence.divergence.backend import on_rows, rows
from convergence.divergence.hessian import hessian
from convergence.divergence.stable import Pair

Precision = Literal["accurate", "fast"]
Derivatives = Literal["none", "own", "all"]


class Renyi(Function):
    """`(target, own, alpha) → (D, ∂D/∂target, ∂D/∂own, ∂D/∂alpha)`, alpha and D of shape `(..., 1)`.

    The derivatives are outputs, so that differentiating one comes back to this node and asks for the Hessian.
    Those that were not foreseen by `derivatives` are None, and computed if backward asks for them.
    """

    @staticmethod
    def forward(
        target: Tensor, own: Tensor, alpha: Tensor, derivatives: Derivatives, precision: Precision
    ) -> tuple[Tensor | None, ...]:
        """The value, and the derivatives asked for."""
        if derivatives != "all" and on_rows(own):
            divergence, gradient = rows(target, own, alpha, derivatives == "own")
            return divergence, None, gradient if derivatives == "own" else None, None
        pair = pair_of(target, own, alpha, precision)
        by_own = pair.gradient_own if derivatives != "none" else None
        by_target, by_order = (
            (pair.gradient_target, pair.order_derivative) if derivatives == "all" else (None, None)
        )
        values = (pair.divergence, by_target, by_own, by_order)
        return tuple(None if value is None else value.to(own.dtype) for value in values)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor | None, ...]) -> None:
        """Keeps inputs and first derivatives."""
        ctx.precision = inputs[4]
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*inputs[:3], *output[1:])
        ctx.save_for_forward(*inputs[:3])
        ctx.present = [value is not None for value in output]

    @staticmethod
    def backward(ctx: Any, by_divergence: Tensor | None, *by_first: Tensor | None) -> tuple[Any, ...]:
        """Gradient along D, and Hessian product along its derivatives."""
        target, own, alpha, *first = ctx.saved_tensors
        needed = ctx.needs_input_grad[:3]
        result: list[Tensor | None] = [None, None, None]
        if by_divergence is not None:
            if any(need and value is None for need, value in zip(needed, first, strict=True)):
                first = renyi(target, own, alpha, "all", ctx.precision)[1:]
            result = [
                by_divergence * value if need else None for need, value in zip(needed, first, strict=True)
            ]
        # torch.compile hands over zeros for None, and offers no second derivatives.
        if any(value is not None for value in by_first) and not torch.compiler.is_compiling():
            vector = _or_zeros(by_first, (target, own, alpha))
            second = Hessian.apply(target, own, alpha, *vector, ctx.precision)
            result = [new if old is None else old + new for old, new in zip(result, second, strict=True)]
        return *result, None, None

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *arguments: Any) -> tuple[Any, Any]:
        """Maps over one more batch axis."""
        return _batched(RenyiWithForwardMode, info, in_dims, arguments)


class RenyiWithForwardMode(Renyi):
    """The same node for use outside torch.compile, which takes no function with a forward mode."""

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> tuple[Tensor | None, ...]:
        """The same forwards."""
        target, own, alpha = ctx.saved_tensors[:3]
        directions = _or_zeros(tangents[:3], (target, own, alpha))
        _, *first = renyi(target, own, alpha, "all", ctx.precision)
        along = sum((a * b).sum(-1, keepdim=True) for a, b in zip(first, directions, strict=True))
        changes = (along, *Hessian.apply(target, own, alpha, *directions, ctx.precision))
        return tuple(
            change.to(own.dtype) if present else None
            for change, present in zip(changes, ctx.present, strict=True)
        )


class Hessian(Function):
    """Second derivative of D in (target, own, alpha) times a vector of three parts."""

    @staticmethod
    def forward(target: Tensor, own: Tensor, alpha: Tensor, *vector_and_precision: Any) -> tuple[Tensor, ...]:
        """The product, in three parts."""
        *vector, precision = vector_and_precision
        pair = pair_of(target, own, alpha, precision)
        products = hessian(pair, *(part.to(pair.p.dtype) for part in vector))
        return tuple(p.to(x.dtype) for p, x in zip(products, (target, own, alpha), strict=True))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Keeps nothing: there is no third derivative."""

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, ...]:
        """Refuses."""
        raise RuntimeError("the Rényi divergence has first and second derivatives; a third was asked for")

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, ...], *arguments: Any) -> tuple[Any, Any]:
        """Maps over one more batch axis."""
        return _batched(Hessian, info, in_dims, arguments)


def renyi(
    target: Tensor, own: Tensor, alpha: Tensor, derivatives: Derivatives, precision: Precision
) -> tuple[Any, ...]:
    """`Renyi` or its like with a forward mode."""
    node = Renyi if torch.compiler.is_compiling() else RenyiWithForwardMode
    return node.apply(target, own, alpha, derivatives, precision)


def pair_of(target: Tensor, own: Tensor, alpha: Tensor, precision: Precision) -> Pair:
    """Float64 arithmetic inside, or with precision="fast" that of float32 logits."""
    dtype = own.dtype if precision == "fast" else torch.float64
    return Pair(target.to(dtype), own.to(dtype), alpha)


def _or_zeros(vector: tuple[Tensor | None, ...], inputs: tuple[Tensor, ...]) -> list[Tensor]:
    return [torch.zeros_like(x) if part is None else part for part, x in zip(vector, inputs, strict=True)]


def _batched(
    function: type[Function], info: Any, in_dims: tuple[int | None, ...], arguments: tuple[Any, ...]
) -> tuple[Any, Any]:
    # All tensors have the same rank and the functions work on any batch axes: one more is put in front.
    moved = [
        x
        if not isinstance(x, Tensor)
        else x.expand(info.batch_size, *x.shape)
        if dim is None
        else x.movedim(dim, 0)
        for x, dim in zip(arguments, in_dims, strict=True)
    ]
    result = function.apply(*moved)
    return result, tuple(None if value is None else 0 for value in result)
