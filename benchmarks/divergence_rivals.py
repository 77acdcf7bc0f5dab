"""What people use instead, written afresh: the published loss and loop, PyTorch's KL divergence, and log-sum-exp."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import nullcontext

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, kl_div


def published(target: Tensor, own: Tensor, alpha: float) -> Tensor:
    """Softmax, clamp at 1e-8, ratio to the power α, logarithm; KL at α = 1. Returns `(...)`."""
    p, q = target.softmax(-1).clamp(min=1e-8), own.softmax(-1).clamp(min=1e-8)
    if alpha == 1:
        return (p * (p / q).log()).sum(-1)
    if math.isinf(alpha):
        return (p / q).amax(-1).log()
    return (q * (p / q) ** alpha).sum(-1).log() / (alpha - 1)


def log_sum_exp(target: Tensor, own: Tensor, alpha: float) -> Tensor:
    """`[A(αt + (1−α)o) − αA(t) − (1−α)A(o)]/(α−1)` as it stands, A the log-sum-exp. Returns `(...)`."""
    if alpha == 1:
        log_p, log_q = target.log_softmax(-1), own.log_softmax(-1)
        return (log_p.exp() * (log_p - log_q)).sum(-1)
    if math.isinf(alpha):
        return (target.log_softmax(-1) - own.log_softmax(-1)).amax(-1)
    mixture = torch.logsumexp(alpha * target + (1 - alpha) * own, -1)
    parts = alpha * target.logsumexp(-1) + (1 - alpha) * own.logsumexp(-1)
    return (mixture - parts) / (alpha - 1)


def kl(target: Tensor, own: Tensor, alpha: float = 1) -> Tensor:
    """PyTorch's KL divergence from logits, as deep mutual learning uses it; α = 1 alone. Returns `(...)`."""
    return kl_div(own.log_softmax(-1), target.softmax(-1), reduction="none").sum(-1)


def published_loop(
    models: Sequence[nn.Module],
    optimizers: Sequence[torch.optim.Optimizer],
    inputs: Tensor,
    labels: Tensor,
    alpha: float,
    beta: float,
    autocast: torch.dtype | None = None,
) -> None:
    """A step: all forward passes, then for each learner one loss, one backward pass, one step and one `.item()`."""
    with nullcontext() if autocast is None else torch.autocast(inputs.device.type, dtype=autocast):
        logits = [model(inputs) for model in models]
    for k, optimizer in enumerate(optimizers):
        own = logits[k].float()
        peers = [z.detach().float() for j, z in enumerate(logits) if j != k]
        mutual = sum(published(target, own, alpha).mean() for target in peers) / len(peers)
        loss = cross_entropy(own, labels) + beta * mutual
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss.item()
