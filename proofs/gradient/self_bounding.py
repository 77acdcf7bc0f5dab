r"""‖∇D‖² ≤ max(1, α) D: a step of length 1/L against the gradient would else make D negative.

`L = max(1, α)/2` bounds the curvature (`smooth-own`), and D ≥ 0 wherever that step ends (`nonneg`).
"""

from sympy import Integer, Max, Rational, Symbol, log

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, le, lt, ne
from proofs.lemmas import Argument
from proofs.notation import (
    alpha,
    b,
    direction,
    i,
    k,
    kl,
    order,
    own,
    p,
    q,
    r,
    renyi,
    s,
    softmax,
    square,
    target,
)
from proofs.refutation import Neighbour, logits_of, reduced
from proofs.supports import MASS_P, MASS_Q, log_of_mass, mass_p, mass_q, on_p, on_q


def gradient(n):
    """`q_n − r_n`."""
    return q(n) - r(n)


def gradient_one(n):
    """`q_n − p_n`."""
    return q(n) - p(n)


def bounded(kernel: Argument, force, name: str, value) -> Theorem:
    """Taylor's formula along the negative gradient, from s = 0 to 1/L."""
    factor = Max(1, alpha) if name == "order not 1" else Integer(1)
    line = lambda at: lambda n: b(n) - at * force(n)  # noqa: E731
    xi, expansion, _ = kernel.taylor(value(softmax(line(s))), s, 0, 2 / factor, order=2)
    tilted = {order: alpha} if name == "order not 1" else {}
    descent = {**tilted, direction: lambda n: -force(n)}
    first = kernel.cite("grad-own", name, descent)
    _, curvature = kernel.cite("smooth-own", name, {**descent, own: line(xi)})
    positive = kernel.cite("nonneg", name, {own: line(2 / factor)})
    return kernel.combine(
        le(square(force), factor * value(q)),
        (factor, positive),
        (factor, expansion),
        (2, first),
        (2 / factor, curvature),
    )


x = Symbol("x", positive=True)


def masked_force(f):
    """Squared length of q − f where f is 0 on classes that only q has: these have at most `(1 − Q)²` together."""
    return square(lambda n: on_q(n) - f(n)) + (1 - mass_q) ** 2


def one_mass(kernel: Argument) -> Theorem:
    """The derivative of `−log x − (1−x)² − (1−x)/(1+x)` is `−(1 − 2x − x² + 2x³ + 2x⁴)/(x(1+x)²)`, never positive."""
    xi, change, _ = kernel.taylor(-log(x) - (1 - x) ** 2 - (1 - x) / (1 + x), x, 1, mass_q, order=1)
    quartic = 2 * (xi**2 + xi / 2 - Rational(3, 5)) ** 2 + Rational(9, 10) * (xi - Rational(4, 9)) ** 2
    fall = (quartic + Rational(7, 25) - Rational(8, 45)) / (xi * (1 + xi) ** 2)
    return kernel.combine(ONE_MASS, (-1, change), (fall, kernel.suppose(MASS_Q)))


ONE_MASS = le((1 - mass_q) ** 2 + (1 - mass_q) / (1 + mass_q), -log(mass_q))


def masked(kernel: Argument, f, full: str, value, factor, above: Theorem, *terms) -> Theorem:
    """Scaling q to its mass on the common support costs what `−log Q` pays.

    With `y = 1 − Q`: `2y q f − (2y − y²) q² ≤ f y/(2−y)`, class by class.
    """
    kept = kernel.cite("self-bounding", full)
    pays = kernel.cite("self-bounding", "one mass")
    lost, rest = 1 - mass_q, kernel.combine(le(0, 1 - mass_q), (1, kernel.suppose(MASS_Q)))
    most = kernel.terms_of_sum(f(k), k, i)
    bound = le(2 * lost * q(i) * f(i) - lost * (1 + mass_q) * q(i) ** 2, f(i) * lost / (1 + mass_q))
    by_class = kernel.combine(
        bound,
        (lost * (1 + mass_q) * q(i) ** 2, most),
        rest=f(i) * lost * (1 + mass_q) * (q(i) - 1 / (1 + mass_q)) ** 2,
        using=[rest],
    )
    small = log_of_mass(kernel, mass_q)
    negative = kernel.combine(le(0, -log(mass_q)), (1, small))
    return kernel.combine(
        le(masked_force(f), factor * value),
        (1, kept),
        (1, pays),
        (1, kernel.sum_over(by_class, i)),
        (-log(mass_q), above),
        *terms,
        using=[negative],
    )


def masked_not_one(kernel: Argument, value, *terms) -> Theorem:
    """At α ≠ 1."""
    extra = [(Max(1, alpha) * share, log_of_mass(kernel, mass)) for share, mass in terms]
    factor = Max(1, alpha)
    exact = kernel.resolve(factor)
    above = kernel.combine(le(1, factor), (-1, exact), rest=exact.right - 1)
    return masked(kernel, r, "order not 1", value, factor, above, *extra)


BELOW, ABOVE = renyi(alpha, on_p, on_q), renyi(alpha, p, on_q)

PROOF = Proof(
    "self-bounding",
    goals=(
        Goal(
            "order not 1",
            given=(ne(alpha, 1),),
            shows=(le(square(gradient), Max(1, alpha) * renyi(alpha)),),
            argument=lambda kernel: bounded(kernel, gradient, "order not 1", lambda f: renyi(alpha, p, f)),
        ),
        Goal(
            "order 1",
            shows=(le(square(gradient_one), kl()),),
            argument=lambda kernel: bounded(kernel, gradient_one, "order 1", lambda f: kl(p, f)),
        ),
        Goal("one mass", given=(MASS_Q,), shows=(ONE_MASS,), argument=one_mass),
        Goal(
            "masked, below 1",
            given=(lt(alpha, 1), MASS_P, MASS_Q),
            shows=(le(masked_force(r), Max(1, alpha) * BELOW),),
            argument=lambda kernel: masked_not_one(kernel, BELOW, (alpha / (1 - alpha), mass_p)),
        ),
        Goal(
            "masked, at 1",
            given=(MASS_Q,),
            shows=(le(masked_force(p), kl(p, on_q)),),
            argument=lambda kernel: masked(
                kernel, p, "order 1", kl(p, on_q), Integer(1), kernel.sign(le(1, 1))
            ),
        ),
        Goal(
            "masked, above 1",
            given=(lt(1, alpha), MASS_Q),
            shows=(le(masked_force(r), Max(1, alpha) * ABOVE),),
            argument=lambda kernel: masked_not_one(kernel, ABOVE),
        ),
    ),
    asserts={
        r"\|\nabla_{z_q} D_\alpha(p\|q)\|_2^2 \le \max(1, \alpha) \, D_\alpha(p\|q)": (
            "masked, below 1",
            "masked, at 1",
            "masked, above 1",
        ),
    },
    domain="0 < α < ∞ and any masks",
    neighbour=Neighbour(
        "order not 1", reduced, {i.total: 2, alpha: 2, target: logits_of(51, 49), own: logits_of(1, 1)}
    ),
)
