r"""The worst case with bias as a convex programme in the squared gradient norms.

Smoothness gives `2L(F_t − F_{t+1}) ≥ ‖∇F_t‖² − ‖w_t‖² + ½‖∇F_{t+1} − w_t‖²`, `w_t = ∇F_t − L(x_t − x_{t+1})`,
and `2L(F_m − F*) ≥ ‖∇F_m‖²`. With `s_t = E‖∇F_t‖²` and `E‖w_t‖² ≤ Y(s_t)` (see `one_step`), for every m < T,

`C_m = s_0 + ½Σ_{t<m} [3s_{t+1} − 2√(s_{t+1}Y(s_t)) − Y(s_t)] ≤ 2LΔ`,

convex because Y and the geometric mean are concave. The largest mean of s bounds A². Ours; for σ = M = 0 and
h ≤ 1 it is the exact worst case, attained on a line (proof in `docs/worst-cases.md`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import clarabel
import numpy as np
from scipy import sparse

from convergence.bounds.arithmetic import require_sgd
from convergence.bounds.one_step import OneStep, one_step


def biased_programme(
    *,
    initial_gap: float,
    step_size: float,
    smoothness: float,
    steps: int,
    noise_variance: float = 0.0,
    noise_growth: float = 0.0,
    bias_bound: float = 0.0,
    relative_bias: float = 0.0,
) -> float:
    r"""`A² ≤ max{Σs_t/T : C_m ≤ 2LΔ, all m < T}` for `|1−h| + h√m < 1`, `h = ηL(M+1)` (`biased-programme`).

    The number returned is the value of a feasible point of the dual: whatever the accuracy of the solver it is
    a bound up to rounding, and close to the optimum (1e-7 relative) if the solver is. Where 2LΔ is at most the
    floor of Y it is the radial run's average, to rounding.

    Raises:
        ValueError: if a constant lies outside its range.
    """
    require_sgd(initial_gap=initial_gap, step_size=step_size, smoothness=smoothness, steps=steps)
    step = one_step(
        step_size=float(step_size),
        smoothness=float(smoothness),
        noise_variance=float(noise_variance),
        noise_growth=float(noise_growth),
        bias_bound=float(bias_bound),
        relative_bias=float(relative_bias),
    )
    return programme(step, 2 * float(smoothness) * float(initial_gap), steps).upper


class Programme(NamedTuple):
    """What a dual feasible point, a feasible one and the radial run make of the mean of s."""

    upper: float
    lower: float
    radial: float


def programme(step: OneStep, budget: float, steps: int) -> Programme:
    """The programme for `2LΔ = budget`, solved.

    Of feasible points the radial run, `s_0 = 2LΔ` and `s_{t+1} = Y(s_t)`, is one; up to the floor it is the best,
    as Y' falls along it (step 1 of the theorem, which holds for any concave Y).
    """
    if step.squared_bias == step.relative_bias == 0:
        step = replace(step, cross=0.0)
    run = _radial_run(step, budget, steps)
    radial = lower = float(run.mean())
    upper = _dual_value(step, budget, _radial_weights(step, run)) / steps
    if budget > step.floor():
        squares, weights = _solve(step, budget, steps)
        lower = max(lower, _feasible_mean(step, budget, squares))
        upper = min(upper, _dual_value(step, budget, weights) / steps)
    return Programme(upper, lower, radial)


def _radial_run(step: OneStep, square: float, steps: int) -> np.ndarray:
    """`‖∇F_t‖²` on `L‖x‖²/2` with radial bias and tangential noise, where `‖∇F_{t+1}‖² = Y(‖∇F_t‖²)`."""
    squares = [square]
    for _ in range(steps - 1):
        squares.append(step(squares[-1]))
    return np.array(squares)


def _feasible_mean(step: OneStep, budget: float, squares: np.ndarray) -> float:
    """The mean of a feasible point close to `squares`: shrunk, as every `C_m` is convex and at most 0 at 0."""
    squares = np.maximum(squares, 0)
    reached = np.array([step(square) for square in squares[:-1]])
    used = 1.5 * squares[1:] - np.sqrt(squares[1:] * reached) - reached / 2
    spent = squares[0] + np.concatenate([[0.0], np.cumsum(used)])
    return float(squares.mean() * min(1.0, budget / spent.max()))


class _Weights(NamedTuple):
    """Of the two geometric means, each `(T − 1,)`."""

    means: np.ndarray
    biases: np.ndarray


def _radial_weights(step: OneStep, squares: np.ndarray) -> _Weights:
    """The θ with which both inequalities between means are equalities along the radial run."""
    before = np.maximum(squares[:-1], np.finfo(float).tiny)
    biased = np.maximum(step.relative_bias * before + step.squared_bias, np.finfo(float).tiny)
    return _Weights(np.ones(len(before)), np.sqrt(biased) / np.sqrt(before))


def _dual_value(step: OneStep, budget: float, weights: _Weights) -> float:
    r"""A bound of `Σs_t` from any positive weights.

    `√(uv) ≤ ½(θu + v/θ)` makes every `C_m` affine from below. With multipliers π and `Λ_t = Σ_{m≥t} π_m`, the
    sum of `π_m(2LΔ − C_m) ≥ 0` bounds `Σs_t` as soon as each `s_t` has a coefficient of at least 1 in
    `Σπ_mC_m`; the least `Λ_t` that sees to it, from the last step to the first, gives the least bound.
    """
    theta, psi = np.minimum(weights.means, 2.99), weights.biases  # from 3 on no Λ is enough
    growth = step.linear + step.length * step.cross / 2 * (psi + step.relative_bias / psi)
    offset = step.length * (step.constant + step.cross / 2 * step.squared_bias / psi)
    share = (1 + 1 / theta) / 2
    last = len(theta)
    total, later = 0.0, 0.0
    for t in range(last, -1, -1):
        needed = 1.0 + (later * share[t] * growth[t] if t < last else 0.0)
        kept = 1.5 - theta[t - 1] / 2 if t else 1.0
        later = max(needed / kept, later)
        if t:
            total += later * share[t - 1] * offset[t - 1]
    return float(total + later * budget) if budget else float(total)  # s_0 = 0 needs no multiplier


def _solve(step: OneStep, budget: float, steps: int) -> tuple[np.ndarray, _Weights]:
    """`s` and weights close to the optimal ones, from the programme's second-order cone form and its dual.

    Variables, in units of the budget: `s_t`, `C_t`, `q_t ≤ √(s_t(ms_t+ζ²))` and `r_t ≤ √(s_{t+1}Y_t)` with `Y_t`
    affine in `s_t` and `q_t`.
    """
    squared_bias, constant = step.squared_bias / budget, step.length * step.constant / budget
    count = steps - 1
    identity = sparse.identity(2 * steps + 2 * count, format="csr")
    s, c = identity[:steps], identity[steps : 2 * steps]
    q, r = identity[2 * steps : 2 * steps + count], identity[2 * steps + count :]
    next_square = step.linear * s[:-1] + step.length * step.cross * q
    increment = 1.5 * s[1:] - r - next_square / 2
    blocks = [
        (c[:1] - s[:1], np.zeros(1)),
        (c[1:] - c[:-1] - increment, np.full(count, -constant / 2)),
        (c, np.ones(steps)),
        _geometric_means(s[1:], next_square, constant, r),
        _geometric_means(s[:-1], step.relative_bias * s[:-1], squared_bias, q),
    ]
    cones = [clarabel.ZeroConeT(steps), clarabel.NonnegativeConeT(steps)]
    cones += [clarabel.SecondOrderConeT(3)] * (2 * count)
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_feas = settings.tol_gap_abs = settings.tol_gap_rel = 1e-10
    cost = -np.asarray(s.sum(0)).ravel()
    found = clarabel.DefaultSolver(
        sparse.csc_matrix((len(cost), len(cost))),
        cost,
        sparse.vstack([matrix for matrix, _ in blocks]).tocsc(),
        np.concatenate([right for _, right in blocks]),
        cones,
        settings,
    ).solve()
    means, biases = np.array(found.z)[2 * steps :].reshape(2, count, 3)
    return budget * np.array(found.x)[:steps], _Weights(_weights(means), _weights(biases))


def _geometric_means(left: Any, right: Any, constant: float, mean: Any) -> tuple[Any, np.ndarray]:
    """`mean_t ≤ √(left_t(right_t + constant))` as `‖(2·mean, u − v)‖ ≤ u + v`, three rows for each t."""
    interleaved = np.arange(3 * mean.shape[0]).reshape(3, -1).T.ravel()
    rows = -sparse.vstack([left + right, 2 * mean, left - right], format="csr")[interleaved]
    return rows, np.tile([constant, 0.0, -constant], mean.shape[0])


def _weights(dual: np.ndarray) -> np.ndarray:
    """θ of `√(uv) ≤ ½(θu + v/θ)` from the multipliers of the cones, `(T − 1, 3)`."""
    tiny = np.finfo(float).tiny
    return np.sqrt(np.maximum(dual[:, 0] + dual[:, 2], tiny) / np.maximum(dual[:, 0] - dual[:, 2], tiny))
