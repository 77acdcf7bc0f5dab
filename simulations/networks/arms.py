"""The same cohorts trained under several orders and weights: equal initial weights, batches and budgets."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from simulations.networks.captured import fixed_step
from simulations.networks.cohort import train_cohort
from simulations.networks.data import Dataset
from simulations.networks.models import PERCEPTRONS, build
from simulations.networks.result import DIVERGED, score_logits
from simulations.networks.sampling import BatchOrder, learner_seed
from simulations.networks.settings import check_descent
from simulations.networks.stacked import StackedCohorts


@dataclass(frozen=True)
class Arm:
    """Order α and weight β of the mutual term; β = 0 for independent learners."""

    alpha: float
    beta: float

    def __str__(self) -> str:
        if self.beta == 0:
            return "independent"
        name = "DML" if self.alpha == 1 else f"RDML α={self.alpha:g}"
        return f"{name}, β={self.beta:.3g}"


@dataclass(frozen=True)
class Budget:
    """What every arm may spend, and how: SGD with momentum, K learners of one model."""

    model: str = "mlp"
    learners: int = 2
    steps: int = 600
    batch_size: int = 64
    step_size: float = 0.05
    momentum: float = 0.9

    def __post_init__(self) -> None:
        check_descent(self.learners, self.steps, self.batch_size, self.step_size, self.momentum)


@dataclass(frozen=True)
class Outcome:
    """One arm at one seed: means over the learners.

    Where a learner diverged, scores are NaN and the validation loss, by which weights are chosen, is infinite.
    """

    accuracy: float
    loss: float
    calibration_error: float
    validation_loss: float

    @property
    def diverged(self) -> bool:
        """Whether a learner ended with a validation loss above `DIVERGED`."""
        return math.isinf(self.validation_loss)


def with_validation(data: Dataset) -> tuple[Dataset, Tensor, Tensor]:
    """The data set without every fifth training sample, and these, for choices blind to the test."""
    held_out = torch.arange(len(data.train_labels), device=data.train_labels.device) % 5 == 0
    rest = replace(data, train_inputs=data.train_inputs[~held_out], train_labels=data.train_labels[~held_out])
    return rest, data.train_inputs[held_out], data.train_labels[held_out]


def train_arms(
    arms: Sequence[Arm],
    seeds: Sequence[int],
    data: Dataset,
    budget: Budget,
    *,
    progress: Callable[[str], None] = lambda words: None,
) -> dict[Arm, list[Outcome]]:
    """Every arm at every seed; a seed is the initial weights and the batches, the same for all arms.

    Validation samples are held out of the training set (`with_validation`). Perceptrons are trained all at
    once (`StackedCohorts`), other models one cohort after another.
    """
    train, inputs, labels = with_validation(data)
    cohorts = [(arm, seed) for arm in arms for seed in seeds]
    models = [_learners(budget, train, seed) for _, seed in cohorts]
    if budget.model in PERCEPTRONS:
        _train_stacked(cohorts, models, seeds, train, budget, progress)
    else:
        _train_apart(cohorts, models, train, budget, progress)
    outcomes: dict[Arm, list[Outcome]] = {arm: [] for arm in arms}
    for (arm, _), learners in zip(cohorts, models, strict=True):
        outcomes[arm].append(_outcome(learners, train, inputs, labels))
    return outcomes


def _learners(budget: Budget, data: Dataset, seed: int) -> list[nn.Module]:
    return [
        build(budget.model, data, seed=learner_seed(seed, k)).to(data.train_labels.device)
        for k in range(budget.learners)
    ]


def _train_stacked(
    cohorts: Sequence[tuple[Arm, int]],
    models: Sequence[Sequence[nn.Module]],
    seeds: Sequence[int],
    data: Dataset,
    budget: Budget,
    progress: Callable[[str], None],
) -> None:
    engine = StackedCohorts(
        models,
        step_size=budget.step_size,
        momentum=budget.momentum,
        alpha=torch.tensor([arm.alpha for arm, _ in cohorts]),
        beta=torch.tensor([arm.beta for arm, _ in cohorts]),
    )
    orders = [BatchOrder(len(data.train_labels), budget.batch_size, seed) for seed in seeds]
    copies, take = len(cohorts) // len(seeds), None
    for step in range(budget.steps):
        if step % 50 == 0:
            progress(f"{data.name}: {len(cohorts)} cohorts at once, step {step} of {budget.steps}")
        rows = torch.stack([order.rows(step) for order in orders]).to(data.train_labels.device)
        inputs, labels = data.train_inputs[rows].flatten(2), data.train_labels[rows]
        batch = (inputs.repeat(copies, 1, 1), labels.repeat(copies, 1))
        take = take or fixed_step(engine, *batch)
        take(*batch)
    engine.write_back(models)


def _train_apart(
    cohorts: Sequence[tuple[Arm, int]],
    models: Sequence[Sequence[nn.Module]],
    data: Dataset,
    budget: Budget,
    progress: Callable[[str], None],
) -> None:
    for index, ((arm, seed), learners) in enumerate(zip(cohorts, models, strict=True)):
        progress(f"{data.name}: {arm}, seed {seed}, cohort {index + 1} of {len(cohorts)}")
        order = BatchOrder(len(data.train_labels), budget.batch_size, seed)
        rows = (order.rows(step).to(data.train_labels.device) for step in range(budget.steps))
        optimizers = [
            torch.optim.SGD(model.parameters(), lr=budget.step_size, momentum=budget.momentum)
            for model in learners
        ]
        train_cohort(
            learners,
            optimizers,
            islice(((data.train_inputs[r], data.train_labels[r]) for r in rows), budget.steps),
            steps=budget.steps,
            alpha=arm.alpha,
            beta=arm.beta,
        )


@torch.no_grad()
def _outcome(learners: Sequence[nn.Module], data: Dataset, inputs: Tensor, labels: Tensor) -> Outcome:
    validation = [model.eval()(inputs) for model in learners]
    losses = [float(cross_entropy(seen.double(), labels)) for seen in validation]
    if not all(loss <= DIVERGED for loss in losses):
        return Outcome(math.nan, math.nan, math.nan, math.inf)
    scores = [
        score_logits(seen, model(data.test_inputs), labels, data.test_labels)
        for seen, model in zip(validation, learners, strict=True)
    ]

    def mean(values: Sequence[float]) -> float:
        return sum(values) / len(values)

    return Outcome(
        accuracy=mean([s.test_accuracy for s in scores]),
        loss=mean([s.test_loss for s in scores]),
        calibration_error=mean([s.calibration_error for s in scores]),
        validation_loss=mean(losses),
    )
