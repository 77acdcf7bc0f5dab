r"""The Rényi divergence by its plain formula, as a side of identities that accurate kernels are held to.

Written with autograd in mind and without regard for cancellation: functions say how large their rounding is.
"""

from __future__ import annotations

import torch
from torch import Tensor

from convergence.divergence import gradient_own
from convergence.divergence.errorfree import two_sum


def divergence(target: Tensor, own: Tensor, alpha: Tensor) -> Tensor:
    r"""`log Σ p^α q^{1−α}/(α−1)`, at α = 1 `Σ p log p/q`; full support, α < ∞, differentiable in all.

    Rounding is about 1e-16 times `size`.
    """
    log_p, log_q = torch.log_softmax(target, -1), torch.log_softmax(own, -1)
    limit = alpha == 1
    excess = torch.where(limit, 1.0, alpha - 1)
    order = torch.where(limit, 2.0, alpha).unsqueeze(-1)
    plain = torch.logsumexp(order * log_p + (1 - order) * log_q, -1) / excess
    return torch.where(limit, (log_p.exp() * (log_p - log_q)).sum(-1), plain)


def size(target: Tensor, own: Tensor, alpha: Tensor) -> Tensor:
    """The magnitude that the rounding of `divergence` is relative to, `(...)`: its largest term."""
    log_p, log_q = torch.log_softmax(target, -1), torch.log_softmax(own, -1)
    excess = torch.where(alpha == 1, 1.0, alpha - 1).abs()
    terms = alpha.unsqueeze(-1) * log_p.abs() + (1 - alpha).abs().unsqueeze(-1) * log_q.abs()
    largest = torch.maximum(terms, (log_p - log_q).abs()).amax(-1)
    return (1 + largest) / torch.minimum(excess, torch.ones_like(excess))


def gradients(target: Tensor, own: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor]:
    """`∂/∂target` and `∂/∂own` of `divergence` by automatic differentiation."""
    with torch.enable_grad():
        target, own = target.detach().requires_grad_(), own.detach().requires_grad_()
        by_target, by_own = torch.autograd.grad(divergence(target, own, alpha).sum(), (target, own))
    return by_target, by_own


def log_ratio(target: Tensor, own: Tensor) -> Tensor:
    r"""`log p/q` up to a constant, 0 where p is largest and where both are masked; accurate if small."""
    common = ~(target.isneginf() & own.isneginf())
    gap = two_sum(torch.where(common, target, 0), -torch.where(common, own, 0))
    return torch.where(common, (gap - gap.at(target.argmax(-1, keepdim=True))).high, 0)


def oscillation(target: Tensor, own: Tensor) -> Tensor:
    """`max − min` of `log p/q` over the common support, `(...)`."""
    ratio = log_ratio(target, own)
    return ratio.amax(-1) - ratio.amin(-1)


def distance_squared(target: Tensor, own: Tensor) -> Tensor:
    r"""`‖p − q‖₁²`, `(...)`, with q − p as the gradient at order 1: free of cancellation."""
    return gradient_own(target, own, alpha=1.0).abs().sum(-1).square()


def variance(logits: Tensor, values: Tensor) -> Tensor:
    """`Var_s(values)` for `s = softmax(logits)`, `(...)`, accurate relative to itself."""
    weights = torch.softmax(logits, -1)
    return (weights * (values - (weights * values).sum(-1, keepdim=True)).square()).sum(-1)
