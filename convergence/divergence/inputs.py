"""What the public functions accept, checked once at the boundary. Values of tensors are never read back."""

from __future__ import annotations

import math
from numbers import Real
from typing import TypeGuard

import torch
from torch import Tensor

from convergence.divergence.stable import INFINITY, LOWEST

Orders = tuple[tuple[float, ...], ...]
"""`alpha[k][j]` is the order of `D(p_j‖p_k)`; the diagonal is not used."""

CPU = torch.device("cpu")
LOWEST_HALF = -6e4
"""A float16 logit below it is a mask, as `finfo.min` is, with a score added to it or not."""
HOTTEST = 1e9
"""Largest temperature: its square is a factor of losses, and its inverse of gradients, in float32."""


def is_number(value: object) -> TypeGuard[float]:
    """Whether it is a real number, of NumPy too, and no truth value."""
    # The first is much faster than the second, and this is asked at every step of a training.
    return type(value) in (float, int) or (isinstance(value, Real) and not isinstance(value, bool))


def check_precision(precision: str) -> None:
    """Raises ValueError unless precision is one of the two names."""
    if precision not in ("accurate", "fast"):
        raise ValueError(f"precision={precision!r} is not one of 'accurate', 'fast'")


def check_logits(name: str, logits: Tensor) -> None:
    """Raises TypeError or ValueError unless it is a floating tensor with at least one class."""
    if not isinstance(logits, Tensor):
        raise TypeError(f"{name} must be a tensor of logits, got {type(logits).__name__}")
    if not logits.is_floating_point():
        raise TypeError(f"{name} has dtype {logits.dtype}; logits must be floating point")
    if logits.ndim == 0 or logits.shape[-1] == 0:
        raise ValueError(f"{name} has shape {tuple(logits.shape)}; the last axis holds C >= 1 classes")


def order_of(alpha: float | Tensor, device: torch.device, shape: tuple[int, ...] = ()) -> Tensor:
    """Alpha as a float64 tensor, a number in the given shape.

    A number must lie in [0, inf]; entries of a tensor outside it give NaN rows.
    """
    if isinstance(alpha, Tensor):
        if alpha.is_complex() or alpha.dtype == torch.bool:
            raise TypeError(f"alpha has dtype {alpha.dtype}; the order is a real number")
        if alpha.ndim > 0 and alpha.device != device:
            raise ValueError(f"alpha is on {alpha.device} and the logits on {device}; the devices must agree")
        return alpha.to(device, torch.float64)
    if not is_number(alpha):
        raise TypeError(
            f"alpha must be a number or a tensor, got {type(alpha).__name__} (a cohort takes a tuple of tuples as well)"
        )
    if not alpha >= 0:  # false for NaN
        raise ValueError(f"alpha={alpha} is outside [0, inf]")
    return torch.full(shape, float(alpha), dtype=torch.float64, device=device)


