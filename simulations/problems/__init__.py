"""Problems to run SGD on, one file each; `problem(name, **parameters)` makes one."""

from __future__ import annotations

import difflib
import inspect
import math
import numbers
from collections.abc import Callable, Mapping

from simulations.problems.double_well import double_well
from simulations.problems.matrix_factorisation import matrix_factorisation
from simulations.problems.noise import heavy_tailed
from simulations.problems.noise_floor import noise_floor
from simulations.problems.phase_retrieval import phase_retrieval
from simulations.problems.pl_sine import pl_sine
from simulations.problems.problem import Bias, Noise, Problem
from simulations.problems.quadratic import quadratic
from simulations.problems.rastrigin import rastrigin
from simulations.problems.rdml_digits import rdml_digits
from simulations.problems.rdml_logits import rdml_logits
from simulations.problems.rdml_waves import rdml_waves
from simulations.problems.relative_bias import relative_bias
from simulations.problems.rosenbrock import rosenbrock
from simulations.problems.styblinski_tang import styblinski_tang
from simulations.problems.teacher_student import teacher_student

PROBLEMS: Mapping[str, Callable[..., Problem]] = {
    "quadratic": quadratic,
    "relative-bias": relative_bias,
    "noise-floor": noise_floor,
    "double-well": double_well,
    "rastrigin": rastrigin,
    "rosenbrock": rosenbrock,
    "styblinski-tang": styblinski_tang,
    "pl-sine": pl_sine,
    "matrix-factorisation": matrix_factorisation,
    "teacher-student": teacher_student,
    "phase-retrieval": phase_retrieval,
    "rdml-logits": rdml_logits,
    "rdml-waves": rdml_waves,
    "rdml-digits": rdml_digits,
}
"""Name -> function that makes the problem from its parameters."""

LARGEST = 10**6
"""Of a whole-number parameter: sizes beyond it are mistakes."""

__all__ = ["PROBLEMS", "Bias", "Noise", "Problem", "problem"]


def problem(name: str, /, *, degrees: float | None = None, **parameters: object) -> Problem:
    """The problem of that name.

    Args:
        name: one of `PROBLEMS`.
        degrees: of freedom of Student's t noise in place of isotropic Gaussian noise, more than 2.
        **parameters: of the function that makes the problem.

    Raises:
        ValueError: an unknown name or parameter (the nearest known one is suggested), or a value that the
            problem can't be made with.
    """
    if name not in PROBLEMS:
        raise ValueError(_unknown("problem", name, PROBLEMS))
    known = inspect.signature(PROBLEMS[name]).parameters
    for key, value in parameters.items():
        if key not in known:
            raise ValueError(_unknown(f"parameter of {name}", key, known))
        _check(key, value, type(known[key].default))
    if degrees is not None:
        _check("degrees", degrees, float)
    try:
        made = PROBLEMS[name](**parameters)
        _ = made.bias_bound**2  # what every run needs must not overflow
        return made if degrees is None else heavy_tailed(made, degrees)
    except (ArithmeticError, MemoryError, RuntimeError) as error:  # of numbers that are too large
        raise ValueError(
            f"{name} can't be made with {parameters}: {type(error).__name__}: {error}"
        ) from error


def _check(key: str, value: object, kind: type) -> None:
    """Refuse a value of another type than the default's, and numbers that no size and no constant can be."""
    flag = isinstance(value, bool)
    if kind is bool:
        right, needed = flag, "true or false"
    elif kind is int:
        right = isinstance(value, numbers.Integral) and not flag and 1 <= int(value) <= LARGEST
        needed = f"a whole number from 1 to {LARGEST:,}"
    else:
        right = isinstance(value, numbers.Real) and not flag and math.isfinite(value)
        needed = "a finite number"
    if not right:
        raise ValueError(f"{key} is {value!r}; {needed} is needed")


def _unknown(what: str, name: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known)}"
    return f"unknown {what}: {name!r}; {hint}"
