"""Disagreement of a cohort: how far apart its members' predictions are."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from convergence.divergence.renyi import renyi_divergence


def disagreement(logits: Sequence[Tensor], *, alpha: float) -> Tensor:
    r"""`E D_α(p_j‖p_k)` in nats at `[k, j]` of `(K, K)`, the mean over the rows of K logits `(N, C)`.

    Row k is what learner k minimises, as in `MutualLoss`.
    """
    rows = [
        torch.stack([renyi_divergence(target, own, alpha=alpha, reduction="mean") for target in logits])
        for own in logits
    ]
    return torch.stack(rows).detach()


def decision_disagreement(logits: Sequence[Tensor]) -> Tensor:
    """Share of the rows on which learners j and k predict different classes, `(K, K)`."""
    decisions = torch.stack([z.argmax(-1) for z in logits])
    return (decisions.unsqueeze(0) != decisions.unsqueeze(1)).to(torch.float64).mean(-1)
