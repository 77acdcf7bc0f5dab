"""The ledger on plain PyTorch loops: it closes where the step is the theory's, and fails where it is not."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from convergence import MutualLoss
from convergence.divergence.renyi import renyi_divergence
from convergence.estimators import Ledger, closure_error, sandwich

ALPHA, BETA = 1.5, 0.7


def cohort(dtype=torch.float64, learners=2):
    torch.manual_seed(1)
    return [nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 3)).to(dtype) for _ in range(learners)]


def samples(dtype=torch.float64):
    generator = torch.Generator().manual_seed(2)
    inputs = torch.randn(40, 5, generator=generator, dtype=torch.float64).to(dtype)
    return inputs, torch.randint(3, (40,), generator=generator)


def loss(logits, labels, own, *, attached=False, reduction="mean"):
    peers = [z if attached else z.detach() for k, z in enumerate(logits) if k != own]
    mutual = torch.stack([renyi_divergence(z, logits[own], alpha=ALPHA) for z in peers]).mean(0)
    total = cross_entropy(logits[own], labels, reduction="none") + BETA * mutual
    return getattr(total, reduction)()


def train(
    settings, *, steps=6, batch=8, dtype=torch.float64, learners=2, tamper=lambda o: None, sequential=False,
    give_batch=True, **wrong
):  # fmt: skip
    models, (inputs, labels) = cohort(dtype, learners), samples(dtype)
    optimizers = [torch.optim.SGD(m.parameters(), **settings) for m in models]
    updates = "sequential" if sequential else "simultaneous"
    with Ledger(
        models, optimizers, batches=[(inputs[:25], labels[:25]), (inputs[25:], labels[25:])],
        alpha=ALPHA, beta=BETA, updates=updates,
    ) as ledger:  # fmt: skip
        for step in range(steps):
            rows = torch.arange(step * 3, step * 3 + batch) % 40
            x, y = inputs[rows], labels[rows]
            for round_ in [[k] for k in range(learners)] if sequential else [range(learners)]:
                logits = [m(x) for m in models]
                for k in round_:
                    optimizers[k].zero_grad()
                sum(loss(logits, y, k, **wrong) for k in round_).backward()
                for k in round_:
                    tamper(optimizers[k])
                    optimizers[k].step()
            ledger.step((x, y) if give_batch else None)
    return ledger


SETTINGS = [
    {"lr": 0.3},
    {"lr": 0.1, "weight_decay": 0.05},
    {"lr": 0.05, "momentum": 0.9},
    {"lr": 0.05, "momentum": 0.9, "nesterov": True},
    {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.05},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("sequential", [False, True])
def test_it_closes_and_the_sandwich_holds(settings, sequential):
    ledger = train(settings, sequential=sequential, learners=3)
    assert len(ledger.entries) == 18
    for learner in range(3):
        entries = [e for e in ledger.entries if e.learner == learner]
        assert max(e.closure_error for e in entries) < 1e-13
        assert max(e.step_error for e in entries) < 1e-12
        assert closure_error(entries) < 1e-13
        bounds = sandwich(entries)
        assert abs(bounds.residual) <= bounds.slack + 1e-12
        assert bounds.lower <= bounds.root_mean_square_gradient <= bounds.upper


def test_it_closes_for_a_float32_model_to_its_rounding():
    ledger = train({"lr": 0.3, "momentum": 0.5}, dtype=torch.float32)
    worst = max(e.closure_error for e in ledger.entries)
    assert 1e-12 < worst < 1e-5


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32])
def test_it_closes_where_a_third_of_the_labels_is_left_out(dtype):
    """The cross-entropy is a mean over the labelled samples, the mutual term one over all, as in `MutualLoss`."""
    models, (inputs, labels) = cohort(), samples()
    labels[::3] = -100
    labels = labels.to(dtype)
    optimizers = [torch.optim.SGD(m.parameters(), lr=0.3) for m in models]
    criterion = MutualLoss(ALPHA, BETA)
    with Ledger(
        models,
        optimizers,
        batches=[(inputs[:25], labels[:25]), (inputs[25:], labels[25:])],
        alpha=ALPHA,
        beta=BETA,
    ) as ledger:
        for step in range(4):
            x, y = inputs[step * 8 : step * 8 + 8], labels[step * 8 : step * 8 + 8]
            for optimizer in optimizers:
                optimizer.zero_grad()
            criterion(torch.stack([m(x) for m in models]), y).losses.sum().backward()
            for optimizer in optimizers:
                optimizer.step()
            ledger.step((x, y))
    assert max(e.closure_error for e in ledger.entries) < 1e-13
    assert max(e.step_error for e in ledger.entries) < 1e-12
    for k, model in enumerate(models):
        mean = cross_entropy(model(inputs), labels.long())  # over the labelled samples
        assert ledger.entries[-2 + k].objective_after == pytest.approx(float(mean.detach()), rel=1e-12)


def test_labels_that_are_no_classes_are_refused():
    models, (inputs, labels) = cohort(), samples()
    optimizers = [torch.optim.SGD(m.parameters(), lr=0.3) for m in models]
    for wrong, error, message in (
        (labels.double(), TypeError, "labels has dtype torch.float64"),
        (torch.full_like(labels, -100), ValueError, "hold 40 samples, none of them labelled"),
    ):
        with Ledger(models, optimizers, batches=[(inputs, wrong)], alpha=ALPHA, beta=BETA) as ledger:
            for optimizer in optimizers:
                optimizer.step()
            with pytest.raises(error, match=message):
                ledger.step((inputs, labels))


def scaled(factor):
    def tamper(optimizer):
        for parameter in optimizer.param_groups[0]["params"]:
            parameter.grad.mul_(factor)

    return tamper


BROKEN = {
    "a step of 1.01η": {"tamper": scaled(1.01)},
    "a target that was not detached": {"attached": True},
    "a batch loss that was summed": {"reduction": "sum"},
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_it_fails_on(broken, settings):
    ledger = train(settings, **broken)
    assert max(e.closure_error for e in ledger.entries) > 1e-4
    assert min(e.step_error for e in ledger.entries) > 5e-3


def test_simultaneous_targets_are_told_from_sequential_ones():
    """Stepped in turn on fresh outputs, but declared simultaneous: the second learner's bias is another."""
    models, (inputs, labels) = cohort(), samples()
    optimizers = [torch.optim.SGD(m.parameters(), lr=0.5) for m in models]
    with Ledger(models, optimizers, batches=[(inputs, labels)], alpha=ALPHA, beta=BETA) as ledger:
        for k in range(2):
            optimizers[k].zero_grad()
            loss([m(inputs) for m in models], labels, k).backward()
            optimizers[k].step()
        first, second = ledger.step((inputs, labels))
    assert first.step_error < 1e-12
    assert second.step_error > 1e-3


