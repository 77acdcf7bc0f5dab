"""Training of a cohort against loops written by hand, and what ends a run."""

from __future__ import annotations

import itertools
import math
import os
import signal

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from convergence.divergence import MutualLoss, renyi_divergence
from convergence.estimators import Ledger
from simulations.networks.cohort import train_cohort
from simulations.networks.trained_order import TrainedOrder


def learners(count=2, seed=0):
    torch.manual_seed(seed)
    return [nn.Sequential(nn.Linear(5, 6 + k), nn.Tanh(), nn.Linear(6 + k, 3)).double() for k in range(count)]


def sgd(models, **settings):
    return [torch.optim.SGD(m.parameters(), **{"lr": 0.2} | settings) for m in models]


def batches(count=3, size=8):
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(count * size, 5, generator=generator, dtype=torch.float64)
    labels = torch.randint(3, (count * size,), generator=generator)
    return list(zip(inputs.split(size), labels.split(size), strict=True))


def flat(models):
    return torch.cat([p.detach().flatten() for m in models for p in m.parameters()])


def hand_loss(models, x, y, own, alpha, beta):
    logits = [m(x) for m in models]
    peers = [renyi_divergence(z.detach(), logits[own], alpha=alpha).mean()
             for k, z in enumerate(logits) if k != own]  # fmt: skip
    return cross_entropy(logits[own], y) + beta * sum(peers) / len(peers)


@pytest.mark.parametrize("updates", ["simultaneous", "sequential"])
def test_against_a_hand_written_loop(updates):
    models, mine = learners(3), learners(3)
    run = train_cohort(models, sgd(models), batches(), steps=5, alpha=1.5, beta=0.7, updates=updates)
    optimizers = sgd(mine)
    losses = []
    for step in range(5):
        x, y = batches()[step % 3]
        losses.append([])
        if updates == "simultaneous":
            gradients = []
            for k in range(3):
                loss = hand_loss(mine, x, y, k, 1.5, 0.7)
                losses[-1].append(float(loss.detach()))
                gradients.append(torch.autograd.grad(loss, list(mine[k].parameters())))
            with torch.no_grad():
                for model, gradient in zip(mine, gradients, strict=True):
                    for parameter, g in zip(model.parameters(), gradient, strict=True):
                        parameter -= 0.2 * g
        else:
            for k in range(3):
                optimizers[k].zero_grad()
                loss = hand_loss(mine, x, y, k, 1.5, 0.7)
                losses[-1].append(float(loss.detach()))
                loss.backward()
                optimizers[k].step()
    torch.testing.assert_close(flat(models), flat(mine), rtol=1e-11, atol=1e-13)
    torch.testing.assert_close(torch.tensor(run.losses), torch.tensor(losses), rtol=1e-6, atol=1e-8)
    assert run.steps == 5
    assert run.trouble is None


def test_the_two_kinds_of_update_differ():
    models, others = learners(), learners()
    train_cohort(models, sgd(models), batches(), steps=2, updates="simultaneous")
    train_cohort(others, sgd(others), batches(), steps=2, updates="sequential")
    assert (flat(models) - flat(others)).abs().max() > 1e-4


def test_orders_per_pair_scheduled_and_trained():
    pairs = ((0.0, 0.5), (2.0, 0.0))
    models, mine = learners(), learners()
    train_cohort(models, sgd(models), batches(), steps=1, alpha=pairs)
    x, y = batches()[0]
    for own, alpha in ((0, 0.5), (1, 2.0)):
        gradient = torch.autograd.grad(hand_loss(mine, x, y, own, alpha, 1), list(mine[own].parameters()))
        step = torch.cat([-0.2 * g.flatten() for g in gradient])
        start = torch.cat([p.detach().flatten() for p in mine[own].parameters()])
        torch.testing.assert_close(flat([models[own]]), start + step, rtol=1e-11, atol=1e-13)

    models = learners()
    run = train_cohort(models, sgd(models), batches(), steps=0)
    assert run.steps == 0
    run = train_cohort(models, sgd(models), batches(), steps=4, alpha=lambda step: 1.0 + step)
    assert run.orders == [1.0, 2.0, 3.0, 4.0]

    models = learners()
    down = TrainedOrder(1.5, 0.5)
    run = train_cohort(models, sgd(models), batches(), steps=6, alpha=down)
    assert all(later < earlier for earlier, later in itertools.pairwise(run.orders))
    up = train_cohort(
        models, sgd(models), batches(), steps=6, alpha=TrainedOrder(1.5, -0.5, upper=1.6)
    ).orders
    assert up[0] == 1.5
    assert all(later >= earlier for earlier, later in itertools.pairwise(up))
    assert up[-1] <= 1.6


