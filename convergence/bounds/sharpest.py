"""The bound to call: the sharpest proved form of `A² = (1/T) Σ_{t<T} E‖∇F(x_t)‖²` for given constants."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from convergence.bounds.arithmetic import require_sgd
from convergence.bounds.biased_programme import programme
from convergence.bounds.one_step import one_step
from convergence.bounds.stationarity import (
    biased_exact,
    biased_exact_holds,
    last_step,
    relative_bias_bound,
    stationarity,
    stationarity_sharp,
    unbiased_exact,
)
from convergence.bounds.tangent import tangent_bound

PROGRAMME_STEPS = 10_000
"""Steps up to which the convex programme is solved and the radial run followed (2 s)."""
DUAL_STEPS = 100_000
"""Steps up to which the dual of `biased-exact` is followed to see whether it is feasible (0.1 s)."""
EXACT_FORMS = ("last-step", "unbiased-exact", "biased-exact")
TIE = 1e-7
"""Relative difference up to which the simpler of two forms is preferred, and a bound counts as attained."""


@dataclass(frozen=True)
class StationarityBound:
    """A proved bound of the average squared gradient norm.

    Args:
        value: `A² ≤ value`.
        form: id of the statement that gives it.
        exact: whether a function, bias and noise of the class are known to attain it to within 1e-7: the form
            is exact where it applies, or the radial run on `L‖x‖²/2` comes that close, or a feasible point of
            the programme where that belongs to a run (σ = M = 0, h ≤ 1).
    """

    value: float
    form: str
    exact: bool


def stationarity_bound(
    *,
    initial_gap: float,
    step_size: float,
    smoothness: float,
    steps: int,
    noise_variance: float = 0.0,
    noise_growth: float = 0.0,
    bias_bound: float = 0.0,
    relative_bias: float = 0.0,
) -> StationarityBound:
    r"""The smallest proved bound of `A²` for constant-step-size SGD, and which statement it is.

    `x_{t+1} = x_t − η(∇F + b + n)`, `E[n|x] = 0`, `E‖n‖² ≤ M‖∇F+b‖² + σ²`, `‖b‖² ≤ m‖∇F‖² + ζ²`, F L-smooth,
    `Δ = F(x_0) − F*`; for `|1−h| + h√m < 1`, `h = ηL(M+1)`, hence for every h ≤ 1, and without relative bias
    for every h < 2. Of forms that agree to 1e-7, the simplest is named.

    Raises:
        TypeError: if `steps` is no integer.
        ValueError: if a constant lies outside its range.
    """
    constants = dict(locals()) | {"steps": operator.index(steps)}
    require_sgd(**constants)
    constants |= {name: float(value) for name, value in constants.items() if name != "steps"}
    step = one_step(**{name: constants[name] for name in constants if name not in ("initial_gap", "steps")})
    h = constants["step_size"] * constants["smoothness"] * (constants["noise_growth"] + 1)
    forms, reached = list(_forms(constants, h)), 0.0
    if steps <= PROGRAMME_STEPS:
        solved = programme(step, 2 * constants["smoothness"] * constants["initial_gap"], steps)
        forms.append(("biased-programme", solved.upper))
        theorem = noise_variance == noise_growth == 0 and h <= 1
        reached = solved.lower if theorem else solved.radial
    least = min(value for _, value in forms)
    form, value = next((form, value) for form, value in forms if value <= least * (1 + TIE))
    return StationarityBound(value, form, form in EXACT_FORMS or reached >= value * (1 - TIE))


def _forms(constants: dict[str, float], h: float) -> Iterator[tuple[str, float]]:
    """Every closed form that applies and its value, the simpler first."""

    def value(function: Callable[..., float], *absent: str) -> float:
        return float(function(**{name: constants[name] for name in constants if name not in absent}))

    noise = ("noise_variance", "noise_growth")
    noiseless = constants["noise_variance"] == constants["noise_growth"] == 0
    absolute = constants["relative_bias"] == 0
    if noiseless and absolute and h == 1:
        yield "last-step", value(last_step, "step_size", "relative_bias", *noise)
    if absolute and constants["bias_bound"] == 0:
        yield "unbiased-exact", value(unbiased_exact, "bias_bound", "relative_bias")
    above = constants["bias_bound"] >= (2 * constants["smoothness"] * constants["initial_gap"]) ** 0.5
    followed = above or constants["steps"] <= DUAL_STEPS
    if noiseless and absolute and h <= 1 and followed and value(biased_exact_holds, "relative_bias", *noise):
        yield "biased-exact", value(biased_exact, "relative_bias", *noise)
    if h <= 1:
        yield "stationarity", value(stationarity)
    if absolute:
        yield "stationarity-sharp", value(stationarity_sharp, "relative_bias")
    if h <= 1:
        yield "relative-bias", value(relative_bias_bound)
    yield "tangent", value(tangent_bound)