def test_without_a_batch_the_gradient_is_what_the_optimiser_was_given():
    with_batch, without = train({"lr": 0.3}), train({"lr": 0.3}, give_batch=False)
    for one, other in zip(with_batch.entries, without.entries, strict=True):
        assert one.noise_norm_squared == pytest.approx(other.noise_norm_squared, rel=1e-10)
        assert other.closure_error < 1e-13


def test_the_vectors_are_those_of_a_hand_written_pass():
    ledger = train({"lr": 0.3}, steps=1)
    models, (inputs, labels) = cohort(), samples()
    logits = [m(inputs) for m in models]
    for k, entry in enumerate(ledger.entries):
        parameters = list(models[k].parameters())
        flat = lambda total: torch.cat(  # noqa: E731
            [g.flatten() for g in torch.autograd.grad(total, parameters, retain_graph=True)]  # noqa: B023
        )
        gradient = flat(cross_entropy(logits[k], labels))
        full = flat(loss(logits, labels, k))
        batch = [m(inputs[:8]) for m in models]
        noise = flat(loss(batch, labels[:8], k)) - full
        assert entry.gradient_norm_squared == pytest.approx(float(gradient @ gradient), rel=1e-12)
        assert entry.bias_norm_squared == pytest.approx(float((full - gradient).square().sum()), rel=1e-10)
        assert entry.noise_norm_squared == pytest.approx(float(noise @ noise), rel=1e-12)


def test_every_says_which_steps_are_recorded():
    models, (inputs, labels) = cohort(), samples()
    optimizer = torch.optim.SGD([p for m in models for p in m.parameters()], lr=0.1)
    with Ledger(models, [optimizer], batches=[(inputs, labels)], beta=BETA, every=3) as ledger:
        for _ in range(7):
            optimizer.zero_grad()
            logits = [m(inputs) for m in models]
            sum(cross_entropy(z, labels) for z in logits).backward()
            optimizer.step()
            ledger.step()
    assert [(e.step, e.learner) for e in ledger.entries] == [(s, k) for s in (0, 3, 6) for k in (0, 1)]