def test_a_trained_order_follows_the_slope_of_the_divergence():
    x, _ = batches()[0]
    logits = [m(x).detach() for m in learners()]
    order = TrainedOrder(0.8, 0.3)
    h = 1e-5
    mean = lambda alpha: sum(  # noqa: E731
        float(renyi_divergence(logits[j], logits[1 - j], alpha=alpha).mean()) / 2 for j in (0, 1)
    )
    slope = (mean(0.8 + h) - mean(0.8 - h)) / (2 * h)
    assert order.next(0.8, logits, 1.0) == pytest.approx(0.8 - 0.3 * slope, rel=1e-8)


def test_the_ledger_follows_a_scheduled_order_and_step_size():
    models = learners()
    optimizers = sgd(models)
    ledger = Ledger(models, optimizers, batches=batches(), every=2)
    run = train_cohort(
        models, optimizers, batches(), steps=6, ledger=ledger,
        alpha=lambda step: 0.5 + step, step_size=lambda step: 0.3 / (1 + step),
    )  # fmt: skip
    assert [e.step for e in run.ledger] == [0, 0, 2, 2, 4, 4]
    assert max(e.step_error for e in run.ledger) < 1e-12
    assert run.ledger[-1].step_size == pytest.approx(0.06)


@pytest.mark.parametrize("temperature", [1.0, 3.0])
@pytest.mark.parametrize("alpha", [2.0, ((2.0, 2.0), (2.0, 2.0))], ids=["order", "pairs"])
def test_training_ledger_and_mutual_loss_agree_on_temperature(alpha, temperature):
    models, mine = learners(), learners()
    optimizers = sgd(models)
    ledger = Ledger(models, optimizers, batches=batches()[:1], alpha=alpha, beta=0.7, temperature=temperature)
    run = train_cohort(
        models, optimizers, batches(), steps=1, alpha=alpha, beta=0.7, temperature=temperature, ledger=ledger
    )
    x, y = batches()[0]
    module = MutualLoss(alpha=2.0, beta=0.7, temperature=temperature)
    losses, _ = module(torch.stack([m(x) for m in mine]), y)
    assert run.losses == [pytest.approx(losses.tolist(), rel=1e-12)]
    for k, model in enumerate(mine):
        plain = cross_entropy(model(x), y)
        parameters = list(model.parameters())
        whole = torch.autograd.grad(losses[k], parameters, retain_graph=True)
        own = torch.autograd.grad(plain, parameters)
        bias = torch.cat([(w - o).flatten() for w, o in zip(whole, own, strict=True)])
        assert run.ledger[k].bias_norm_squared == pytest.approx(float(bias @ bias), rel=1e-10)
        assert run.ledger[k].noise_norm_squared < 1e-25
        assert run.ledger[k].step_error < 1e-12
        expected = flat([model]) - 0.2 * torch.cat([g.flatten() for g in whole])
        torch.testing.assert_close(flat([models[k]]), expected, rtol=1e-11, atol=1e-13)


def test_temperature_divides_the_logits_of_the_mutual_term():
    models, mine = learners(), learners()
    run = train_cohort(models, sgd(models), batches(), steps=1, alpha=2.0, temperature=3.0)
    x, y = batches()[0]
    logits = [m(x).detach() for m in mine]
    divergence = renyi_divergence(logits[1] / 3, logits[0] / 3, alpha=2.0).mean()
    expected = float(cross_entropy(logits[0], y) + 9 * divergence)
    assert run.losses[0][0] == pytest.approx(expected, rel=1e-12)


class Breaks(nn.Module):
    """Becomes NaN at its `after`-th call, or runs out of memory."""

    def __init__(self, after, error=None):
        super().__init__()
        self.layer, self.calls, self.after, self.error = nn.Linear(5, 3).double(), 0, after, error

    def forward(self, x):
        self.calls += 1
        if self.calls > self.after:
            if self.error:
                raise self.error
            return self.layer(x) * math.nan
        return self.layer(x)


