r"""Without bias: A² ≤ X + (2LΔ − X)(1 − ρ^T)/(T(1 − ρ)), for every T, and Lx²/2 reaches it.

`f(t) = a_{T−t} E[F(x_t) − F*] + c_{T−t}` bounds what is still to come of Σ‖∇F‖²: it falls by at least E‖∇F_t‖² a step.
With `ρ = 1 − ηL(2 − h)`: `a_k = 2L(1 − ρ^k)/(1 − ρ)`, `c_k = X(k − (1 − ρ^k)/(1 − ρ))`, `X = η²L²σ²/(1 − ρ)`.
"""

from sympy import Integer, Symbol, exp, log

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, Total, eq, le, lt
from proofs.lemmas import Argument
from proofs.refutation import Neighbour, reduced
from proofs.runs import NOISY
from proofs.sgd import (
    GAP,
    LENGTH,
    SGD,
    SQUARE,
    UNBIASED,
    G,
    b,
    bias_bound,
    dot,
    h,
    here,
    j,
    least,
    mean,
    n,
    noise,
    noise_growth,
    norm2,
    outcome,
    smoothness,
    step_size,
    steps,
    t,
    value,
    x,
)
from proofs.stationarity.last_step import BOUND_ONE
from proofs.stationarity.last_step import FULL as WHOLE_STEP
from proofs.stationarity.stationarity_sharp import IS_SIZE, IS_SIZE_ONE, count, last, size

y, z = Symbol("y", positive=True), Symbol("z", real=True)
rho = Symbol("rho", positive=True)
any_rho = Symbol("rho", real=True)
"""ρ where it may be 0, at η = 1/L and M = 0."""

RATE = eq(rho, 1 - step_size * smoothness * (2 - h))
FLOOR = (step_size * smoothness) ** 2 * noise**2 / (1 - rho)
GEOMETRIC = (1 - rho**steps) / (1 - rho)
FULL = {key: image for key, image in WHOLE_STEP.items() if key != noise}
BOUND = r"X + (2L\Delta - X) \frac{1-\rho^T}{T(1-\rho)}"

PARABOLA = eq(x(t + 1)(j), x(t)(j) - step_size * (smoothness * x(t)(j) + n(t)(j)), t, outcome, j)
EXTREME = eq(norm2(n(t)), noise_growth * smoothness**2 * norm2(x(t)) + noise**2, t, outcome)
ACROSS = eq(mean(dot(x(t), n(t))), 0, t)
initial = Symbol("Delta", nonnegative=True)
START = eq(smoothness / 2 * mean(norm2(x(0))), initial)


def energy(time):
    """`E‖∇F(x_t)‖²` where `∇F = Lx`."""
    return smoothness**2 * mean(norm2(x(time)))


def share(power):
    """`(1 − ρ^k)/(1 − ρ)`."""
    return (1 - rho**power) / (1 - rho)


def below_one(kernel: Argument) -> Theorem:
    """`ρ < 1`."""
    product = kernel.sign(lt(0, step_size * smoothness * (2 - h)))
    return kernel.combine(lt(rho, 1), (1, kernel.suppose(RATE)), (1, product))


def bound(kernel: Argument) -> Theorem:
    """The potential, step by step, and its telescoping sum."""
    rate, contracts = kernel.suppose(RATE), below_one(kernel)
    left = steps - t - 1
    to_go = kernel.suppose(le(t + 1, steps))
    slack = kernel.combine(le(log(rho), 0), (1, kernel.tangent(log(y), y, at=1, to=rho)), (1, contracts))
    exponent = kernel.combine(le(left * log(rho), 0), (left, slack), using=[to_go])
    fraction = kernel.monotone(exp(z), z, exponent)
    weight = kernel.combine(
        le(0, 2 * smoothness * share(left)), (2 * smoothness / (1 - rho), fraction), using=[contracts]
    )

    none = kernel.suppose(UNBIASED)
    along = kernel.sum_over(kernel.sum_over(none, j, weight=G(t)(j)), outcome)
    square = kernel.sum_over(kernel.sum_over(none, j, weight=b(t)(j)), outcome)
    descent = kernel.cite("stationarity", "descent")
    unbiased = kernel.combine(
        le(
            mean(value(x(t + 1))),
            mean(value(x(t)))
            - step_size * (1 - h / 2) * mean(norm2(G(t)))
            + smoothness * step_size**2 / 2 * noise**2,
        ),
        (1, descent),
        (step_size * (h - 1), along),
        (step_size * h / 2, square),
    )
    gradient = kernel.sum_over(kernel.cite("stationarity-sharp", "gradient", {here: x(t)}), outcome)
    potential = lambda time: (  # noqa: E731
        2 * smoothness * share(steps - time) * (mean(value(x(time))) - least)
        + FLOOR * (steps - time - share(steps - time))
    )
    falls = kernel.combine(
        le(mean(norm2(G(t))), potential(t) - potential(t + 1)),
        (2 * smoothness * share(left), unbiased),
        (rho**left, gradient),
        (-share(left) * mean(norm2(G(t))), rate),
        using=[weight, contracts],
    )
    summed = kernel.sum_over(falls, t, using=[contracts])
    telescope = kernel.telescope(potential(t), t, using=[contracts])
    return kernel.combine(
        le(SQUARE, FLOOR + (2 * smoothness * GAP - FLOOR) * GEOMETRIC / steps),
        (1 / steps, summed),
        (-1 / steps, telescope),
        using=[contracts],
    )


