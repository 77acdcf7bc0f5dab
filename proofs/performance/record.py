"""Worst cases as JSON: all that is needed to check both certificates again, in rational numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from convergence.claims.verdict import Status
from proofs.performance.lower import InterpolatedRun, LowerCertificate, RadialRun, Vector
from proofs.performance.problem import Problem, Units
from proofs.performance.upper import UpperCertificate
from proofs.performance.worst_case import WorstCase

Record = dict[str, Any]


def to_record(worst: WorstCase) -> Record:
    """A JSON-ready dictionary; rational numbers are strings such as `"3/4"`."""
    problem = worst.problem
    return {
        "problem": {
            "steps": problem.steps,
            "step_size": str(problem.step_size),
            "bias_bound_squared": str(problem.bias_bound_squared),
            "relative_bias": str(problem.relative_bias),
            "noise_variance": str(problem.noise_variance),
            "metric": problem.metric,
        },
        "units": {"smoothness": str(worst.units.smoothness), "initial_gap": str(worst.units.initial_gap)},
        "status": worst.status.value,
        "solver_status": worst.solver_status,
        "seconds": worst.seconds,
        "lower": worst.lower,
        "upper": worst.upper,
        "exact": worst.exact,
        "upper_certificate": _upper_record(worst.upper_certificate),
        "lower_certificate": _lower_record(worst.lower_certificate),
    }


def from_record(record: Record) -> WorstCase:
    """The worst case of a record, after both its certificates have been checked.

    Raises:
        ValueError: if a certificate does not hold.
    """
    stated = record["problem"]
    rational = {
        name: Fraction(stated[name])
        for name in ("step_size", "bias_bound_squared", "relative_bias", "noise_variance")
    }
    problem = Problem(steps=stated["steps"], metric=stated["metric"], **rational)
    upper = _upper_certificate(problem, record["upper_certificate"])
    lower = _lower_certificate(problem, record["lower_certificate"])
    for side, certificate in (("upper", upper), ("lower", lower)):
        if certificate is not None and not certificate.holds:
            raise ValueError(f"the record's {side} certificate does not hold")
    units = Units(**{name: Fraction(value) for name, value in record["units"].items()})
    status = Status.FAILED if upper is None else Status.CERTIFIED
    return WorstCase(problem, units, status, record["solver_status"], upper, lower, record["seconds"])


def _upper_record(certificate: UpperCertificate | None) -> Record | None:
    if certificate is None:
        return None
    return {
        "multipliers": [
            {"inequality": list(name), "multiplier": str(factor)}
            for name, factor in certificate.multipliers.items()
        ]
    }


def _upper_certificate(problem: Problem, record: Record | None) -> UpperCertificate | None:
    if record is None:
        return None
    multipliers = {
        tuple(entry["inequality"]): Fraction(entry["multiplier"]) for entry in record["multipliers"]
    }
    return UpperCertificate(problem, multipliers)


def _lower_record(certificate: LowerCertificate | None) -> Record | None:
    if certificate is None:
        return None
    if isinstance(certificate, RadialRun):
        return {"run": "radial", "squares": [str(square) for square in certificate.squares]}
    return {
        "run": "interpolated",
        "gradients": _strings(certificate.gradients),
        "biases": _strings(certificate.biases),
    }


def _lower_certificate(problem: Problem, record: Record | None) -> LowerCertificate | None:
    if record is None:
        return None
    if record["run"] == "radial":
        return RadialRun(problem, tuple(map(Fraction, record["squares"])))
    return InterpolatedRun(problem, _vectors(record["gradients"]), _vectors(record["biases"]))


def _strings(vectors: tuple[Vector, ...]) -> list[list[str]]:
    return [[str(x) for x in vector] for vector in vectors]


def _vectors(strings: list[list[str]]) -> tuple[Vector, ...]:
    return tuple(tuple(map(Fraction, vector)) for vector in strings)
