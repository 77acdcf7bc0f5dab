"""What a cohort of learners minimises: each its cross-entropy plus the divergences from its peers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from convergence.divergence import gradient_own, renyi_divergence
from convergence.divergence.inputs import Orders, is_number


@dataclass(frozen=True)
class Mutual:
    r"""The mutual term `τ²β/(K−1) Σ_{j≠k} D_α(p_j‖p_k)` of learner k, in nats, its targets `p_j` detached.

    `p_k = softmax(z_k/τ)`, in the mutual term alone; the same convention as `MutualLoss`.

    Args:
        alpha: order in [0, ∞], one for all or `alpha[k][j]` for every ordered pair, of the divergence `D(p_j‖p_k)` that
            learner k minimises; the diagonal is not used.
        beta: weight β ≥ 0.
        temperature: τ > 0. The factor τ² keeps the gradient of the size that it has at τ = 1.

    Source: Huang et al., arXiv 2209.05732 (abstract); for α=1 deep mutual learning, Zhang et al., CVPR 2018;
    for τ² distillation, Hinton et al., arXiv 1503.02531.
    """

    alpha: float | Orders
    beta: float
    temperature: float = 1.0

    def __post_init__(self) -> None:
        for name, value in (("beta", self.beta), ("temperature", self.temperature)):
            if not is_number(value):
                raise TypeError(f"{name} must be a number, got {type(value).__name__}")
        if not (self.beta >= 0 and math.isfinite(self.beta)):
            raise ValueError(f"beta is {self.beta}; a finite number of at least 0 is needed")
        if not (self.temperature > 0 and math.isfinite(self.temperature)):
            raise ValueError(f"temperature is {self.temperature}; a positive number is needed")
        if isinstance(self.alpha, tuple):
            size = len(self.alpha)
            if any(not isinstance(row, tuple) or len(row) != size for row in self.alpha):
                raise ValueError(f"alpha has {size} rows; each must be a tuple of {size} orders")
            orders = [a for k, row in enumerate(self.alpha) for j, a in enumerate(row) if j != k]
        else:
            orders = [self.alpha]
        for order in orders:
            if not is_number(order):
                raise TypeError(
                    f"alpha must be a number or a tuple of tuples of numbers, got {type(order).__name__}"
                )
            if not order >= 0:
                raise ValueError(f"alpha is {order}; an order in [0, inf] is needed")

    @property
    def weight(self) -> float:
        """`τ²β`, what the mean divergence from the peers is multiplied by."""
        return self.beta * self.temperature**2

    def order(self, target: int, own: int) -> float:
        """The order of `D(p_target‖p_own)`."""
        return self.alpha[own][target] if isinstance(self.alpha, tuple) else self.alpha

    def check(self, learners: int) -> None:
        """Refuse a number of learners that the orders or β do not fit."""
        if learners < 2 and self.beta > 0:
            raise ValueError(f"{learners} learner with beta {self.beta}; a mutual term needs at least 2")
        if isinstance(self.alpha, tuple) and len(self.alpha) != learners:
            raise ValueError(f"alpha holds orders of {len(self.alpha)} learners; the cohort has {learners}")

    def divergences(self, logits: Sequence[Tensor], own: int) -> list[Tensor]:
        """`D_α(p_j‖p_own)` per sample `(N,)` for every peer j in turn; differentiable in `logits[own]`."""
        scaled = logits[own] / self.temperature
        return [
            renyi_divergence(target.detach() / self.temperature, scaled, alpha=self.order(peer, own))
            for peer, target in enumerate(logits)
            if peer != own
        ]

    def term(self, logits: Sequence[Tensor], own: int) -> Tensor:
        """The mutual term of learner `own`, per sample `(N,)`; 0 for β=0."""
        if self.beta == 0:
            return torch.zeros_like(logits[own][..., 0])
        return self.weight * torch.stack(self.divergences(logits, own)).mean(0)

    def pull(self, logits: Sequence[Tensor], own: int) -> Tensor:
        r"""The gradient of `term` in `logits[own]`, `τβ/(K−1) Σ_{j≠k}(q − r_j)`, `(N, C)`, in closed form.

        It shares no code with the kernels of `convergence.divergence` where all is finite, which is what makes
        a ledger that uses it a check of a training that uses them.
        """
        with torch.no_grad():
            scaled = [z / self.temperature for z in logits]
            pulls = [
                own_gradient(target, scaled[own], self.order(peer, own))
                for peer, target in enumerate(scaled)
                if peer != own
            ]
            return torch.stack(pulls).mean(0) * (self.weight / self.temperature)


def own_gradient(target: Tensor, own: Tensor, alpha: float) -> Tensor:
    r"""`q − r_α`, `(N, C)`, relatively accurate near p = q as well: plain arithmetic on differences.

    With `v = α(z_p − z_q)` less its largest, `r = q·e^u`, `u = v − log Σq e^v`, so that `q − r = −q·expm1(u)`.
    Masks (−∞), α = ∞ and probabilities that underflow are left to the kernel.
    """
    by_class = own.mT.contiguous()  # sums over a few classes are fast along any axis but the last
    shift = alpha * (target.mT - by_class)
    shift -= shift.amax(-2, keepdim=True)
    q = by_class.softmax(-2)
    excess = (q * torch.expm1(shift)).sum(-2, keepdim=True)
    normaliser = torch.where(
        excess > -0.5, torch.log1p(excess.clamp(min=-0.5)), (q * shift.exp()).sum(-2, keepdim=True).log()
    )
    gradient = (-q * torch.expm1(shift - normaliser)).mT
    if not bool(gradient.isfinite().all()):
        return gradient_own(target, own, alpha=alpha)
    return gradient
