r"""Lower certificates: explicit runs in the problem's class, held against its conditions in exact arithmetic.

Without noise the run is given by its gradients and biases as rational vectors; points, and the least function
values that a 1-smooth function can have there, follow exactly. With noise the run is the radial one on
`F = ‖x‖²/2`, whose `‖x_t‖` is deterministic.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TypeVar

import numpy as np

from proofs.performance.problem import Problem

Vector = tuple[Fraction, ...]
Number = TypeVar("Number", Fraction, float)
GRID = 2**48
"""Coordinates are rounded to multiples of 1/GRID."""


@dataclass(frozen=True)
class InterpolatedRun:
    """A deterministic run through gradients and biases in R^d that belong to some 1-smooth function.

    Args:
        problem: the class it is to belong to (no noise).
        gradients: `g_0 … g_{T−1}`.
        biases: `b_0 … b_{T−2}`.
    """

    problem: Problem
    gradients: tuple[Vector, ...]
    biases: tuple[Vector, ...]

    @cached_property
    def points(self) -> tuple[Vector, ...]:
        """`x_0 = 0`, `x_{t+1} = x_t − h(g_t + b_t)`."""
        point = (Fraction(0),) * len(self.gradients[0])
        points = [point]
        for gradient, bias in zip(self.gradients, self.biases, strict=False):
            moved = zip(point, gradient, bias, strict=True)
            point = tuple(x - self.problem.step_size * (g + b) for x, g, b in moved)
            points.append(point)
        return tuple(points)

    @cached_property
    def values(self) -> tuple[Fraction, ...] | None:
        """Least `F(x_t) − F*` that satisfy the interpolation conditions; None if no values do.

        The conditions are `F_i ≥ F_j + c_ij` and `F_i ≥ ½‖g_i‖²`: longest paths, which exist iff no cycle
        gains.
        """
        steps = range(self.problem.steps)
        gains = {(i, j): self._gain(i, j) for i in steps for j in steps if i != j}
        if any(gain + gains[j, i] > 0 for (i, j), gain in gains.items()):
            return None
        values = [_dot(gradient, gradient) / 2 for gradient in self.gradients]
        for _ in steps:
            raised = [max([values[i], *(values[j] + gains[i, j] for j in steps if j != i)]) for i in steps]
            if raised == values:
                return tuple(values)
            values = raised
        return None

    @cached_property
    def value(self) -> Fraction:
        """The metric on this run."""
        return metric_of(self.problem, [_dot(gradient, gradient) for gradient in self.gradients])

    @cached_property
    def holds(self) -> bool:
        """Whether the run belongs to the problem's class; decided in rational arithmetic."""
        problem = self.problem
        if len(self.gradients) != problem.steps or len(self.biases) != problem.steps - 1:
            return False
        if problem.noisy or len({len(vector) for vector in self.gradients + self.biases}) != 1:
            return False
        bounded = all(
            _dot(b, b) <= problem.bias_bound_squared + problem.relative_bias * _dot(g, g)
            for g, b in zip(self.gradients, self.biases, strict=False)
        )
        return bounded and self.values is not None and self.values[0] <= 1

    def _gain(self, i: int, j: int) -> Fraction:
        g_i, g_j = self.gradients[i], self.gradients[j]
        moved = tuple(x - y for x, y in zip(self.points[i], self.points[j], strict=True))
        turned = tuple(x - y for x, y in zip(g_i, g_j, strict=True))
        total = tuple(x + y for x, y in zip(g_i, g_j, strict=True))
        return _dot(total, moved) / 2 + (_dot(turned, turned) - _dot(moved, moved)) / 4


@dataclass(frozen=True)
class RadialRun:
    r"""The run on `F = ‖x‖²/2` in the plane, from `‖x_0‖² = 2`, with radial bias and tangential noise.

    With `b = ∓√(ms + ζ²)·x/‖x‖` (− for h ≤ 1) and `n = ±σ·x⊥/‖x‖`, `s_t = ‖∇F(x_t)‖²` is deterministic:
    `s_{t+1} = (|1−h|√s_t + h√(m s_t + ζ²))² + h²σ²`, an increasing function of `s_t`.

    Args:
        problem: the class it belongs to.
        squares: rational lower bounds of `s_0 … s_{T−1}`.
    """

    problem: Problem
    squares: tuple[Fraction, ...]

    @cached_property
    def value(self) -> Fraction:
        """A lower bound of the metric on this run."""
        return metric_of(self.problem, self.squares)

    @cached_property
    def holds(self) -> bool:
        """Whether each number bounds its square from below, given that the one before does."""
        problem, h = self.problem, self.problem.step_size
        if len(self.squares) != problem.steps or not 0 <= self.squares[0] <= 2 or min(self.squares) < 0:
            return False
        for s, following in zip(self.squares, self.squares[1:], strict=False):
            bias = problem.relative_bias * s + problem.bias_bound_squared
            cross = following - (1 - h) ** 2 * s - h**2 * (bias + problem.noise_variance)
            if cross > 0 and cross**2 > (2 * h * (1 - h)) ** 2 * s * bias:
                return False
        return True


