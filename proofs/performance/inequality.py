r"""The inequalities that every run of a `Problem` satisfies, linear in function values and Gram matrix.

Each reads `constant + Σ_k scalars[k]·s_k + Σ_{p≤q} gram[p,q]·E⟨v_p, v_q⟩ ≥ 0`, where `s_t = E F(x_t) − F*`
for t < T, `s_T` is the value of the metric "minimum", and v is the basis of the problem. That points,
gradients and values belong to a 1-smooth function iff all `interpolation` inequalities hold is due to Taylor,
Hendrickx & Glineur (2017); that the function can be bounded below by F* iff, moreover, all `above_optimum`
hold, to Drori & Shamir (2020).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from proofs.performance.problem import Combination, Problem

Form = dict[tuple[int, int], Fraction]
"""Coefficients of the inner products `⟨v_p, v_q⟩`, p ≤ q."""

Name = tuple[str | int, ...]
"""Which inequality: its kind and the steps it is about."""

HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Inequality:
    """One valid inequality; `equality` says that its left side is exactly zero."""

    name: Name
    constant: Fraction
    scalars: Combination
    gram: Form
    equality: bool = False


def inequality(problem: Problem, name: Name) -> Inequality:
    """The inequality of this name: what a certificate is read back by.

    Raises:
        ValueError: if the problem has no such inequality.
    """
    kind, *steps = name
    builder = _BUILDERS.get(str(kind))
    if builder is None:
        raise ValueError(f"kind of inequality must be one of {', '.join(_BUILDERS)}, got {kind!r}")
    return builder(problem, *steps)


def interpolation(problem: Problem, i: int, j: int) -> Inequality:
    r"""`2(F_i − F_j) ≥ ⟨g_i + g_j, x_i − x_j⟩ + ½‖g_i − g_j‖² − ½‖x_i − x_j‖²`, i ≠ j."""
    _check_steps(i, j, end=problem.steps)
    if i == j:
        raise ValueError(f"an interpolation inequality is about two different steps, got {i} and {j}")
    earliest = problem.gradient(min(i, j))
    form = _interpolation_form(problem, i - min(i, j), j - min(i, j))
    gram = {(p + earliest, q + earliest): coefficient for (p, q), coefficient in form.items()}
    return Inequality(("interpolation", i, j), Fraction(0), {i: Fraction(2), j: Fraction(-2)}, gram)


@lru_cache(maxsize=256)
def _interpolation_form(problem: Problem, i: int, j: int) -> Form:
    """The form for steps i and j, one of which is 0; for other steps it is the same one, shifted."""
    moved = problem.displacement(i, j)
    g_i, g_j = problem.gradient(i), problem.gradient(j)
    form: Form = {}
    _add_product(form, Fraction(-1), {g_i: Fraction(1), g_j: Fraction(1)}, moved)
    difference = {g_i: Fraction(1), g_j: Fraction(-1)}
    _add_product(form, -HALF, difference, difference)
    _add_product(form, HALF, moved, moved)
    return _nonzero(form)


def above_optimum(problem: Problem, t: int) -> Inequality:
    r"""`2(F_t − F*) ≥ ‖g_t‖²`."""
    _check_steps(t, end=problem.steps)
    g = problem.gradient(t)
    return Inequality(("above-optimum", t), Fraction(0), {t: Fraction(2)}, {(g, g): Fraction(-1)})


def start(problem: Problem) -> Inequality:
    r"""`2 ≥ 2(F_0 − F*)`."""
    return Inequality(("start",), Fraction(2), {0: Fraction(-2)}, {})


def bias(problem: Problem, t: int) -> Inequality:
    r"""`ζ² + m‖g_t‖² ≥ ‖b_t‖²`."""
    if not problem.biased:
        raise ValueError("a problem without bias has no inequality about bias")
    _check_steps(t, end=problem.steps - 1)
    b, g = problem.bias(t), problem.gradient(t)
    gram = _nonzero({(b, b): Fraction(-1), (g, g): problem.relative_bias})
    return Inequality(("bias", t), problem.bias_bound_squared, {}, gram)


def noise(problem: Problem, t: int) -> Inequality:
    r"""`σ² ≥ E‖n_t‖²`."""
    _check_noise(problem, t)
    n = problem.noise(t)
    return Inequality(("noise", t), problem.noise_variance, {}, {(n, n): Fraction(-1)})


def unbiased(problem: Problem, t: int, p: int) -> Inequality:
    r"""`E⟨n_t, v_p⟩ = 0` for every basis vector v_p that is known before `n_t` is drawn."""
    _check_noise(problem, t)
    n = problem.noise(t)
    if not 0 <= p < n:
        raise ValueError(f"noise {t} is uncorrelated with the basis vectors 0 to {n - 1}, got {p}")
    return Inequality(("unbiased", t, p), Fraction(0), {}, {(p, n): Fraction(1)}, equality=True)


def not_below_minimum(problem: Problem, t: int) -> Inequality:
    r"""`‖g_t‖² ≥ s_T`, which makes `s_T` the minimum."""
    _check_steps(t, end=problem.steps)
    g = problem.gradient(t)
    return Inequality(("minimum", t), Fraction(0), {problem.steps: Fraction(-1)}, {(g, g): Fraction(1)})


_BUILDERS: dict[str, Callable[..., Inequality]] = {
    "interpolation": interpolation,
    "above-optimum": above_optimum,
    "start": start,
    "bias": bias,
    "noise": noise,
    "unbiased": unbiased,
    "minimum": not_below_minimum,
}


def objective(problem: Problem) -> tuple[Combination, Form]:
    """What is maximised: coefficients of the scalars and of the Gram matrix."""
    if problem.metric == "minimum":
        return {problem.steps: Fraction(1)}, {}
    weights = {problem.steps - 1: Fraction(1)}
    if problem.metric == "average":
        weights = dict.fromkeys(range(problem.steps), Fraction(1, problem.steps))
    return {}, {(problem.gradient(t), problem.gradient(t)): weight for t, weight in weights.items()}


def consecutive_inequalities(problem: Problem) -> list[Inequality]:
    """All of the problem's inequalities, the interpolation inequalities only between consecutive steps.

    Each involves the basis vectors of one step and the gradient of the next, so the slack matrix is banded.
    Noise is, likewise, only required to be uncorrelated with the gradient and the bias of its own step.
    """
    pairs = [(t, t + 1) for t in range(problem.steps - 1)]
    known = [(t, p) for t, _ in pairs for p in range(problem.gradient(t), problem.noise(t))]
    return _inequalities(problem, pairs + [(j, i) for i, j in pairs], known)


def all_inequalities(problem: Problem) -> list[Inequality]:
    """All inequalities of the problem: necessary and, without noise, sufficient."""
    steps = range(problem.steps)
    pairs = [(i, j) for i in steps for j in steps if i != j]
    known = [(t, p) for t in steps[:-1] for p in range(problem.noise(t))]
    return _inequalities(problem, pairs, known)


def _inequalities(
    problem: Problem, pairs: list[tuple[int, int]], known: list[tuple[int, int]]
) -> list[Inequality]:
    steps, moves = range(problem.steps), range(problem.steps - 1)
    found = [start(problem), *(interpolation(problem, i, j) for i, j in pairs)]
    found += [above_optimum(problem, t) for t in steps]
    if problem.biased:
        found += [bias(problem, t) for t in moves]
    if problem.noisy:
        found += [noise(problem, t) for t in moves]
        found += [unbiased(problem, t, p) for t, p in known]
    if problem.metric == "minimum":
        found += [not_below_minimum(problem, t) for t in steps]
    return found


def _add_product(form: Form, factor: Fraction, left: Combination, right: Combination) -> None:
    for p, left_coefficient in left.items():
        scaled = factor * left_coefficient
        for q, right_coefficient in right.items():
            key = (p, q) if p <= q else (q, p)
            form[key] = form.get(key, 0) + scaled * right_coefficient


def _nonzero(form: Form) -> Form:
    return {key: coefficient for key, coefficient in form.items() if coefficient}


def _check_steps(*steps: int, end: int) -> None:
    for t in steps:
        if not 0 <= t < end:
            raise ValueError(f"step must be in 0 … {end - 1}, got {t}")


def _check_noise(problem: Problem, t: int) -> None:
    if not problem.noisy:
        raise ValueError("a problem without noise has no inequality about noise")
    _check_steps(t, end=problem.steps - 1)
