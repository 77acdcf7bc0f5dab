"""The closed-form bounds of `convergence` against exact worst cases: how much each gives away, and where."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from convergence.bounds.biased_programme import biased_programme
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
from proofs.performance.worst_case import WorstCase, worst_case

STEP_SIZES = tuple(Fraction(k, 4) for k in range(1, 5))
STEPS = (1, 2, 4, 8, 16, 32)
BIAS_BOUNDS = (Fraction(0), Fraction(1, 2), Fraction(1), Fraction(2))
RELATIVE_BIASES = (Fraction(0), Fraction(1, 2))

FORMS = (
    "stationarity",
    "stationarity-sharp",
    "relative-bias",
    "tangent",
    "biased-programme",
    "last-step",
    "unbiased-exact",
    "biased-exact",
)
"""Ids of the statements compared; the last three are exact where they apply."""


@dataclass(frozen=True)
class Comparison:
    """One class of problems with L = Δ = 1, its exact worst average, and what every form says of it.

    Args:
        step_size: h.
        steps: T.
        bias_bound: ζ.
        relative_bias: m.
        worst: certified on both sides.
        bounds: value of each form that applies, by id.
    """

    step_size: Fraction
    steps: int
    bias_bound: Fraction
    relative_bias: Fraction
    worst: WorstCase
    bounds: dict[str, float]

    def ratio(self, form: str) -> float | None:
        """Bound over exact worst case (its upper end, to 1e-6); None where the form does not apply."""
        upper = self.worst.upper
        return None if form not in self.bounds or upper is None else self.bounds[form] / upper


def compare(
    step_sizes: Iterable[Fraction] = STEP_SIZES,
    steps: Iterable[int] = STEPS,
    bias_bounds: Iterable[Fraction] = BIAS_BOUNDS,
    relative_biases: Iterable[Fraction] = RELATIVE_BIASES,
    progress: Callable[[str], None] = lambda words: None,
) -> Iterator[Comparison]:
    """Comparisons over a grid of noiseless problems with h ≤ 1, as they are solved (20 s for the default)."""
    for m, zeta, h, count in itertools.product(relative_biases, bias_bounds, step_sizes, steps):
        progress(f"m = {m}, ζ = {zeta}, h = {h}, T = {count}")
        worst = worst_case(count, h, 1, zeta, m)
        yield Comparison(h, count, zeta, m, worst, dict(_bounds(float(h), count, float(zeta), float(m))))


def markdown_table(comparisons: Iterable[Comparison]) -> str:
    """One line per class: the certified interval, and every ratio to it with three decimals."""
    head = ["m", "ζ", "h", "T", "exact worst average", *FORMS]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for each in comparisons:
        ratios = [each.ratio(form) for form in FORMS]
        cells = [
            str(each.relative_bias),
            str(each.bias_bound),
            str(each.step_size),
            str(each.steps),
            f"{each.worst.upper:.6f}" if each.worst.exact else each.worst.status.value,
            *("" if ratio is None else f"{ratio:.3f}" for ratio in ratios),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _bounds(h: float, steps: int, zeta: float, m: float) -> Iterator[tuple[str, float]]:
    common: dict[str, Any] = {"initial_gap": 1.0, "smoothness": 1.0, "steps": steps}
    relative = {"step_size": h, "bias_bound": zeta, "relative_bias": m, **common}
    yield "stationarity", stationarity(**relative)
    yield "relative-bias", relative_bias_bound(**relative)
    yield "tangent", tangent_bound(**relative)
    yield "biased-programme", biased_programme(**relative)
    if m == 0:
        absolute = {"step_size": h, "bias_bound": zeta, **common}
        yield "stationarity-sharp", stationarity_sharp(**absolute)
        if biased_exact_holds(**absolute):
            yield "biased-exact", biased_exact(**absolute)
        if h == 1:
            yield "last-step", last_step(bias_bound=zeta, **common)
        if zeta == 0:
            yield "unbiased-exact", unbiased_exact(step_size=h, **common)