def pair_inputs(target: Tensor, own: Tensor, alpha: float | Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Target and own broadcast to `(..., C)`, at least float32; alpha to `(..., 1)` in float64."""
    check_logits("target", target)
    check_logits("own", own)
    if target.dtype != own.dtype:
        raise TypeError(f"target is {target.dtype} and own is {own.dtype}; the dtypes must agree")
    if target.device != own.device:
        raise ValueError(f"target is on {target.device} and own on {own.device}; the devices must agree")
    if target.shape[-1] != own.shape[-1]:
        raise ValueError(f"target has {target.shape[-1]} classes, own {own.shape[-1]}; they must agree")
    order = order_of(alpha, own.device)
    try:
        batch = torch.broadcast_shapes(target.shape[:-1], own.shape[:-1], order.shape)
    except RuntimeError:
        raise ValueError(
            f"batch axes do not broadcast: target {tuple(target.shape[:-1])}, own {tuple(own.shape[:-1])}, "
            f"alpha {tuple(order.shape)}"
        ) from None
    target, own = (widened(logits).expand(*batch, logits.shape[-1]) for logits in (target, own))
    return target, own, order.expand(batch).unsqueeze(-1)


def widened(logits: Tensor) -> Tensor:
    """At least float32, −∞ for what is a mask in float16 alone."""
    if logits.dtype != torch.float16:
        return logits.to(torch.promote_types(logits.dtype, torch.float32))
    return logits.float().masked_fill(logits < LOWEST_HALF, -INFINITY)


def check_mutual(beta: float, temperature: float, precision: str) -> None:
    """Raises TypeError or ValueError for what no mutual loss can have."""
    check_precision(precision)
    for name, value in (("beta", beta), ("temperature", temperature)):
        if not is_number(value):
            raise TypeError(f"{name} must be a number, got {type(value).__name__}")
    if not 0 <= beta < math.inf:
        raise ValueError(f"beta={beta} is outside [0, inf)")
    if not 0 < temperature <= HOTTEST:
        raise ValueError(f"temperature={temperature} is outside (0, {HOTTEST:g}]")


def check_cohort(
    logits: Tensor, beta: float, weights: Tensor | None, temperature: float, precision: str
) -> None:
    """Raises TypeError or ValueError for what no cohort can have."""
    check_mutual(beta, temperature, precision)
    check_logits("logits", logits)
    if logits.ndim != 3 or logits.shape[0] < 2:
        raise ValueError(
            f"logits has shape {tuple(logits.shape)}; a cohort is (K, B, C) with K >= 2 learners"
        )
    learners = logits.shape[0]
    check_weights(weights, learners)
    if weights is not None and weights.device != logits.device:
        raise ValueError(f"weights is on {weights.device}, logits on {logits.device}; the devices must agree")


def check_weights(weights: Tensor | None, learners: int | None = None) -> None:
    """Raises TypeError or ValueError unless it is None or a square matrix, of so many learners where that is known."""
    if weights is None:
        return
    if not isinstance(weights, Tensor):
        raise TypeError(f"weights must be a tensor (K, K), got {type(weights).__name__}")
    if learners is None and (weights.ndim != 2 or weights.shape[0] < 2):
        raise ValueError(f"weights has shape {tuple(weights.shape)}; it must be (K, K) with K >= 2 learners")
    learners = learners or len(weights)
    if weights.shape != (learners, learners):
        raise ValueError(f"weights has shape {tuple(weights.shape)}; it must be ({learners}, {learners})")


def orders_of(alpha: Orders, learners: int) -> list[list[float]]:
    """The orders of all ordered pairs, 0 on the diagonal, which is not looked at."""
    for row in alpha:
        if not isinstance(row, tuple):
            raise TypeError(f"alpha must hold a tuple of orders for every learner, got {type(row).__name__}")
    if [len(row) for row in alpha] != [learners] * learners:
        raise ValueError(
            f"alpha has rows of {[len(row) for row in alpha]} orders; {learners} of {learners} are needed"
        )
    return [
        [0.0 if j == k else float(order_of(order, CPU)) for j, order in enumerate(row)]
        for k, row in enumerate(alpha)
    ]


def cohort_orders(alpha: float | Tensor | Orders, logits: Tensor) -> Tensor:
    """Alpha in float64, `(B,)`, or of every ordered pair, `(K, K, B)`, without a copy."""
    learners, batch, _ = logits.shape
    if isinstance(alpha, tuple):
        matrix = torch.tensor(orders_of(alpha, learners), dtype=torch.float64, device=logits.device)
        return matrix.unsqueeze(-1).expand(learners, learners, batch)
    order = order_of(alpha, logits.device, (batch,))
    if order.ndim > 1 or order.numel() not in (1, batch):
        raise ValueError(f"alpha has shape {tuple(order.shape)}; it must broadcast to the batch ({batch},)")
    return order.expand(batch)


def cohort_weights(weights: Tensor | None, beta: float, logits: Tensor) -> Tensor:
    """`β·weights` `(K, K)`, at least float32; `β/(K−1)` if there are none."""
    learners, dtype = len(logits), torch.promote_types(logits.dtype, torch.float32)
    if weights is None:
        share = beta / (learners - 1)
        return torch.full((learners, learners), share, dtype=dtype, device=logits.device)
    return beta * weights.detach().to(dtype)


def scaled_logits(logits: Tensor, temperature: float, precision: str) -> Tensor:
    """`logits/temperature`, at least float32, and float64 where the rounding of the quotient to less would show."""
    wide = widened(logits)
    if temperature == 1:
        return wide
    wide = wide.masked_fill(wide < LOWEST, -INFINITY)  # as the quotient may be above it
    return (wide if precision == "fast" else wide.double()) / temperature