def test_a_schedule_without_momentum_closes_and_with_momentum_is_refused():
    for momentum in (0.0, 0.9):
        models, (inputs, labels) = cohort(), samples()
        optimizers = [torch.optim.SGD(m.parameters(), lr=0.1, momentum=momentum) for m in models]
        schedules = [torch.optim.lr_scheduler.ExponentialLR(o, 0.7) for o in optimizers]
        with Ledger(models, optimizers, batches=[(inputs, labels)], alpha=ALPHA, beta=BETA) as ledger:
            for step in range(4):
                logits = [m(inputs) for m in models]
                for optimizer in optimizers:
                    optimizer.zero_grad()
                sum(loss(logits, labels, k) for k in range(2)).backward()
                if momentum and step == 1:
                    with pytest.raises(ValueError, match="constant settings only"):
                        optimizers[0].step()
                    break
                for optimizer, schedule in zip(optimizers, schedules, strict=True):
                    optimizer.step()
                    schedule.step()
                ledger.step((inputs, labels))
    own = [e for e in ledger.entries if e.learner == 0]
    assert max(e.closure_error for e in own) < 1e-13
    assert abs(sandwich(own).residual) <= sandwich(own).slack + 1e-12


def test_refusals():
    models, data = cohort(), [samples()]
    parameters = [list(m.parameters()) for m in models]

    def attach(optimizers, models=models, **settings):
        return Ledger(models, optimizers, batches=data, **settings)

    with pytest.raises(ValueError, match="Adam"):
        attach([torch.optim.Adam(p) for p in parameters])
    with pytest.raises(ValueError, match=r"dampening 0\.1"):
        attach([torch.optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.1) for p in parameters])
    with pytest.raises(ValueError, match="groups with different settings"):
        attach(
            [torch.optim.SGD([{"params": p[:1]}, {"params": p[1:], "lr": 0.2}], lr=0.1) for p in parameters]
        )
    with pytest.raises(ValueError, match="lacks 1 of the learner's 4"):
        attach([torch.optim.SGD(p[1:], lr=0.1) for p in parameters])
    sgd = [torch.optim.SGD(p, lr=0.1) for p in parameters]
    with pytest.raises(ValueError, match="every is 0"):
        attach(sgd, every=0)
    with pytest.raises(ValueError, match="alpha is -1"):
        attach(sgd, alpha=-1.0)
    with pytest.raises(ValueError, match="1 learner with beta"):
        attach(sgd[:1], models[:1])
    normalised = [nn.Sequential(nn.Linear(5, 3), nn.BatchNorm1d(3)) for _ in range(2)]
    with pytest.raises(ValueError, match="GroupNorm"):
        attach([torch.optim.SGD(m.parameters(), lr=0.1) for m in normalised], normalised)
    with attach(sgd) as ledger, pytest.raises(RuntimeError, match=r"learners \[0, 1\] have not stepped"):
        ledger.step()
    inputs, labels = data[0]
    for label in (3, -1):
        with attach(sgd) as ledger:
            loss([m(inputs) for m in models], labels, 0).backward()
            for optimizer in sgd:
                optimizer.step()
            with pytest.raises(ValueError, match=rf"labels span \[{label}, {label}\]; logits of 3 classes"):
                ledger.step((inputs, 0 * labels + label))


def attached(batches):
    models = cohort()
    optimizers = [torch.optim.SGD(m.parameters(), lr=0.1) for m in models]
    return models, optimizers, Ledger(models, optimizers, batches=batches, alpha=ALPHA, beta=BETA)


def stepped(models, optimizers):
    inputs, labels = samples()
    for optimizer in optimizers:
        optimizer.zero_grad()
    sum(loss([m(inputs) for m in models], labels, k) for k in range(2)).backward()
    for optimizer in optimizers:
        optimizer.step()
    return inputs, labels


@pytest.mark.parametrize(
    ("batches", "words"),
    [
        ([], "batches is empty"),
        (iter(()), "batches is empty"),
        (samples()[0], r"batches\[0\] is a Tensor; a pair of tensors \(inputs, labels\)"),
        (samples(), r"batches\[0\] is a Tensor; a pair"),
        ([samples(), samples()[:1]], r"batches\[1\] is a tuple; a pair"),
        (
            [(samples()[0], samples()[1][:3])],
            r"labels of shape \(3,\); a label for each input is needed, \(40,\)",
        ),
        ([(samples()[0], samples()[1].view(40, 1))], r"labels of shape \(40, 1\)"),
    ],
    ids=range(7),
)
def test_batches_that_are_no_pairs_are_refused_at_once(batches, words):
    with pytest.raises(ValueError, match=words):
        attached(batches)


def test_an_iterator_of_batches_serves_every_step():
    models, optimizers, ledger = attached(iter([samples()]))
    with ledger:
        for _ in range(2):
            ledger.step(stepped(models, optimizers))
    assert max(entry.closure_error for entry in ledger.entries) < 1e-12


def test_a_ledger_whose_step_was_forgotten_says_so():
    models, optimizers, ledger = attached([samples()])
    with pytest.warns(UserWarning, match="no entries: step"), ledger:
        stepped(models, optimizers)
    with ledger, warnings.catch_warnings():
        warnings.simplefilter("error")
        ledger.step(stepped(models, optimizers))