def test_a_model_that_returns_nan_ends_the_run_and_keeps_it():
    models = [learners(1)[0], Breaks(3)]
    run = train_cohort(models, sgd(models), batches(), steps=9)
    assert run.trouble == "step 3: learner 0 has loss nan"  # its divergence from the NaN peer
    assert run.steps == 3
    assert len(run.losses) == 3
    assert flat(models).isfinite().all()


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 1 bytes"),
    ],
    ids=repr,
)
def test_out_of_memory_is_named_with_its_remedy(error):
    models = [learners(1)[0], Breaks(2, error)]
    run = train_cohort(models, sgd(models), batches(), steps=9)
    assert run.trouble == "step 2: out of memory; lower the batch size (now 8)"
    assert run.steps == 2


def test_ctrl_c_is_raised_once_the_step_is_over():
    models, other, seen = learners(), learners(), []
    with pytest.raises(KeyboardInterrupt):
        train_cohort(
            models, sgd(models), batches(), steps=9,
            before_step=lambda step, _: os.kill(os.getpid(), signal.SIGINT) if step == 2 else None,
            after_step=lambda run: seen.append(run.steps),
        )  # fmt: skip
    train_cohort(other, sgd(other), batches(), steps=3)
    assert seen == [1, 2, 3]
    assert torch.equal(flat(models), flat(other))


def test_other_errors_are_the_users():
    models = [learners(1)[0], Breaks(2, RuntimeError("mine"))]
    with pytest.raises(RuntimeError, match="mine"):
        train_cohort(models, sgd(models), batches(), steps=9)


def test_refusals():
    models = learners()
    with pytest.raises(ValueError, match="steps is -1"):
        train_cohort(models, sgd(models), batches(), steps=-1)
    with pytest.raises(ValueError, match="updates is 'random'"):
        train_cohort(models, sgd(models), batches(), steps=1, updates="random")
    with pytest.raises(ValueError, match="1 learner with beta"):
        train_cohort(models[:1], sgd(models[:1]), batches(), steps=1)
    assert train_cohort(models[:1], sgd(models[:1]), batches(), steps=1, beta=0.0).steps == 1
    with pytest.raises(ValueError, match="batches is empty"):
        train_cohort(models, sgd(models), [], steps=1)
    joint = torch.optim.SGD([p for m in models for p in m.parameters()], lr=0.1)
    with pytest.raises(ValueError, match="one per learner"):
        train_cohort(models, [joint], batches(), steps=1, updates="sequential")
    with pytest.raises(ValueError, match=r"classes \[3, 4\]|\[3, 4\] classes"):
        train_cohort([models[0], nn.Linear(5, 4).double()], sgd(models), batches(), steps=1)
    with pytest.raises(ValueError, match="optimizers has 0 members; 1 or 2 are needed"):
        train_cohort(models, [], batches(), steps=1)
    with pytest.raises(ValueError, match="first_step is -1"):
        train_cohort(models, sgd(models), batches(), steps=1, first_step=-1)
    with pytest.raises(ValueError, match=r"step_size gives -1\.0; a finite number of at least 0"):
        train_cohort(models, sgd(models), batches(), steps=1, step_size=lambda step: -1.0)
    with pytest.raises(ValueError, match="step_size of the order is nan"):
        TrainedOrder(1.0, math.nan)
    inputs, labels = batches()[0]
    for batch in (inputs, (inputs,)):
        with pytest.raises(ValueError, match=r"batches gives a .*; pairs \(inputs, labels\) are needed"):
            train_cohort(models, sgd(models), [batch], steps=1)
    for wrong in (labels[:3], labels.double()):
        with pytest.raises(ValueError, match=r"labels has shape .*; logits of shape \(8, 3\) need 8 whole"):
            train_cohort(models, sgd(models), [(inputs, wrong)], steps=1)
    for label in (7, -1):
        message = rf"labels span \[{label}, {label}\]; logits of 3 classes"
        with pytest.raises(ValueError, match=message):
            train_cohort(models, sgd(models), [(inputs, labels * 0 + label)], steps=1)
    with pytest.raises(ValueError, match="lower <= initial"):
        TrainedOrder(0.05, 0.1)
