"""The worst case of constant-step SGD over a class of problems, with certificates on both sides."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from convergence.claims.verdict import Status
from proofs.performance.inequality import Inequality, all_inequalities, consecutive_inequalities
from proofs.performance.lower import (
    InterpolatedRun,
    LowerCertificate,
    interpolated_run,
    metric_of,
    radial_run,
)
from proofs.performance.problem import Metric, Problem, Real, Units, scaled_problem
from proofs.performance.semidefinite import Solution, solve
from proofs.performance.upper import UpperCertificate, certify_upper
from proofs.performance.worst_function import WorstFunction

GAP = 1e-6
"""Relative gap at which a worst case counts as exact, and relative slack allowed to an upper certificate."""
MARGINS = (1e-10, 1e-9, 1e-8)
"""Margins of positive definiteness asked of the solver, until rounding its multipliers leaves a proof."""


@dataclass(frozen=True)
class WorstCase:
    r"""Bounds of the largest metric that SGD can show on a class of problems.

    A number without a certificate is never given: `upper` and `lower` are None where there is none.

    Args:
        problem: the class, in units of smoothness and initial gap.
        units: L and Δ, which all values are given in.
        status: `certified` iff an upper certificate within 1e-6 of the solver's value holds, else `failed`.
        solver_status: in the solver's words, of the programme that gave the upper certificate or failed last.
        upper_certificate: a proof in rational arithmetic that nothing is worse.
        lower_certificate: a run in the class that is as bad as `lower`.
        seconds: from the first inequality to the last check.
    """

    problem: Problem
    units: Units
    status: Status
    solver_status: str
    upper_certificate: UpperCertificate | None
    lower_certificate: LowerCertificate | None
    seconds: float

    @property
    def upper(self) -> float | None:
        """The worst value is proved to be at most this; the certificate's rational number, rounded up."""
        if self.upper_certificate is None:
            return None
        return math.nextafter(float(self.upper_certificate.value * self.units.squared_gradient), math.inf)

    @property
    def lower(self) -> float | None:
        """Some run of the class reaches this; the certificate's rational number, rounded down."""
        if self.lower_certificate is None:
            return None
        return math.nextafter(float(self.lower_certificate.value * self.units.squared_gradient), 0.0)

    @property
    def gap(self) -> float | None:
        """`(upper − lower)/upper`; None without both certificates."""
        upper, lower = self.upper, self.lower
        return None if upper is None or lower is None else (upper - lower) / upper

    @property
    def exact(self) -> bool:
        """Whether both certificates leave a relative gap of at most 1e-6."""
        return self.gap is not None and self.gap <= GAP

    def worst_function(self) -> WorstFunction:
        """The function, start and biases of the lower certificate, in the units that were asked in.

        Raises:
            ValueError: if the lower certificate is no deterministic run (noise), or there is none.
        """
        run = self.lower_certificate
        if not isinstance(run, InterpolatedRun) or run.values is None:
            raise ValueError("no worst function: the lower certificate must be a run without noise")
        smoothness, gap = map(float, self.units)
        slope, length = math.sqrt(smoothness * gap), math.sqrt(gap / smoothness)
        return WorstFunction(
            smoothness=smoothness,
            points=length * np.array(run.points, dtype=float),
            gradients=slope * np.array(run.gradients, dtype=float),
            values=gap * np.array(run.values, dtype=float),
            biases=slope * np.array(run.biases, dtype=float).reshape(-1, len(run.gradients[0])),
        )


def worst_case(
    steps: int,
    step_size: Real,
    smoothness: Real,
    bias_bound: Real,
    relative_bias: Real = 0,
    noise_variance: Real = 0,
    initial_gap: Real = 1,
    metric: Metric = "average",
) -> WorstCase:
    r"""The exact worst case of SGD with constant step size on L-smooth functions, nonconvex ones included.

    `x_{t+1} = x_t − η(∇F(x_t) + b_t + n_t)` with `F(x_0) − F* ≤ Δ`, `‖b_t‖² ≤ m‖∇F(x_t)‖² + ζ²`,
    `E[n_t|past] = 0` and `E‖n_t‖² ≤ σ²`: the largest average (minimum, last) of `E‖∇F(x_t)‖²` over t < T, by
    performance estimation (Drori & Teboulle 2014; Taylor, Hendrickx & Glineur 2017). A float stands for the
    decimal number it prints as.

    With noise the programme is one over expected Gram matrices, which need not belong to a run: the upper
    bound stays a theorem, the lower one is that of the radial run on a quadratic and may lie below it.

    Args:
        steps: T ≥ 1.
        step_size: η > 0.
        smoothness: L > 0.
        bias_bound: ζ ≥ 0.
        relative_bias: m in [0, 1).
        noise_variance: σ² ≥ 0.
        initial_gap: Δ > 0.
        metric: "average", "minimum" or "last" (the gradient at `x_{T−1}`).

    Returns:
        A `WorstCase`; if the solver fails or nothing it returns can be certified, its status is `failed`.

    Raises:
        TypeError: if a parameter is no number.
        ValueError: if a parameter lies outside its range.
    """
    began = perf_counter()
    problem, units = scaled_problem(
        steps=steps,
        step_size=step_size,
        smoothness=smoothness,
        bias_bound=bias_bound,
        relative_bias=relative_bias,
        noise_variance=noise_variance,
        initial_gap=initial_gap,
        metric=metric,
    )
    try:
        solver_status, upper, lower = _certificates(problem)
        status = Status.FAILED if upper is None else Status.CERTIFIED
        result = WorstCase(problem, units, status, solver_status, upper, lower, perf_counter() - began)
        _ = result.gap  # all that is given are floats
    except OverflowError:
        words = "not run: a number of the programme or of its result is too large for a float"
        return WorstCase(problem, units, Status.FAILED, words, None, None, perf_counter() - began)
    return result


def _certificates(problem: Problem) -> tuple[str, UpperCertificate | None, LowerCertificate | None]:
    """The solver's words, and the best certificates, first from few inequalities, then from all."""
    solver_status, upper, lower = "not run", None, None
    for inequalities in (consecutive_inequalities, all_inequalities):
        solution, proved = _bound(problem, inequalities(problem))
        if upper is None or (proved is not None and proved.value < upper.value):
            solver_status, upper = solution.solver_status, proved
        run = _reach(problem, solution)
        if lower is None or run.value > lower.value:
            lower = run
        if upper is not None and upper.value - lower.value <= GAP / 2 * upper.value:
            break
    return solver_status, upper, lower


def _bound(problem: Problem, inequalities: Sequence[Inequality]) -> tuple[Solution, UpperCertificate | None]:
    """The solver's point, and the proof its multipliers round to if that is within 1e-6 of its value."""
    for margin in MARGINS:
        solution = solve(problem, inequalities, margin=margin)
        if not solution.multipliers:
            return solution, None
        certificate = certify_upper(problem, solution.multipliers)
        squares = [solution.gram[p, p] for p in map(problem.gradient, range(problem.steps))]
        if certificate.value <= (1 + GAP) * metric_of(problem, squares) and certificate.holds:
            return solution, certificate
    return solution, None


def _reach(problem: Problem, solution: Solution) -> LowerCertificate:
    if problem.noisy:
        return radial_run(problem)
    return interpolated_run(problem, solution.gram, wanted=(1 - GAP / 2) * solution.value)
