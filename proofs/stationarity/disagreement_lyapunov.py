r"""Learners come together at every order: d/dt‖δ‖² ≤ −4αβ p_min‖δ‖² under the mutual flow alone.

Each learner's force is a difference of softmax along the line through both; paired with δ it is a difference of
`φ'`, φ the log-partition function on that line, hence α times a variance of δ.
"""

from sympy import Max, Min, Rational, Symbol, diff

from proofs.cohort import beta, first, force, second
from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, Total, eq, le, lt
from proofs.lemmas import Argument
from proofs.notation import alpha, family, i, k, log_partition, mixed, softmax, t, variance
from proofs.refutation import Neighbour, logits_of

z1, z2 = family(first), family(second)
least = Symbol("p_min", positive=True)
x, anywhere = Symbol("x", real=True), Symbol("s", real=True)
path = log_partition(mixed(t, z1, z2))
low, high = Min(0, 1 - alpha), Max(1, alpha)


def gap(n):
    """`z₁ − z₂`."""
    return z1(n) - z2(n)


def centred(n):
    """`δ`."""
    return gap(n) - Total(gap(k), k) / i.total


def clamped(position):
    """The point of `[min(0, 1−α), max(1, α)]` nearest to `position`."""
    return Min(Max(position, low), high)


DISTANCE = Total(centred(i) ** 2, i)
LEAST = le(least, softmax(mixed(clamped(anywhere), z1, z2))(i), anywhere, i)
"""`p_min` bounds every class probability on the segment."""

one, other = force(alpha, z2, z1), force(alpha, z1, z2)
RATE = 2 * Total(centred(i) * (-beta * one(i) + beta * other(i)), i)
"""`d/dt‖δ‖²` for `ż₁ = −β(q₁ − r₁₂)`, `ż₂ = −β(q₂ − r₂₁)`."""


def spread_at(kernel: Argument, start, end, inside: tuple[Theorem, ...]) -> tuple[Theorem, Theorem]:
    """`φ'(end) − φ'(start) = α Var_ξ(δ)`, and `Var_ξ(δ) ≥ p_min‖δ‖²`."""
    ordered = kernel.sign(lt(start, end))
    xi, change, above, below = kernel.taylor(diff(path, t), t, start, end, order=1, between=ordered)
    from_low = kernel.combine(le(low, xi), (1, above), (1, inside[0]))
    to_high = kernel.combine(le(xi, high), (1, below), (1, inside[1]))
    inner = kernel.extremum(Max(xi, low), xi, using=[from_low])
    clamp = kernel.monotone(Min(x, high), x, inner)
    outer = kernel.extremum(Min(xi, high), xi, using=[to_high])
    same = kernel.combine(eq(clamped(xi), xi), (1, clamp), (1, outer))
    weight = kernel.monotone(softmax(mixed(x, z1, z2))(i), x, same)
    somewhere = kernel.at(kernel.suppose(LEAST), {anywhere: xi})
    tilt = softmax(mixed(xi, z1, z2))
    bound = kernel.combine(le(least, tilt(i)), (1, somewhere), (1, weight))
    shift = gap(i) - Total(tilt(k) * gap(k), k)
    summed = kernel.sum_over(bound, i, weight=shift**2)
    offset = Total(gap(k), k) / i.total - Total(tilt(k) * gap(k), k)
    return change, kernel.combine(
        le(least * DISTANCE, variance(tilt, gap)), (1, summed), rest=least * i.total * offset**2
    )


def approach(kernel: Argument) -> Theorem:
    """One mean value for each learner."""
    least_low = kernel.extremum(low, 1 - alpha)
    least_zero = kernel.extremum(low, 0)
    most_one, most_order = kernel.extremum(high, 1), kernel.extremum(high, alpha)
    first_change, first_spread = spread_at(kernel, 1 - alpha, 1, (least_low, most_one))
    second_change, second_spread = spread_at(kernel, 0, alpha, (least_zero, most_order))
    return kernel.combine(
        le(RATE, -4 * alpha * beta * least * DISTANCE),
        (-2 * beta, first_change),
        (-2 * beta, second_change),
        (2 * alpha * beta, first_spread),
        (2 * alpha * beta, second_spread),
    )


PROOF = Proof(
    "disagreement-lyapunov",
    goals=(
        Goal(
            "approach",
            given=(LEAST,),
            shows=(le(RATE, -4 * alpha * beta * least * DISTANCE),),
            argument=approach,
        ),
    ),
    asserts={
        r"\frac{d}{dt} \|\delta\|^2 \le -4 \alpha\beta \, p_{\min} \|\delta\|^2": ("approach",),
    },
    domain="0 < α < ∞, finite logits and every β ≥ 0",
    neighbour=Neighbour(
        "approach",
        lambda bound: le(bound.left, Rational(101, 100) * bound.right),
        {
            i.total: 2,
            alpha: 1,
            beta: 1,
            first: logits_of(501, 499),
            second: logits_of(1, 1),
            least: Rational(499, 1000),
        },
        because={LEAST: "from one to the other the least probability goes from 499/1000 to 1/2"},
    ),
)
