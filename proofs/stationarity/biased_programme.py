r"""What smoothness leaves of a biased run, step by step: the constraints of the worst-case programme.

Without noise, `x_{t+1} = x_t − η(∇F_t + b_t)`, `h = ηL ≤ 1`. Two parabolas through x_t and x_{t+1} that F lies between,
compared where they are closest, give `2L(F_t − F_{t+1}) ≥ ‖∇F_t‖² − ‖w_t‖² + ½‖∇F_{t+1} − w_t‖²`, w_t the gradient
that the step would lead to on the upper one; `‖w_t‖ ≤ y_t = (1−h)a_t + hζ`, `a_t = ‖∇F_t‖`.
"""

from typing import Any

from sympy import IndexedBase, Max, Rational, Symbol

from proofs.goals import Goal, Proof
from proofs.kernel import Relation, Theorem, Time, Total, eq, le
from proofs.lemmas import Argument
from proofs.refutation import Neighbour
from proofs.sgd import (
    BOUNDED,
    SMOOTH,
    bias_bound,
    dot,
    grad,
    here,
    j,
    least,
    norm2,
    objective,
    point,
    smoothness,
    step_size,
    there,
    value,
)

depth = Symbol("m", integer=True, positive=True)
t = Time("r", depth)
path, push = IndexedBase("x", real=True), IndexedBase("b", real=True)
size = IndexedBase("a", nonnegative=True)
h = step_size * smoothness
_X, _Y = point(here), point(there)
SMOOTH_BELOW = le(
    value(_X) + dot(grad(_X), lambda n: _Y(n) - _X(n)) - smoothness / 2 * norm2(lambda n: _Y(n) - _X(n)),
    value(_Y),
    here,
    there,
)
"""The lower parabola."""


def x(time):
    """The iterate."""
    return lambda n: path[time, n]


def b(time):
    """The bias."""
    return lambda n: push[time, n]


def G(time):
    """The gradient at the iterate."""
    return grad(x(time))


def landing(time):
    """`w_t = (1−h)∇F_t − hb_t`."""
    return lambda n: (1 - h) * G(time)(n) - h * b(time)(n)


def y(time):
    """`y_t`."""
    return (1 - h) * size[time] + h * bias_bound


MOVE = eq(x(t + 1)(j), x(t)(j) - step_size * (G(t)(j) + b(t)(j)), t, j)
SHORT = le(h, 1)
BIAS = le(norm2(b(t)), bias_bound**2, t)
IS_SIZE = eq(size[t] ** 2, norm2(G(t)), t)
AT_REST: dict[Any, Any] = {
    j.total: 1,
    objective: lambda x: x[0] ** 2 / 2,
    least: 0,
    smoothness: 1,
    step_size: Rational(1, 2),
    bias_bound: 1,
    path: lambda t, j: 1,
    push: lambda t, j: -1,
    size: lambda t: 1,
}
"""A bias of −1 that holds x at 1, on the parabola x²/2."""

GIVEN = (SMOOTH, SMOOTH_BELOW, BOUNDED, MOVE, SHORT, BIAS, IS_SIZE)
INTERPOLATION = le(
    norm2(G(t)) - norm2(landing(t)) + norm2(lambda n: G(t + 1)(n) - landing(t)(n)) / 2,
    2 * smoothness * (value(x(t)) - value(x(t + 1))),
)
ONE_STEP = le(
    size[t] ** 2 - y(t) ** 2 + (size[t + 1] - y(t)) ** 2 / 2,
    2 * smoothness * (value(x(t)) - value(x(t + 1))),
)


def lost(time) -> Relation:
    """`‖∇F‖² ≤ 2L(F − F*)` at an iterate."""
    return le(size[time] ** 2, 2 * smoothness * (value(x(time)) - least))


START = 2 * smoothness * (value(x(0)) - least)
CONSTRAINT = le(Total(size[t] ** 2 - y(t) ** 2 + (size[t + 1] - y(t)) ** 2 / 2, t) + size[depth] ** 2, START)


def interpolation(kernel: Argument) -> Theorem:
    """The parabolas at the point halfway, shifted by the difference of the gradients."""
    between = lambda n: (x(t)(n) + x(t + 1)(n)) / 2 + (G(t + 1)(n) - G(t)(n)) / (2 * smoothness)  # noqa: E731
    above = kernel.at(kernel.suppose(SMOOTH), {here: x(t), there: between})
    below = kernel.at(kernel.suppose(SMOOTH_BELOW), {here: x(t + 1), there: between})
    move = kernel.suppose(MOVE)
    gap = x(t + 1)(j) - x(t)(j)
    along = kernel.sum_over(move, j, weight=G(t)(j) + G(t + 1)(j))
    length = kernel.sum_over(move, j, weight=gap - step_size * (G(t)(j) + b(t)(j)))
    return kernel.combine(
        INTERPOLATION,
        (2 * smoothness, above),
        (2 * smoothness, below),
        (smoothness, along),
        (smoothness**2 / 2, length),
    )


