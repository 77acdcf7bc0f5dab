"""Prediction entropy."""

from __future__ import annotations

from torch import Tensor
from torch.special import entr


def prediction_entropy(logits: Tensor) -> Tensor:
    r"""`−Σ_i p_i log p_i` in nats, p = softmax(logits), `(..., C) -> (...)`; a mask (−∞) counts as 0."""
    return entr(logits.softmax(-1)).sum(-1)
