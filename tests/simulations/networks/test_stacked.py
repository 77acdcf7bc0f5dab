"""The stacked engine is the plain training of modules, up to rounding."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from simulations.networks.captured import fixed_step
from simulations.networks.cohort import train_cohort
from simulations.networks.models import conv_net, mlp, softmax_regression
from simulations.networks.stacked import StackedCohorts

COHORTS, LEARNERS, BATCH = 3, 3, 7


def cohorts(hidden=(6,)):
    torch.manual_seed(0)
    return [[mlp(5, 4, hidden).double() for _ in range(LEARNERS)] for _ in range(COHORTS)]


def data(steps):
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(steps, COHORTS, BATCH, 5, generator=generator, dtype=torch.float64)
    return inputs, torch.randint(4, (steps, COHORTS, BATCH), generator=generator)


def flat(models):
    return torch.cat([p.detach().flatten() for m in models for p in m.parameters()])


def trained_apart(settings, per_cohort, steps, hidden=(6,)):
    inputs, labels = data(steps)
    optimiser = {k: settings[k] for k in ("momentum", "nesterov", "weight_decay") if k in settings}
    result = cohorts(hidden)
    for s, models in enumerate(result):
        one = {name: value[s] for name, value in per_cohort.items()}
        optimizers = [torch.optim.SGD(m.parameters(), lr=one["step_size"], **optimiser) for m in models]
        train_cohort(
            models, optimizers, zip(inputs[:, s], labels[:, s], strict=True), steps=steps,
            alpha=one["alpha"], beta=one["beta"], temperature=settings.get("temperature", 1.0),
        )  # fmt: skip
    return result


PLAIN = {"alpha": [1.5] * 3, "beta": [0.7] * 3, "step_size": [0.2] * 3}
PAIRS = tuple(tuple(0.3 + 0.5 * k + 0.2 * j for j in range(LEARNERS)) for k in range(LEARNERS))


@pytest.mark.parametrize(
    ("settings", "per_cohort"),
    [
        ({}, PLAIN),
        ({}, {**PLAIN, "alpha": [1.0] * 3}),
        ({}, {**PLAIN, "alpha": [0.0] * 3}),
        ({}, {**PLAIN, "beta": [0.0] * 3}),
        ({}, {"alpha": [0.5, 1.0, 3.0], "beta": [0.0, 1.0, 0.4], "step_size": [0.1, 0.2, 0.3]}),
        ({}, {**PLAIN, "alpha": [PAIRS] * 3}),
        ({"temperature": 2.5}, PLAIN),
        ({"momentum": 0.9}, PLAIN),
        ({"momentum": 0.8, "nesterov": True, "weight_decay": 0.01}, PLAIN),
    ],
    ids=["rdml", "dml", "order 0", "independent", "all different", "pairs", "temperature", "momentum", "all"],
)
def test_against_training_one_by_one(settings, per_cohort):
    steps = 4
    mine = cohorts()
    same = {
        name: len(set(values)) == 1 and not isinstance(values[0], tuple)
        for name, values in per_cohort.items()
    }
    engine = StackedCohorts(
        mine,
        **{
            name: values[0] if same[name] else torch.tensor(values, dtype=torch.float64)
            for name, values in per_cohort.items()
        },
        **settings,
    )
    for inputs, labels in zip(*data(steps), strict=True):
        engine.step(inputs, labels)
    before = [flat(models) for models in mine]
    engine.write_back(mine)
    others = trained_apart(settings, per_cohort, steps)
    for s in range(COHORTS):
        torch.testing.assert_close(flat(mine[s]), flat(others[s]), rtol=1e-11, atol=1e-13)
        assert (before[s] - flat(mine[s])).abs().max() > 1e-3, "nothing was trained"


@pytest.mark.parametrize("hidden", [(), (6, 4)])
def test_depths(hidden):
    mine = cohorts(hidden)
    engine = StackedCohorts(mine, step_size=0.2, alpha=1.5, beta=0.7)
    for inputs, labels in zip(*data(3), strict=True):
        engine.step(inputs, labels)
    engine.write_back(mine)
    others = trained_apart({}, PLAIN, 3, hidden)
    torch.testing.assert_close(flat(mine[1]), flat(others[1]), rtol=1e-11, atol=1e-13)


def test_one_batch_for_all_and_what_is_read_out():
    mine = cohorts()
    engine = StackedCohorts(mine, step_size=0.2, alpha=1.5)
    inputs, labels = (part[0, 0] for part in data(1))
    engine.step(inputs.view(BATCH, 1, 5), labels)
    engine.write_back(mine)
    logits = engine.logits(inputs)
    losses = engine.losses(inputs, labels)
    for s in range(COHORTS):
        for k in range(LEARNERS):
            expected = mine[s][k](inputs).detach()
            torch.testing.assert_close(logits[s, k], expected, rtol=1e-12, atol=1e-13)
            loss = nn.functional.cross_entropy(expected, labels)
            torch.testing.assert_close(losses[s, k], loss, rtol=1e-12, atol=1e-13)


def test_refusals():
    models = cohorts()
    with pytest.raises(ValueError, match="one shape"):
        StackedCohorts([[mlp(5, 4), mlp(5, 4, (7,))]], step_size=0.1)
    with pytest.raises(ValueError, match="Sequential cannot be stacked"):
        StackedCohorts([[conv_net(1, 2, 4)] * 2], step_size=0.1)
    with pytest.raises(ValueError, match="finite orders"):
        StackedCohorts(models, step_size=0.1, alpha=float("inf"))
    with pytest.raises(ValueError, match=r"beta is -1\.0"):
        StackedCohorts(models, step_size=0.1, beta=-1.0)
    with pytest.raises(ValueError, match=r"beta has shape \(2,\); one number, or 3"):
        StackedCohorts(models, step_size=0.1, beta=torch.ones(2))
    with pytest.raises(ValueError, match="at least 2"):
        StackedCohorts([[softmax_regression(5, 4)]], step_size=0.1)
    assert StackedCohorts([[softmax_regression(5, 4)]], step_size=0.1, beta=0.0).learners == 1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"step_size": float("nan")}, "step_size is nan; a positive"),
        ({"step_size": torch.tensor([0.1, -0.1, 0.1])}, "step_size is tensor.*; a positive"),
        ({"temperature": 0.0}, r"temperature is 0\.0; a positive"),
        ({"momentum": 1.0}, r"momentum is 1\.0; a number in \[0, 1\)"),
        ({"nesterov": True}, "nesterov is True with momentum 0; a positive momentum"),
        ({"weight_decay": -1.0}, r"weight_decay is -1\.0; a finite"),
    ],
    ids=str,
)
def test_numbers_that_no_descent_can_take_are_named(settings, words):
    with pytest.raises(ValueError, match=words):
        StackedCohorts(cohorts(), **{"step_size": 0.1} | settings)


def test_batches_that_do_not_fit_are_named():
    engine = StackedCohorts(cohorts(), step_size=0.1)
    (inputs, *_), (labels, *_) = data(1)
    for wrong in (
        (inputs[0], labels[0, :3]),
        (inputs[0, :, :4], labels[0]),
        (inputs[:2], labels[:2]),
        (inputs[0, :0], labels[0, :0]),
    ):
        with pytest.raises(ValueError, match=r"inputs have shape .*; 5 features for each label are needed"):
            engine.step(*wrong)
    with pytest.raises(ValueError, match="5 features for each label"):
        engine.losses(inputs[0], labels[0, :3])
    with pytest.raises(TypeError, match="labels has dtype"):
        engine.step(inputs[0], labels[0].double())
    with pytest.raises(ValueError, match=r"labels span \[4, 4\]; logits of 4 classes"):
        engine.step(inputs[0], labels[0] * 0 + 4)


def test_steps_that_leave_it_untouched() -> None:
    engine, other = (StackedCohorts(cohorts(), step_size=0.2, momentum=0.9) for _ in range(2))
    inputs, labels = data(2)
    step = fixed_step(engine, inputs[0], labels[0])  # on the CPU the plain step: there is nothing to capture
    step(inputs[0], labels[0])
    with engine.untouched():
        engine.step(inputs[1], labels[1])
        engine.step(inputs[1], labels[1])
    step(inputs[1], labels[1])
    other.step(inputs[0], labels[0])
    other.step(inputs[1], labels[1])
    assert torch.equal(engine.logits(inputs[0, 0]), other.logits(inputs[0, 0]))
