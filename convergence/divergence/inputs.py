"""What the public functions accept, checked once at the boundary. Values of tensors are never read back."""

from __future__ import annotations

import math

import torch
from torch import Tensor


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
    if isinstance(alpha, bool) or not isinstance(alpha, int | float):
        raise TypeError(f"alpha must be a number or a tensor, got {type(alpha).__name__}")
    if math.isnan(alpha) or alpha < 0:
        raise ValueError(f"alpha={alpha} is outside [0, inf]")
    return torch.full(shape, alpha, dtype=torch.float64, device=device)


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
    dtype = torch.promote_types(own.dtype, torch.float32)
    target, own = (logits.to(dtype).expand(*batch, logits.shape[-1]) for logits in (target, own))
    return target, own, order.expand(batch).unsqueeze(-1)


def cohort_inputs(
    logits: Tensor,
    alpha: float | Tensor,
    beta: float,
    weights: Tensor | None,
    temperature: float,
    precision: str,
) -> tuple[Tensor, Tensor, Tensor]:
    """Logits over temperature `(K, B, C)`, at least float32; alpha `(B,)` in float64; β·weights `(K, K)`."""
    check_precision(precision)
    check_logits("logits", logits)
    if logits.ndim != 3 or logits.shape[0] < 2:
        raise ValueError(
            f"logits has shape {tuple(logits.shape)}; a cohort is (K, B, C) with K >= 2 learners"
        )
    if not 0 <= beta < math.inf:
        raise ValueError(f"beta={beta} is outside [0, inf)")
    if not 0 < temperature < math.inf:
        raise ValueError(f"temperature={temperature} is outside (0, inf)")
    learners, batch, _ = logits.shape
    order = order_of(alpha, logits.device, (batch,))
    if order.ndim > 1 or order.numel() not in (1, batch):
        raise ValueError(f"alpha has shape {tuple(order.shape)}; it must broadcast to the batch ({batch},)")
    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    if temperature != 1:
        logits = logits / temperature
    if weights is None:
        share = beta / (learners - 1)
        weights = torch.full((learners, learners), share, dtype=logits.dtype, device=logits.device)
        return logits, order.expand(batch), weights
    if weights.shape != (learners, learners):
        raise ValueError(f"weights has shape {tuple(weights.shape)}; it must be ({learners}, {learners})")
    if weights.device != logits.device:
        raise ValueError(f"weights is on {weights.device}, logits on {logits.device}; the devices must agree")
    return logits, order.expand(batch), beta * weights.detach().to(logits.dtype)