def one_step(kernel: Argument) -> Theorem:
    """Cauchy–Schwarz, twice: for the length of w and for its product with the next gradient."""
    base = kernel.cite("biased-programme", "interpolation")
    is_size = kernel.suppose(IS_SIZE)
    is_next = kernel.at(is_size, {t: t + 1})
    bias = kernel.suppose(BIAS)
    product = kernel.cauchy_schwarz(G(t)(j), b(t)(j), j)
    reach = size[t] * bias_bound
    squared = kernel.combine(
        le(dot(G(t), b(t)) ** 2, reach**2),
        (1, product),
        (size[t] ** 2, bias),
        (-norm2(b(t)), is_size),
    )
    against = kernel.root(-dot(G(t), b(t)), squared, reach)
    short = kernel.combine(
        le(norm2(landing(t)), y(t) ** 2),
        (2 * h * (1 - h), against),
        (h**2, bias),
        (-((1 - h) ** 2), is_size),
    )
    product = kernel.cauchy_schwarz(G(t + 1)(j), landing(t)(j), j)
    reach = size[t + 1] * y(t)
    squared = kernel.combine(
        le(dot(G(t + 1), landing(t)) ** 2, reach**2),
        (1, product),
        (size[t + 1] ** 2, short),
        (-norm2(landing(t)), is_next),
    )
    ahead = kernel.root(dot(G(t + 1), landing(t)), squared, reach)
    half = Rational(1, 2)
    return kernel.combine(ONE_STEP, (1, base), (1, ahead), (1, is_size), (half, is_next), (half, short))


def final(kernel: Argument) -> Theorem:
    """One step of length 1/L from the iterate cannot go below F*."""
    gradient = kernel.cite("stationarity-sharp", "gradient", {here: x(t)})
    return kernel.combine(lost(t), (1, gradient), (1, kernel.suppose(IS_SIZE)))


def constraint(kernel: Argument) -> Theorem:
    """The steps summed, and what is left at the end."""
    summed = kernel.sum_over(kernel.cite("biased-programme", "one step"), t)
    telescope = kernel.telescope(value(x(t)), t)
    end = kernel.at(kernel.cite("biased-programme", "final"), {t: depth})
    return kernel.combine(CONSTRAINT, (1, summed), (-2 * smoothness, telescope), (1, end))


PROOF = Proof(
    "biased-programme",
    goals=(
        Goal(
            "interpolation",
            given=(SMOOTH, SMOOTH_BELOW, MOVE),
            shows=(INTERPOLATION,),
            argument=interpolation,
        ),
        Goal("one step", given=GIVEN, shows=(ONE_STEP,), argument=one_step),
        Goal("final", given=(SMOOTH, BOUNDED, IS_SIZE), shows=(lost(t),), argument=final),
        Goal(
            "constraint",
            given=GIVEN,
            shows=(CONSTRAINT,),
            argument=constraint,
        ),
    ),
    asserts={
        (
            r"\sum_{t<m} [a_t^2 - y_t^2 + \frac{1}{2} (a_{t+1} - y_t)^2] + a_m^2 \le 2L\Delta \ (m < T)"
            r",\ a_t = \|\nabla F(x_t)\|,\ y_t = (1-h) a_t + h\zeta"
        ): ("constraint",),
    },
    domain="every dimension, number of steps and constant",
    neighbour=Neighbour(
        "constraint",
        lambda bound: le(bound.left + Total((size[t + 1] - y(t)) ** 2, t) / 2, bound.right),
        {
            j.total: 1,
            depth: 1,
            smoothness: 1,
            step_size: 1,
            bias_bound: 0,
            least: 0,
            objective: lambda x: x[0] ** 2 / 2 - Max(0, x[0] - 2) ** 2 + Max(0, x[0] - 3) ** 2 / 2,
            path: lambda t, j: (3, 2, 0)[min(int(t), 2)],
            push: lambda t, j: 0,
            size: lambda t: (1, 2, 0)[min(int(t), 2)],
        },
        settles=2,
        because=dict.fromkeys(
            (SMOOTH, SMOOTH_BELOW, BOUNDED), "F is C¹, |F''| = 1 wherever it exists, and F ≥ 0 = F(0)"
        ),
    ),
)
