r"""Does Rényi mutual learning generalise better, and does its order do anything that its weight does not?

Near agreement RDML(α, β) is DML with weight αβ (`order-as-weight`). So every RDML(α, β) is set beside DML at β
(what is usually compared), beside DML at αβ (the control), and, each at the weight that validation samples
choose for it from one grid of αβ, beside DML (tuned). Pairs share initial weights, batches and budget.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import torch

from convergence.statistics.intervals import mean_interval
from convergence.threads import one_thread
from simulations.device import chosen_device
from simulations.experiments.comparison import METRICS, Comparison, Difference
from simulations.networks.arms import Arm, Budget, Outcome, train_arms
from simulations.networks.cost import step_costs
from simulations.networks.data import Dataset, load

INDEPENDENT = Arm(1.0, 0.0)
STEPS = {"digits": 600, "mnist1d": 1500}


def compare(
    *,
    data: str = "digits",
    path: Path | None = None,
    model: str = "mlp",
    learners: int = 2,
    seeds: int = 10,
    orders: Sequence[float] = (0.5, 1.5, 2.0),
    beta: float = 1.0,
    weights: Sequence[float] = (0.5, 1.0, 2.0, 4.0, 8.0),
    steps: int | None = None,
    batch_size: int = 64,
    step_size: float = 0.05,
    momentum: float = 0.9,
    seed: int = 0,
    device: str = "cpu",
    progress: Callable[[str], None] = lambda words: None,
) -> Comparison:
    """Train all arms at all seeds with equal budgets and compare them, paired by seed.

    Args:
        data: as in `data.load`; so `path`.
        path: of the CIFAR archive or folder.
        model: as in `models.build`; perceptrons are trained all at once, others cohort by cohort.
        learners: K ≥ 2.
        seeds: runs of every arm, at least 2.
        orders: α of the RDML arms, none of them 1.
        beta: weight at which orders are compared with DML and with the control.
        weights: increasing grid of αβ, the same for every order, from which validation chooses one for each.
        steps: of every run; by default 600 on digits, 1500 on others.
        batch_size: of every run; so `step_size` and `momentum`.
        step_size: η.
        momentum: γ.
        seed: the first of the seeds.
        device: where to train.
        progress: told what is being done.

    Raises:
        ValueError: settings that cannot be compared.
    """
    if seeds < 2 or learners < 2:
        raise ValueError(f"seeds is {seeds} and learners {learners}; at least 2 of each are needed")
    if not orders or 1.0 in orders or not all(0 < order < math.inf for order in orders):
        raise ValueError(
            f"orders is {tuple(orders)}; at least one, all positive and finite and none 1 (DML), is needed"
        )
    for name, values in (("weights", weights), ("beta", (beta,))):
        if not all(0 < value < math.inf for value in values):
            raise ValueError(f"{name} holds {', '.join(map(str, values))}; positive numbers are needed")
    if not weights or list(weights) != sorted(set(weights)):
        raise ValueError(f"weights is {tuple(weights)}; increasing ones are needed")
    steps = STEPS.get(data, STEPS["mnist1d"]) if steps is None else steps
    budget = Budget(model, learners, steps, batch_size, step_size, momentum)
    loaded = load(data, path=path, dtype=torch.float32).to(chosen_device(device))
    arms = [INDEPENDENT, Arm(1.0, beta)]
    arms += [Arm(alpha, beta) for alpha in orders] + [Arm(1.0, alpha * beta) for alpha in orders]
    arms += [Arm(alpha, weight / alpha) for alpha in (1.0, *orders) for weight in weights]
    with one_thread():
        outcomes = train_arms(
            list(dict.fromkeys(arms)), range(seed, seed + seeds), loaded, budget, progress=progress
        )
        return _judge(loaded, budget, seeds, tuple(orders), beta, tuple(weights), outcomes, progress)


def _judge(
    data: Dataset,
    budget: Budget,
    seeds: int,
    orders: tuple[float, ...],
    beta: float,
    weights: tuple[float, ...],
    outcomes: Mapping[Arm, Sequence[Outcome]],
    progress: Callable[[str], None],
) -> Comparison:
    progress(f"{data.name}: timing steps")
    costs = tuple(step_costs(data, budget))
    bare = Comparison(data.name, budget, seeds, orders, beta, weights, outcomes, (), costs)
    pairs: list[tuple[Literal["mutual", "weight", "order", "tuned"], Arm, Arm]] = [
        ("mutual", Arm(1.0, beta), INDEPENDENT)
    ]
    for alpha in orders:
        pairs.append(("weight", Arm(alpha, beta), Arm(1.0, beta)))
        pairs.append(("order", Arm(alpha, beta), Arm(1.0, alpha * beta)))
        pairs.append(("tuned", bare.tuned(alpha), bare.tuned(1.0)))
    confidence = 1 - 0.05 / len(pairs)
    found = []
    for metric in METRICS:
        for kind, arm, rival in pairs:
            gaps = [
                getattr(one, metric) - getattr(other, metric)
                for one, other in zip(outcomes[arm], outcomes[rival], strict=True)
            ]
            found.append(
                Difference(
                    kind, metric, arm, rival, mean_interval(gaps), mean_interval(gaps, confidence=confidence)
                )
            )
    return Comparison(data.name, budget, seeds, orders, beta, weights, outcomes, tuple(found), costs)
