r"""On ½Σh_i x_i² the moments obey linear recursions: E‖∇F‖² tends to Σ ηh_iσ_i²/(2 − ηh_i) + ‖b‖², exactly.

Per coordinate, with `w_t = E(h x_t + b)²` and `e_t = E(h x_t + b)`: `e_{t+1} = (1−ηh)e_t` and
`w_{t+1} = (1−ηh)²w_t + η²h²σ²`, solved by induction; what is left of the start vanishes as T → ∞.
"""

from sympy import IndexedBase, Integer

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, Total, eq, le, lt
from proofs.lemmas import Argument
from proofs.refutation import Neighbour
from proofs.runs import alternating
from proofs.sgd import j, mean, outcome, step_size, t

position, noise = IndexedBase("x", real=True), IndexedBase("n", real=True)
curvature, deviation, bias = (IndexedBase(name, real=True) for name in ("h", "sigma", "b"))
x, n = position[t, outcome, j], noise[t, outcome, j]
factor = 1 - step_size * curvature[j]
MOVE = eq(position[t + 1, outcome, j], x - step_size * (curvature[j] * x + bias[j] + n), t, outcome, j)
NOISE = (
    eq(mean(n), 0, t, j),
    eq(mean(x * n), 0, t, j),
    eq(mean(n**2), deviation[j] ** 2, t, j),
)
CURVED = (le(0, step_size * curvature[j], j), lt(step_size * curvature[j], 2, j))
FLOOR = step_size * curvature[j] * deviation[j] ** 2 / (2 - step_size * curvature[j])


def push(time):
    """`E(h x_t + b)`."""
    return mean(curvature[j] * position[time, outcome, j] + bias[j])


def spread(time):
    """`E(h x_t + b)²`."""
    return mean((curvature[j] * position[time, outcome, j] + bias[j]) ** 2)


LEFT = (spread(0) - FLOOR) * factor ** (2 * t) - 2 * bias[j] * push(0) * factor**t
"""What is left of the start after t steps: it vanishes where |1 − ηh| < 1, and where h = b = 0."""

SQUARE = mean((curvature[j] * x) ** 2)
COORDINATE = eq(SQUARE, FLOOR + bias[j] ** 2 + LEFT)
WHOLE = eq(Total(SQUARE, j), Total(FLOOR + bias[j] ** 2, j) + Total(LEFT, j))


def solved(kernel: Argument, claim, following: Theorem, weight) -> Theorem:
    """`claim` for all t from its recursion."""
    first = kernel.identity(claim.at({t: Integer(0)}).left, claim.at({t: Integer(0)}).right)
    step = kernel.combine(claim.at({t: t + 1}), (1, following), (weight, kernel.suppose(claim)))
    return kernel.induction(t, first, step, claim)


def coordinate(kernel: Argument) -> Theorem:
    """First and second moments by induction."""
    move, (centred, across, variance) = kernel.suppose(MOVE), map(kernel.suppose, NOISE)
    moved = kernel.sum_over(move, outcome, weight=curvature[j])
    means = kernel.combine(
        eq(push(t + 1), factor * push(t)), (1, moved), (-step_size * curvature[j], centred)
    )
    first = solved(kernel, eq(push(t), factor**t * push(0)), means, factor)

    end = position[t + 1, outcome, j] + x - step_size * (curvature[j] * x + bias[j] + n)
    squares = kernel.sum_over(move, outcome, weight=curvature[j] ** 2 * end + 2 * curvature[j] * bias[j])
    squares = kernel.combine(
        eq(spread(t + 1), factor**2 * spread(t) + (step_size * curvature[j] * deviation[j]) ** 2),
        (1, squares),
        (-2 * step_size * curvature[j] ** 2 * factor, across),
        (-2 * step_size * curvature[j] * bias[j] * factor, centred),
        (step_size**2 * curvature[j] ** 2, variance),
    )
    claim = eq(spread(t), FLOOR + factor ** (2 * t) * (spread(0) - FLOOR))
    second = solved(kernel, claim, squares, factor**2)
    return kernel.combine(COORDINATE, (1, second), (-2 * bias[j], first))


PROOF = Proof(
    "quadratic-floor",
    goals=(
        Goal("coordinate", given=(MOVE, *NOISE, *CURVED), shows=(COORDINATE,), argument=coordinate),
        Goal(
            "whole",
            given=(MOVE, *NOISE, *CURVED),
            shows=(WHOLE,),
            argument=lambda kernel: kernel.combine(
                WHOLE, (1, kernel.sum_over(kernel.cite("quadratic-floor", "coordinate"), j))
            ),
        ),
    ),
    asserts={
        r"E\|\nabla F\|^2 = \sum_i \frac{\eta h_i \sigma_i^2}{2 - \eta h_i} + \|b\|^2": ("whole",),
    },
    domain=(
        "every dimension and constant, 0 ≤ ηh_i < 2; the limit of t → ∞ read off the moments at every t, where what is"
        " left of the start vanishes if ηh_i > 0, and is 0 if h_i = b_i = 0"
    ),
    neighbour=Neighbour(
        "whole",
        lambda value: le(
            value.left, value.right - Total(FLOOR - step_size * curvature[j] * deviation[j] ** 2 / 2, j)
        ),
        {
            j.total: 1,
            outcome: 4,
            step_size: 1,
            curvature: lambda j: 1,
            deviation: lambda j: 1,
            bias: lambda j: 0,
            noise: lambda t, outcome, j: alternating(t, outcome),
            position: lambda t, outcome, j: -alternating(t - 1, outcome),
            t: 1,
        },
    ),
)
