"""What the ledger takes beside plain loops, and what it refuses."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from convergence import MutualLoss
from convergence.estimators import Ledger


def with_trunk(trunk: nn.Module) -> list[nn.Module]:
    return [nn.Sequential(trunk, nn.Tanh(), nn.Linear(6, 3)) for _ in range(2)]


def data() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(40, 5, generator=generator), torch.randint(3, (40,), generator=generator)


def entries(models, *, with_batch, autocast=False):
    inputs, labels = data()
    optimizers = [torch.optim.SGD([p for p in m.parameters() if p.requires_grad], lr=0.1) for m in models]
    loss = MutualLoss(alpha=1.5)
    with Ledger(models, optimizers, batches=[(inputs, labels)], alpha=1.5) as ledger:
        for start in (0, 10, 20):
            batch = inputs[start : start + 20], labels[start : start + 20]
            for optimizer in optimizers:
                optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
                losses, _ = loss(torch.stack([model(batch[0]) for model in models]), batch[1])
            losses.sum().backward()
            for optimizer in optimizers:
                optimizer.step()
            ledger.step(batch if with_batch else None)
    return ledger.entries


def test_learners_that_train_one_trunk_are_refused_by_name():
    models = with_trunk(nn.Linear(5, 6))
    with pytest.raises(
        ValueError, match=r"models\[1\] shares its parameter 0.weight with models\[0\] \(0.weight\)"
    ):
        entries(models, with_batch=True)


def test_a_frozen_trunk_may_be_shared():
    models = with_trunk(nn.Linear(5, 6).requires_grad_(False))
    assert max(entry.closure_error for entry in entries(models, with_batch=True)) < 1e-6


def test_a_parameter_used_twice_within_a_learner_is_its_own():
    layer = nn.Linear(5, 5)
    models = [nn.Sequential(layer, nn.Tanh(), layer, nn.Linear(5, 3)), nn.Linear(5, 3)]
    assert max(entry.closure_error for entry in entries(models, with_batch=True)) < 1e-6


def test_under_autocast_it_closes_without_the_batch():
    torch.manual_seed(2)
    models = [nn.Linear(5, 3) for _ in range(2)]
    assert max(entry.closure_error for entry in entries(models, with_batch=False, autocast=True)) < 1e-6
    assert max(entry.closure_error for entry in entries(models, with_batch=True, autocast=True)) > 1e-4
