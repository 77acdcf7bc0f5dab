"""Cohorts of learners whose parameters are their logits on one sample."""

from __future__ import annotations

import torch
from torch import Tensor

from convergence.claims.samplers.coordinates import Coordinates
from convergence.claims.samplers.pairs import CLASSES


def cohort(coordinates: Coordinates, *, learners: int = 3) -> dict[str, Tensor]:
    """`logits` `(N, K, C)`, the label's distribution `(N, C)` and the weight `beta` `(N,)`."""
    scale = coordinates.log_uniform(1e-3, 30.0).reshape(-1, 1, 1)
    return {
        "logits": scale * coordinates.take(learners, CLASSES),
        "label": torch.softmax(3 * coordinates.take(CLASSES), -1),
        "beta": coordinates.log_uniform(1e-2, 1e2),
    }


def cross_entropy(logits: Tensor, label: Tensor) -> Tensor:
    """`CE(label, softmax z_k)` of every learner, `(N, K)`."""
    return -(label.unsqueeze(1) * torch.log_softmax(logits, -1)).sum(-1)
