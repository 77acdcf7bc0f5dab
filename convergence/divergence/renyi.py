r"""The Rényi divergence between softmax distributions given by logits, differentiable in everything.

`D_α(p‖q) = log Σ_i p_i^α q_i^{1−α} / (α−1)` in nats, p = softmax(target), q = softmax(own). α = 0 is `−log
q(supp p)`, α = 1 is `KL(p‖q)`, α = ∞ is `log max p/q` (Rényi 1961; van Erven & Harremoës 2014).
"""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
from torch import Tensor
from torch.autograd import Function

from convergence.divergence.stable import Pair

Reduction = Literal["none", "sum", "mean", "batchmean"]


class _Renyi(Function):
    @staticmethod
    def forward(target: Tensor, own: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        pair = Pair(target, own, alpha)
        return pair.divergence, pair.gradient_target, pair.gradient_own, pair.order_derivative

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, ...]) -> None:
        ctx.save_for_backward(*output[1:])

    @staticmethod
    def backward(ctx: Any, grad: Tensor, *_: Tensor) -> tuple[Tensor, ...]:
        by_target, by_own, by_order = ctx.saved_tensors
        return grad * by_target, grad * by_own, grad * by_order


def renyi_divergence(
    target: Tensor,
    own: Tensor,
    *,
    alpha: float | Tensor,
    reduction: Reduction = "none",
    detach_target: bool = False,
) -> Tensor:
    r"""`D_α(softmax(target)‖softmax(own))` in nats, with exact gradients to target, own and alpha.

    Args:
        target: logits `(..., C)` of p; −∞ is a mask (probability exactly 0).
        own: logits `(..., C)` of q; batch axes broadcast against those of the target.
        alpha: order in [0, ∞]; a number, or a tensor that broadcasts against the batch axes and may be
        trained.
        reduction: "none" `(...)`; "sum" over all rows; "mean" over all rows; "batchmean": sum over length
        of axis 0.
        detach_target: treat the target as constant.

    Returns:
        The divergence, ≥ 0, +∞ where p is not absolutely continuous with respect to q and α ≥ 1, or the
        supports are disjoint (the own-gradient is then `q − p` by convention, the others 0). A row without
        two distributions is NaN.
    """
    target, own, order = _inputs(target, own, alpha)
    if detach_target:
        target = target.detach()
    result = torch.promote_types(target.dtype, torch.float32)
    divergence = _Renyi.apply(target.double(), own.double(), order)[0].squeeze(-1).to(result)
    if reduction == "none":
        return divergence
    if reduction == "sum":
        return divergence.sum()
    if reduction == "mean":
        return divergence.mean()
    if reduction == "batchmean":
        if divergence.ndim == 0:
            raise ValueError("reduction='batchmean' needs a batch axis; the logits have only the class axis")
        return divergence.sum() / divergence.shape[0]
    raise ValueError(f"reduction={reduction!r} is not one of 'none', 'sum', 'mean', 'batchmean'")


def escort(target: Tensor, own: Tensor, *, alpha: float | Tensor) -> Tensor:
    r"""Probabilities `r_α ∝ p^α q^{1−α}` `(..., C)`, the distribution with `∇_own D_α(p‖q) = q − r_α`.

    r_0 is q on the support of p, r_1 is p, r_∞ is proportional to q where p/q is largest. Arguments as
    `renyi_divergence`; no gradient is recorded. Where D = +∞ it is p by convention.
    """
    return _pair(target, own, alpha).escort


def gradient_own(target: Tensor, own: Tensor, *, alpha: float | Tensor) -> Tensor:
    r"""`∂D_α(p‖q)/∂own = q − r_α` `(..., C)`, without cancellation near p = q. No gradient is recorded."""
    return _pair(target, own, alpha).gradient_own


def gradient_target(target: Tensor, own: Tensor, *, alpha: float | Tensor) -> Tensor:
    r"""`∂D_α(p‖q)/∂target = α/(α−1)·(r_α − p)` `(..., C)`, `p·(log p/q − KL)` at α = 1.

    No gradient is recorded.
    """
    return _pair(target, own, alpha).gradient_target


def order_derivative(target: Tensor, own: Tensor, *, alpha: float | Tensor) -> Tensor:
    r"""`∂D_α(p‖q)/∂α = KL(r_α‖p)/(1−α)²` `(...)`, at α=1 `½Var_p(log p/q)`. No gradient is recorded."""
    return _pair(target, own, alpha).order_derivative.squeeze(-1)


def _pair(target: Tensor, own: Tensor, alpha: float | Tensor) -> Pair:
    with torch.no_grad():
        target, own, order = _inputs(target, own, alpha)
        return Pair(target.double(), own.double(), order)


def _inputs(target: Tensor, own: Tensor, alpha: float | Tensor) -> tuple[Tensor, Tensor, Tensor]:
    for name, logits in (("target", target), ("own", own)):
        if not isinstance(logits, Tensor):
            raise TypeError(f"{name} must be a tensor of logits, got {type(logits).__name__}")
        if not logits.is_floating_point():
            raise TypeError(f"{name} has dtype {logits.dtype}; logits must be floating point")
        if logits.ndim == 0 or logits.shape[-1] == 0:
            raise ValueError(f"{name} has shape {tuple(logits.shape)}; the last axis holds C >= 1 classes")
    if target.dtype != own.dtype:
        raise TypeError(f"target is {target.dtype} and own is {own.dtype}; the dtypes must agree")
    if target.device != own.device:
        raise ValueError(f"target is on {target.device} and own on {own.device}; the devices must agree")
    if target.shape[-1] != own.shape[-1]:
        raise ValueError(
            f"target has {target.shape[-1]} classes and own has {own.shape[-1]}; they must agree"
        )
    order = _order(alpha, own.device)
    try:
        batch = torch.broadcast_shapes(target.shape[:-1], own.shape[:-1], order.shape)
    except RuntimeError:
        raise ValueError(
            f"batch axes do not broadcast: target {tuple(target.shape[:-1])}, own {tuple(own.shape[:-1])}, "
            f"alpha {tuple(order.shape)}"
        ) from None
    classes = target.shape[-1]
    return target.expand(*batch, classes), own.expand(*batch, classes), order.expand(batch).unsqueeze(-1)


def _order(alpha: float | Tensor, device: torch.device) -> Tensor:
    if isinstance(alpha, Tensor):
        if alpha.is_complex():
            raise TypeError(f"alpha has dtype {alpha.dtype}; the order is real")
        if alpha.ndim > 0 and alpha.device != device:
            raise ValueError(f"alpha is on {alpha.device} and the logits on {device}; the devices must agree")
        return alpha.to(torch.float64)
    if isinstance(alpha, bool) or not isinstance(alpha, (int, float)):
        raise TypeError(f"alpha must be a number or a tensor, got {type(alpha).__name__}")
    if math.isnan(alpha) or alpha < 0:
        raise ValueError(f"alpha={alpha} is outside [0, inf]")
    return torch.tensor(float(alpha), dtype=torch.float64, device=device)
