"""Where does a cohort come to rest, over the order and the weight of mutual learning? A phase diagram."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from convergence.divergence import renyi_divergence
from simulations.ensemble.run import simulate
from simulations.problems import problem
from simulations.problems.problem import Problem

RESIDUAL = 1e-9
"""`‖∇F + b‖` at which a cohort is taken to rest."""

DOUBLINGS = 8


@dataclass(frozen=True)
class Cell:
    """A cohort at rest: the floor of RDML for step size → 0.

    Args:
        alpha: order.
        beta: weight.
        learner_floors: `‖∇F_k‖²` of each learner.
        joint_floor: their sum, `‖∇F‖²`.
        potential_floor: `‖∇Φ‖²` of the joint potential; None where α ≠ ½ and there is none.
        disagreement: mean of `D_α(p_j‖p_k)` over ordered pairs.
        residual: `‖∇F + b‖`, which is 0 at rest.
        steps: taken.
    """

    alpha: float
    beta: float
    learner_floors: tuple[float, ...]
    joint_floor: float
    potential_floor: float | None
    disagreement: float
    residual: float
    steps: int

    @property
    def at_rest(self) -> bool:
        """Whether the residual fell to `RESIDUAL`."""
        return self.residual <= RESIDUAL


@dataclass(frozen=True)
class Phase:
    """Cells for every pair of orders and weights, orders in the outer loop."""

    alphas: tuple[float, ...]
    betas: tuple[float, ...]
    cells: tuple[Cell, ...]

    def to_json(self) -> dict[str, object]:
        """JSON-ready form."""
        cells = [vars(cell) | {"learner_floors": list(cell.learner_floors)} for cell in self.cells]
        return {"alphas": list(self.alphas), "betas": list(self.betas), "cells": cells}


def phase(
    alphas: Sequence[float],
    betas: Sequence[float],
    *,
    progress: Callable[[str], None] = lambda _: None,
    **parameters: Any,
) -> Phase:
    """Descend `rdml-logits` without noise until it rests, at every pair of order and weight.

    Noise adds a term of order η to these floors, so that they are what is left for η → 0.

    Args:
        alphas: orders, each in [0, ∞).
        betas: weights, each ≥ 0.
        progress: told of each order.
        **parameters: other parameters of `rdml-logits`.
    """
    if not alphas or not betas:
        raise ValueError("alphas and betas must hold at least one value each")
    cells = []
    for alpha in alphas:
        progress(f"α = {alpha:g}")
        for beta in betas:
            made = problem("rdml-logits", alpha=alpha, beta=beta, noise_variance=0.0, **parameters)
            cells.append(_cell(made, alpha, beta))
    return Phase(tuple(alphas), tuple(betas), tuple(cells))


def _cell(made: Problem, alpha: float, beta: float) -> Cell:
    # V = ∇F + b has Jacobian eigenvalues up to about (1 + β max(1, α))/2 in size
    step_size = 1 / (0.5 * (1 + beta * max(1.0, alpha)))
    for doubling in range(DOUBLINGS + 1):
        run = simulate(made, step_size=step_size, steps=500 << doubling, replicas=2)
        x = torch.from_numpy(run.final[:1])
        gradient = made.gradient(x)
        field = gradient + made.bias.function(x, gradient) if made.bias else gradient
        if run.diverged or float(field.norm()) <= RESIDUAL:
            break
    learners = int(made.parameters["learners"])
    floors = gradient.unflatten(1, (learners, -1)).square().sum(2)[0]
    logits = x.unflatten(1, (learners, -1))
    pairs = renyi_divergence(logits[:, :, None], logits[:, None], alpha=alpha)
    return Cell(
        alpha=alpha,
        beta=beta,
        learner_floors=tuple(floors.tolist()),
        joint_floor=float(floors.sum()),
        potential_floor=float(field.square().sum()) if alpha == 0.5 else None,
        disagreement=float(pairs.sum() / (learners * (learners - 1))),
        residual=float(field.norm()),
        steps=run.steps,
    )
