"""Bias per peer: what each peer's predictions add to a learner's gradient."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from convergence.estimators.ledger import flatten
from convergence.estimators.mutual import Mutual
from convergence.estimators.passes import Batches, Replica


def peer_biases(models: Sequence[nn.Module], batches: Batches, mutual: Mutual, learner: int) -> Tensor:
    r"""`b_j = τ²β/(K−1) ∇_θ E D_α(p_j‖p_k)` for every peer j of learner k in turn, `(K−1, d)`, in float64.

    The rows add up to the learner's bias b.
    """
    mutual.check(len(models))
    replicas = [Replica(model) for model in models]
    parameters = replicas[learner].parameters
    total = torch.zeros_like(flatten(parameters)).repeat(len(models) - 1, 1)
    count = 0
    for inputs, labels in batches:
        logits = [replica.logits(inputs) for replica in replicas]
        for row, divergence in zip(total, mutual.divergences(logits, learner), strict=True):
            row += flatten(
                torch.autograd.grad(
                    divergence.sum(), parameters, retain_graph=True, allow_unused=True, materialize_grads=True
                )
            )
        count += len(labels)
    return total * (mutual.weight / (len(models) - 1) / count)
