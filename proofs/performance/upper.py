r"""Upper certificates: rational multipliers that prove a worst case bounded, checked in exact arithmetic.

If every multiplier of an inequality is nonnegative, the multiples add up to zero on the scalars, and the
slack matrix is positive definite, then the metric is at most `Σ λ_p constant_p` on every run of the problem:
weak duality, hence a theorem for these numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from proofs.performance.definite import is_positive_definite
from proofs.performance.inequality import Form, Name, inequality, objective
from proofs.performance.problem import Problem

GRID = 2**50
"""Multipliers are rounded to multiples of 1/GRID."""


@dataclass(frozen=True)
class UpperCertificate:
    """Multipliers of a problem's inequalities.

    Args:
        problem: what is bounded.
        multipliers: rational, by the inequalities' names.
    """

    problem: Problem
    multipliers: Mapping[Name, Fraction]

    @cached_property
    def value(self) -> Fraction:
        """What the metric is proved not to exceed, if `holds`."""
        return sum(
            (factor * inequality(self.problem, name).constant for name, factor in self.multipliers.items()),
            Fraction(0),
        )

    @cached_property
    def holds(self) -> bool:
        """Whether the certificate is a proof; nothing but rational arithmetic is used to say so."""
        scalars, gram = objective(self.problem)
        balance = dict(scalars)
        slack: Form = {key: -coefficient for key, coefficient in gram.items()}
        for name, factor in self.multipliers.items():
            valid = inequality(self.problem, name)
            if factor < 0 and not valid.equality:
                return False
            for scalar, coefficient in valid.scalars.items():
                balance[scalar] = balance.get(scalar, Fraction(0)) + factor * coefficient
            for key, coefficient in valid.gram.items():
                slack[key] = slack.get(key, Fraction(0)) - factor * coefficient
        return not any(balance.values()) and is_positive_definite(_matrix(self.problem.dimension, slack))


def certify_upper(problem: Problem, multipliers: Mapping[Name, float]) -> UpperCertificate:
    """Round a solver's multipliers to rationals that balance exactly; `holds` says if they are a proof."""
    rounded = {name: Fraction(round(value * GRID), GRID) for name, value in multipliers.items()}
    for name in rounded:
        if name[0] != "unbiased":
            rounded[name] = max(rounded[name], Fraction(0))
    _normalise_minimum(problem, rounded)
    _balance(problem, rounded)
    return UpperCertificate(problem, {name: factor for name, factor in rounded.items() if factor})


def _normalise_minimum(problem: Problem, multipliers: dict[Name, Fraction]) -> None:
    """Scale the weights of the steps in the metric "minimum" to add up to 1."""
    names = [name for name in multipliers if name[0] == "minimum"]
    total = sum((multipliers[name] for name in names), Fraction(0))
    for name in names:
        multipliers[name] = multipliers[name] / total if total else Fraction(1, problem.steps)


def _balance(problem: Problem, multipliers: dict[Name, Fraction]) -> None:
    """Let as much flow out of every function value as into it: a surplus to F*, a deficit made up before."""
    surplus = [Fraction(0)] * problem.steps
    for (kind, *steps), factor in multipliers.items():
        if kind == "interpolation":
            left, right = map(int, steps)
            surplus[left] -= factor
            surplus[right] += factor
    for t in range(problem.steps - 1, 0, -1):
        deficit = max(-surplus[t], Fraction(0))
        if deficit:
            pair = ("interpolation", t - 1, t)
            multipliers[pair] = multipliers.get(pair, Fraction(0)) + deficit
            surplus[t - 1] -= deficit
        multipliers["above-optimum", t] = surplus[t] + deficit
    taken = multipliers.get(("above-optimum", 0), Fraction(0)) - surplus[0]
    multipliers["start",] = max(taken, Fraction(0))
    multipliers["above-optimum", 0] = surplus[0] + multipliers["start",]


def _matrix(dimension: int, form: Form) -> list[list[Fraction]]:
    matrix = [[Fraction(0)] * dimension for _ in range(dimension)]
    for (p, q), coefficient in form.items():
        if p == q:
            matrix[p][p] = coefficient
        else:
            matrix[p][q] = matrix[q][p] = coefficient / 2
    return matrix