LowerCertificate = InterpolatedRun | RadialRun


def metric_of(problem: Problem, squares: Sequence[Number]) -> Number:
    """The problem's metric of T squared gradient norms."""
    if problem.metric == "average":
        return sum(squares, start=squares[0] * 0) / problem.steps
    return min(squares) if problem.metric == "minimum" else squares[-1]


def radial_run(problem: Problem) -> RadialRun:
    """The radial run, its squares rounded down."""
    h = problem.step_size
    squares = [Fraction(2)]
    for _ in range(problem.steps - 1):
        s = squares[-1]
        bias = problem.relative_bias * s + problem.bias_bound_squared
        root = _root(s * bias)
        exact = (1 - h) ** 2 * s + h**2 * (bias + problem.noise_variance) + 2 * h * abs(1 - h) * root
        squares.append(Fraction(math.floor(exact * GRID), GRID))
    return RadialRun(problem, tuple(squares))


def quadratic_run(problem: Problem) -> InterpolatedRun:
    r"""The run on `F = x²/2` from `x_0 = √2` whose bias makes the next gradient as large as it can."""
    h = problem.step_size
    gradients, biases = [_root(Fraction(2))], []
    for _ in range(problem.steps - 1):
        g = gradients[-1]
        allowed = _root(problem.bias_bound_squared + problem.relative_bias * g**2)
        biases.append(-allowed if ((1 - h) * g >= 0) else allowed)
        gradients.append((1 - h) * g - h * biases[-1])
    return InterpolatedRun(problem, tuple((g,) for g in gradients), tuple((b,) for b in biases))


def interpolated_run(problem: Problem, gram: np.ndarray, wanted: float) -> InterpolatedRun:
    """A run that belongs to the class exactly and reaches the `wanted` value, or else the best one found.

    The run on the quadratic is tried first; then, near a solver's Gram matrix, one on a line with biases
    against gradients and one in the dimension that the Gram matrix has. What rounding and the solver's
    tolerance break is mended with a ramp: a little of the run on a linear function, which satisfies all
    conditions strictly, in a dimension of its own.
    """
    best = quadratic_run(problem)
    if best.value >= wanted or not np.isfinite(gram).all():
        return best
    for gradients, biases in _factors(problem, gram):
        run = next((run for run in _mended(problem, gradients, biases) if run.holds), None)
        if run is not None and run.value > best.value:
            best = run
        if best.value >= wanted:
            break
    return best


def _factors(problem: Problem, gram: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Gradients `(T, d)` and biases `(T − 1, d)`, the latter cut back to what is allowed."""
    moves = range(problem.steps - 1)
    of_gradients = [problem.gradient(t) for t in range(problem.steps)]
    of_biases = [problem.bias(t) for t in moves] if problem.biased else of_gradients[:-1]
    squares = np.clip(np.diag(gram), 0.0, None)
    allowed = float(problem.bias_bound_squared) + float(problem.relative_bias) * squares[of_gradients[:-1]]
    shrink = np.sqrt(np.minimum(1.0, allowed / np.maximum(squares[of_biases], np.finfo(float).tiny)))[:, None]
    eigenvalues, eigenvectors = np.linalg.eigh(gram)
    kept = eigenvalues > 1e-6 * eigenvalues[-1]
    space = eigenvectors[:, kept] * np.sqrt(eigenvalues[kept])
    for vectors, sign in ((np.sqrt(squares)[:, None], -1.0), (space, 1.0)):
        yield vectors[of_gradients], sign * shrink * vectors[of_biases]


def _mended(problem: Problem, gradients: np.ndarray, biases: np.ndarray) -> Iterator[InterpolatedRun]:
    slope = Fraction(1, math.isqrt(math.ceil(problem.step_size * (problem.steps - 1)) + 1) + 1)
    for exponent in range(24, 7, -2):
        ramp = Fraction(1, 2**exponent)
        yield InterpolatedRun(
            problem,
            gradients=_beside(gradients, 1 - ramp**2, ramp * slope),
            biases=_beside(biases, 1 - ramp**2, Fraction(0)),
        )


def _beside(vectors: np.ndarray, factor: Fraction, added: Fraction) -> tuple[Vector, ...]:
    """Rounded vectors times a factor, with one more coordinate."""
    return tuple(
        (*(factor * Fraction(round(x * GRID), GRID) for x in vector), added) for vector in vectors.tolist()
    )


def _root(square: Fraction) -> Fraction:
    """A square root, rounded down to the grid."""
    return Fraction(math.isqrt(math.floor(square * GRID**2)), GRID)


def _dot(left: Vector, right: Vector) -> Fraction:
    return sum((x * y for x, y in zip(left, right, strict=True)), Fraction(0))
