"""Whole paths, on which the ledger and the pathwise sandwich hold replica by replica."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from simulations.ensemble.run import simulate
from simulations.experiments.evidence import Evidence
from simulations.problems import problem
from simulations.problems.problem import Problem

STEPS = 200
REPLICAS = 16
MOMENTUM = 0.8


def paths(seed: int) -> list[Evidence]:
    """Plain SGD at step sizes below and above the stable ones, momentum of both kinds, weight decay."""
    found = []
    for name in ("quadratic", "double-well", "rastrigin", "rdml-logits"):
        made = problem(name)
        for fraction in (0.3, 1.5):
            found.append(_plain(made, fraction * made.largest_step_size, seed))
        found.append(_plain(made, 0.3 * made.largest_step_size, seed, weight_decay=0.05))
        for nesterov in (False, True):
            found.append(_momentum(made, 0.1 * made.largest_step_size, seed, nesterov))
    return found


def _plain(made: Problem, step_size: float, seed: int, **options: Any) -> Evidence:
    path = simulate(
        made, step_size=step_size, steps=STEPS, replicas=REPLICAS, seed=seed, path=True, **options
    ).path
    words = f"paths of {made.name}" + (" with weight decay" if options else "")
    return Evidence(("ledger", "pathwise"), path | {"step_size": _each(step_size)}, words)


def _momentum(made: Problem, step_size: float, seed: int, nesterov: bool) -> Evidence:
    """The steps of the virtual iterate; as everywhere in the ledger the step size is its own, η/(1−γ)."""
    path = simulate(
        made,
        step_size=step_size,
        steps=STEPS,
        replicas=REPLICAS,
        seed=seed,
        path=True,
        momentum=MOMENTUM,
        nesterov=nesterov,
    ).path
    words = f"paths of {made.name} with {'Nesterov' if nesterov else 'heavy-ball'} momentum"
    settings = {
        "step_size": _each(step_size / (1 - MOMENTUM)),
        "momentum": _each(MOMENTUM),
        "nesterov": _each(float(nesterov)),
    }
    return Evidence(("momentum-iterate", "ledger", "pathwise"), path | settings, words)


def _each(value: float) -> Tensor:
    return torch.full((REPLICAS,), value, dtype=torch.float64)
