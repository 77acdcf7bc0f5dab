"""The ledger with a `GradScaler`, which decides for each optimiser alone whether a step is taken."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from convergence import MutualLoss
from convergence.estimators import Ledger, sandwich


class Loop:
    """A loop over two learners; `overflows[step]` are those whose gradient holds an infinity in that step."""

    def __init__(self, overflows=None, **settings):
        generator = torch.Generator().manual_seed(4)
        torch.manual_seed(3)
        self.inputs = torch.randn(60, 5, generator=generator)
        self.labels = torch.randint(3, (60,), generator=generator)
        self.models = [nn.Linear(5, 3) for _ in range(2)]
        self.optimizers = [torch.optim.SGD(m.parameters(), lr=0.2, **settings) for m in self.models]
        self.scaler = torch.amp.GradScaler("cpu")
        self.loss = MutualLoss(alpha=1.5)
        self.overflows = overflows or {}
        self.ledger = Ledger(self.models, self.optimizers, batches=[(self.inputs, self.labels)], alpha=1.5)

    def round(self, step):
        rows = torch.arange(10 * step, 10 * step + 10) % 60
        batch = self.inputs[rows], self.labels[rows]
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        losses, _ = self.loss(torch.stack([model(batch[0]) for model in self.models]), batch[1])
        self.scaler.scale(losses.sum()).backward()
        for k, optimizer in enumerate(self.optimizers):
            if k in self.overflows.get(step, ()):
                self.models[k].bias.grad.fill_(torch.inf)
            self.scaler.step(optimizer)
        self.scaler.update()
        return batch


def recorded(ledger):
    assert max(entry.closure_error for entry in ledger.entries) < 1e-6
    assert max(entry.step_error for entry in ledger.entries) < 1e-5
    return [(entry.step, entry.learner) for entry in ledger.entries]


OVERFLOWS = {1: [0], 2: [0, 1], 3: [1]}
TAKEN = [(0, 0), (0, 1), (1, 1), (3, 0), (4, 0), (4, 1)]


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("with_batch", [False, True])
def test_learners_whose_optimisers_stepped_are_recorded(fused, momentum, with_batch):
    loop = Loop(OVERFLOWS, fused=fused, momentum=momentum)
    with loop.ledger as ledger:
        for step in range(5):
            batch = loop.round(step)
            ledger.step(batch if with_batch else None, may_skip=True)
    assert recorded(ledger) == TAKEN
    for learner in range(2):
        bounds = sandwich([entry for entry in ledger.entries if entry.learner == learner])
        assert abs(bounds.residual) <= bounds.slack + 1e-6


@pytest.mark.parametrize("fused", [False, True])
def test_a_step_that_was_left_out_is_refused_by_number_and_the_next_round_is_right(fused):
    loop = Loop({1: [0]}, fused=fused)
    with loop.ledger as ledger:
        ledger.step(loop.round(0))
        batch = loop.round(1)
        with pytest.raises(RuntimeError, match=r"step 1: the optimisers of learners \[0\] have not stepped"):
            ledger.step(batch)
        ledger.step(loop.round(2))
    assert recorded(ledger) == [(0, 0), (0, 1), (2, 0), (2, 1)]


def test_a_round_that_is_left_open_is_refused_before_it_mixes_with_the_next():
    loop = Loop({1: [0]})
    with loop.ledger as ledger:
        ledger.step(loop.round(0))
        loop.round(1)
        with pytest.raises(RuntimeError, match="step 1: the optimiser of learner 1 steps again in a round"):
            loop.round(2)
        loop.scaler.update()
        ledger.step(loop.round(3))
    assert recorded(ledger) == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_a_round_in_which_an_optimiser_steps_twice_is_refused():
    loop = Loop()
    with loop.ledger:
        loop.round(0)
        with pytest.raises(RuntimeError, match="learner 0 steps again"):
            loop.round(1)


def test_a_step_outside_the_block_is_refused():
    loop = Loop()
    with pytest.raises(RuntimeError, match="outside `with"):
        loop.ledger.step(may_skip=True)


def test_a_round_broken_off_does_not_reach_into_the_next_block():
    loop = Loop({0: [0]})
    with loop.ledger:
        loop.round(0)
    with loop.ledger as ledger:
        ledger.step(loop.round(1))
    assert recorded(ledger) == [(0, 0), (0, 1)]