def bound_at_zero(kernel: Argument) -> Theorem:
    """ρ = 0 means M = 0 and η = 1/L: the sharp bound without bias."""
    none = kernel.suppose(UNBIASED)
    square = kernel.sum_over(none, j, weight=b(t)(j))
    no_bias = kernel.combine(le(norm2(b(t)), 0), (1, square))
    sharp = kernel.cite("stationarity-sharp", "quadratic", {**FULL, bias_bound: Integer(0)}, shown=[no_bias])
    return kernel.combine(le(size**2, (2 * smoothness * GAP + last * noise**2) / count), (1, sharp))


def one_iterate_at_zero(kernel: Argument) -> Theorem:
    """For T = 1 the bound is 2LΔ, whatever the noise."""
    sharp = kernel.cite("stationarity-sharp", "one iterate", FULL)
    return kernel.combine(BOUND_ONE, (1, sharp))


def reached(kernel: Argument) -> Theorem:
    """The second moment on a parabola is a linear recursion, solved by induction and summed."""
    rate = kernel.suppose(RATE.at({rho: any_rho}))
    product = kernel.sign(lt(0, step_size * smoothness * (2 - h)))
    contracts = kernel.combine(lt(any_rho, 1), (1, rate), (1, product))
    floor, geometric = FLOOR.subs(rho, any_rho), GEOMETRIC.subs(rho, any_rho)
    step = kernel.suppose(PARABOLA)
    other_end = x(t + 1)(j) + x(t)(j) - step_size * (smoothness * x(t)(j) + n(t)(j))
    squares = kernel.sum_over(kernel.sum_over(step, j, weight=other_end), outcome)
    across = kernel.suppose(ACROSS)
    extreme = kernel.sum_over(kernel.suppose(EXTREME), outcome)
    recursion = kernel.combine(
        eq(energy(t + 1), any_rho * energy(t) + (1 - any_rho) * floor),
        (smoothness**2, squares),
        (-2 * smoothness**2 * step_size * (1 - step_size * smoothness), across),
        (smoothness**2 * step_size**2, extreme),
        (-energy(t), rate),
        using=[contracts],
    )
    start = 2 * smoothness * initial
    closed = eq(energy(t), floor + (start - floor) * any_rho**t)
    first = kernel.combine(
        closed.at({t: Integer(0)}), (2 * smoothness, kernel.suppose(START)), using=[contracts]
    )
    hypothesis = kernel.suppose(closed, using=[contracts])
    following = kernel.combine(
        closed.at({t: t + 1}), (1, recursion), (any_rho, hypothesis), using=[contracts]
    )
    solved = kernel.induction(t, first, following, closed, using=[contracts])
    summed = kernel.sum_over(solved, t, using=[contracts])
    powers = kernel.telescope(any_rho**t, t)
    return kernel.combine(
        eq(Total(energy(t), t) / steps, floor + (start - floor) * geometric / steps),
        (1 / steps, summed),
        ((floor - start) / (steps * (1 - any_rho)), powers),
        using=[contracts],
    )


REACHED = eq(Total(energy(t), t) / steps, FLOOR + (2 * smoothness * initial - FLOOR) * GEOMETRIC / steps)

PROOF = Proof(
    "unbiased-exact",
    goals=(
        Goal(
            "bound",
            given=(*SGD, UNBIASED, LENGTH, RATE),
            shows=(le(SQUARE, FLOOR + (2 * smoothness * GAP - FLOOR) * GEOMETRIC / steps),),
            argument=bound,
        ),
        Goal(
            "bound at rho 0",
            given=tuple(relation.at(FULL) for relation in (*SGD, UNBIASED, IS_SIZE)),
            shows=(le(size**2, (2 * smoothness * GAP + last * noise**2) / count),),
            argument=bound_at_zero,
        ),
        Goal(
            "one iterate at rho 0",
            given=tuple(relation.at(FULL) for relation in (*SGD, UNBIASED, IS_SIZE_ONE)),
            shows=(BOUND_ONE,),
            argument=one_iterate_at_zero,
        ),
        Goal(
            "reached",
            given=tuple(r.at({rho: any_rho}) for r in (PARABOLA, EXTREME, ACROSS, START, RATE, LENGTH)),
            shows=(REACHED.at({rho: any_rho}),),
            argument=reached,
        ),
    ),
    asserts={
        r"A^2 \le " + BOUND + r",\ \rho = 1 - \eta L (2-h),\ X = \frac{\eta L \sigma^2}{2-h}": (
            "bound",
            "bound at rho 0",
            "one iterate at rho 0",
        ),
        (
            r"A^2 = "
            + BOUND
            + r" \text{ for } F = \frac{L}{2} x^2,\ n = \pm \sqrt{M \|\nabla F\|^2 + \sigma^2}"
        ): ("reached",),
    },
    domain="every dimension, number of steps and constant",
    neighbour=Neighbour("bound at rho 0", reduced, {**NOISY, last: 1, size: 1}),
)
