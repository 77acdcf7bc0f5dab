r"""Divergences that are functions of the Rényi divergence, with the same arguments and the same care.

All take logits `(..., C)` of p = softmax(target) and q = softmax(own) and return `(...)`, differentiable in
both; where a result is +∞ the gradients are 0. Sources: van Erven & Harremoës 2014 (Rényi, Hellinger, χ²);
Bhattacharyya 1943; Tsallis 1988.
"""

from __future__ import annotations

import torch
from torch import Tensor

from convergence.divergence.renyi import renyi_divergence


def kullback_leibler(target: Tensor, own: Tensor) -> Tensor:
    r"""`KL(p‖q) = Σ p log(p/q)` in nats: `D_1`."""
    return renyi_divergence(target, own, alpha=1)


def bhattacharyya(target: Tensor, own: Tensor) -> Tensor:
    r"""`−log Σ √(pq)` in nats: half of `D_½`, symmetric."""
    return renyi_divergence(target, own, alpha=0.5) / 2


def squared_hellinger(target: Tensor, own: Tensor) -> Tensor:
    r"""`1 − Σ √(pq) = ½ Σ (√p − √q)²`, in [0, 1]."""
    return -torch.expm1(-renyi_divergence(target, own, alpha=0.5) / 2)


def chi_square(target: Tensor, own: Tensor) -> Tensor:
    r"""`χ²(p‖q) = Σ (p − q)²/q = e^{D_2} − 1`; +∞ by overflow where that exceeds the dtype."""
    return _expm1(renyi_divergence(target, own, alpha=2))


def tsallis(target: Tensor, own: Tensor, *, alpha: float) -> Tensor:
    r"""`H_α(p‖q) = (Σ p^α q^{1−α} − 1)/(α−1) = (e^{(α−1)D_α} − 1)/(α−1)`, `KL` at α = 1, for 0 ≤ α < ∞."""
    if alpha == float("inf"):
        raise ValueError("alpha=inf is outside [0, inf): the Tsallis divergence has no limit there")
    divergence = renyi_divergence(target, own, alpha=alpha)
    return divergence if alpha == 1 else _expm1((alpha - 1) * divergence) / (alpha - 1)


def _expm1(value: Tensor) -> Tensor:
    """`e^value − 1`, its derivative 0 where it is infinite, as that of the divergence is by convention."""
    result = torch.expm1(value)
    return torch.where(result.isinf(), result.detach(), torch.expm1(torch.where(result.isinf(), 0, value)))
