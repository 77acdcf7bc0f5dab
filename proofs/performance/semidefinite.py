r"""The semidefinite programme of a `Problem`, solved in floating point for candidates of both certificates.

Primal: maximise the metric over scalars s and Gram matrices G ⪰ 0 under the problem's inequalities. Dual,
which is what the solver is given because it has far fewer variables: multipliers λ ≥ 0 (free for equalities)
with

`Σ λ_p scalars_p + objective scalars = 0` and `S(λ) = −Σ λ_p gram_p − objective gram ⪰ 0`,

minimising `Σ λ_p constant_p`. With consecutive inequalities S is banded, and the solver splits the cone into
small ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import clarabel
import numpy as np
from scipy import sparse

from proofs.performance.inequality import Form, Inequality, Name, objective
from proofs.performance.problem import Problem

Entry = tuple[int, int, float]
TOLERANCE = 1e-10


@dataclass(frozen=True)
class Solution:
    """What the solver returned; nothing in it is to be believed without a certificate.

    Args:
        solver_status: in the solver's words.
        value: its dual objective.
        multipliers: by the inequalities' names; empty if the solver has no point to show.
        gram: the matching Gram matrix.
        iterations: of the interior-point method.
        seconds: spent in the solver.
    """

    solver_status: str
    value: float
    multipliers: dict[Name, float]
    gram: np.ndarray
    iterations: int
    seconds: float


def solve(problem: Problem, inequalities: Sequence[Inequality], *, margin: float = 0.0) -> Solution:
    """Solve the dual with `S ⪰ margin·I`, so that rounding its multipliers leaves S positive definite."""
    scalar_rows, scalar_targets = _scalar_equations(problem, inequalities)
    signed = [column for column, each in enumerate(inequalities) if not each.equality]
    matrix = sparse.vstack(
        [
            scalar_rows,
            sparse.csc_matrix(
                (-np.ones(len(signed)), (range(len(signed)), signed)), (len(signed), len(inequalities))
            ),
            _triangles(problem.dimension, [each.gram for each in inequalities]),
        ]
    ).tocsc()
    _, target = objective(problem)
    shift = _triangles(problem.dimension, [target]).toarray()[:, 0] * -1.0
    shift[[_triangle_index(p, p) for p in range(problem.dimension)]] -= margin
    cones = [
        clarabel.ZeroConeT(len(scalar_targets)),
        clarabel.NonnegativeConeT(len(signed)),
        clarabel.PSDTriangleConeT(problem.dimension),
    ]
    cost = np.array([float(each.constant) for each in inequalities])
    right = np.concatenate([scalar_targets, np.zeros(len(signed)), shift])
    solver = clarabel.DefaultSolver(
        sparse.csc_matrix((len(cost), len(cost))), cost, matrix, right, cones, _settings()
    )
    try:
        found = solver.solve()
    except BaseException as panic:  # the class that a panic in Rust arrives as cannot be imported
        if type(panic).__name__ != "PanicException":
            raise
        nothing = np.full((problem.dimension, problem.dimension), np.nan)
        return Solution(f"panic: {panic}", math.nan, {}, nothing, 0, math.nan)
    multipliers = np.array(found.x)
    usable = bool(np.isfinite(multipliers).all())
    names = [each.name for each in inequalities]
    return Solution(
        solver_status=str(found.status),
        value=found.obj_val,
        multipliers=dict(zip(names, multipliers.tolist(), strict=True)) if usable else {},
        gram=_square(problem.dimension, np.array(found.z)[-len(shift) :]),
        iterations=found.iterations,
        seconds=found.solve_time,
    )


def _settings() -> clarabel.DefaultSettings:
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_feas = settings.tol_gap_abs = settings.tol_gap_rel = TOLERANCE
    settings.max_iter = 500
    return settings


def _scalar_equations(
    problem: Problem, inequalities: Sequence[Inequality]
) -> tuple[sparse.csc_matrix, np.ndarray]:
    scalars, _ = objective(problem)
    count = problem.steps + (problem.metric == "minimum")
    rows = _sparse(
        (count, len(inequalities)),
        (
            (row, column, float(coefficient))
            for column, each in enumerate(inequalities)
            for row, coefficient in each.scalars.items()
        ),
    )
    return rows, np.array([-float(scalars.get(row, Fraction(0))) for row in range(count)])


def _triangles(dimension: int, forms: Sequence[Form]) -> sparse.csc_matrix:
    """Column k: the symmetric matrix of form k as the solver stacks it, off-diagonals scaled by √2."""
    entries = (
        (_triangle_index(p, q), column, float(value) * (1.0 if p == q else math.sqrt(0.5)))
        for column, form in enumerate(forms)
        for (p, q), value in form.items()
    )
    return _sparse((dimension * (dimension + 1) // 2, len(forms)), entries)


def _triangle_index(row: int, column: int) -> int:
    """Position of the entry (row ≤ column) in the upper triangle stacked by columns."""
    return column * (column + 1) // 2 + row


def _sparse(shape: tuple[int, int], entries: Iterable[Entry]) -> sparse.csc_matrix:
    table = np.array(list(entries), dtype=float).reshape(-1, 3)
    return sparse.csc_matrix((table[:, 2], (table[:, 0].astype(int), table[:, 1].astype(int))), shape)


def _square(dimension: int, triangle: np.ndarray) -> np.ndarray:
    columns, rows = np.tril_indices(dimension)
    matrix = np.empty((dimension, dimension))
    values = triangle * np.where(rows == columns, 1.0, math.sqrt(0.5))
    matrix[rows, columns] = matrix[columns, rows] = values
    return matrix
