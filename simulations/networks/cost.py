"""What mutual learning costs: time per step of independent learners, DML and RDML, measured side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import torch
from torch import nn

from convergence.threads import one_thread
from simulations.networks.arms import Arm, Budget
from simulations.networks.cohort import train_cohort
from simulations.networks.data import Dataset
from simulations.networks.models import PERCEPTRONS, build
from simulations.networks.stacked import StackedCohorts

ARMS = (Arm(1.0, 0.0), Arm(1.0, 1.0), Arm(1.5, 1.0))


@dataclass(frozen=True)
class Cost:
    """Medians of ratios of neighbouring timings of a step."""

    engine: str
    mutual_over_independent: float
    renyi_over_mutual: float


def step_costs(data: Dataset, budget: Budget, *, rounds: int = 31, steps: int = 5) -> list[Cost]:
    """Costs of the plain modules' loop and, where the model can be stacked, of the stacked engine.

    Each round times the three kinds of learning one after the other, so that what else the machine does
    meets all three; one thread.
    """
    with one_thread():
        engines = [("modules", [_module_steps(arm, data, budget, steps) for arm in ARMS])]
        if budget.model in PERCEPTRONS:
            engines.append(("stacked", [_stacked_steps(arm, data, budget, 10 * steps) for arm in ARMS]))
        return [_cost(name, runs, rounds) for name, runs in engines]


def _cost(name: str, runs: Sequence[Callable[[], None]], rounds: int) -> Cost:
    for run in runs:
        run()
    times = [[_seconds(run) for run in runs] for _ in range(rounds)]
    return Cost(
        name,
        median(mutual / independent for independent, mutual, _ in times),
        median(renyi / mutual for _, mutual, renyi in times),
    )


def _seconds(run: Callable[[], None]) -> float:
    """Processor time, which what else the machine does leaves alone; with a GPU the time that passes."""
    clock = time.perf_counter if torch.cuda.is_available() else time.process_time
    begun = clock()
    run()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return clock() - begun


def _learners(data: Dataset, budget: Budget) -> list[nn.Module]:
    device = data.train_labels.device
    return [build(budget.model, data, seed=k).to(device) for k in range(budget.learners)]


def _module_steps(arm: Arm, data: Dataset, budget: Budget, steps: int) -> Callable[[], None]:
    models = _learners(data, budget)
    optimizers = [
        torch.optim.SGD(m.parameters(), lr=budget.step_size, momentum=budget.momentum) for m in models
    ]
    batch = (data.train_inputs[: budget.batch_size], data.train_labels[: budget.batch_size])

    def run() -> None:
        train_cohort(models, optimizers, [batch], steps=steps, alpha=arm.alpha, beta=arm.beta)

    return run


def _stacked_steps(arm: Arm, data: Dataset, budget: Budget, steps: int) -> Callable[[], None]:
    engine = StackedCohorts(
        [_learners(data, budget)],
        step_size=budget.step_size,
        momentum=budget.momentum,
        alpha=arm.alpha,
        beta=arm.beta,
    )
    inputs, labels = data.train_inputs[: budget.batch_size], data.train_labels[: budget.batch_size]

    def run() -> None:
        for _ in range(steps):
            engine.step(inputs, labels)

    return run
