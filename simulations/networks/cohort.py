"""Training of a cohort: K learners, each towards its labels and its peers' predictions."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from convergence.estimators.mutual import Mutual


def cohort_losses(logits: Sequence[Tensor], labels: Tensor, mutual: Mutual) -> list[Tensor]:
    """Every learner's loss on a batch: mean cross-entropy plus mean mutual term, targets detached."""
    return [cross_entropy(own, labels) + mutual.term(logits, k).mean() for k, own in enumerate(logits)]


def simultaneous_step(
    models: Sequence[nn.Module],
    optimizers: Sequence[torch.optim.Optimizer],
    inputs: Tensor,
    labels: Tensor,
    mutual: Mutual,
) -> list[Tensor]:
    """One step of every learner on one forward pass of all; returns the losses before it.

    Since targets are detached, one backward pass of the sum gives every learner its own gradient.
    """
    losses = cohort_losses([model(inputs) for model in models], labels, mutual)
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=True)
    torch.stack(losses).sum().backward()
    for optimizer in optimizers:
        optimizer.step()
    return [loss.detach() for loss in losses]
