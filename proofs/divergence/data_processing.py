r"""Coarse-graining by any stochastic matrix W does not increase D.

Each output class n is compared on its own: for α < 1, `Σ_i W_in p_i^α q_i^{1−α} ≤ P_n^α Q_n^{1−α}` by the tangent of
`x^α`, reversed for α > 1, and the tangent of the logarithm at α = 1. `P_n = Σ_i W_in p_i > 0`: a class that no class
is mapped to may be left out.
"""

from sympy import Expr, IndexedBase, Symbol, log

from proofs.goals import Goal, Proof
from proofs.kernel import Index, Theorem, Total, eq, le, lt
from proofs.lemmas import Argument
from proofs.notation import alpha, i, k, kl, own, p, q, renyi, target
from proofs.refutation import Neighbour, logits_of, reduced

channel = IndexedBase("W", nonnegative=True)
n = Index("o", Symbol("C'", integer=True, positive=True))
x = Symbol("x", positive=True)
GIVEN = (
    eq(Total(channel[i, n], n), 1, i),
    lt(0, Total(channel[i, n] * p(i), i), n),
    lt(0, Total(channel[i, n] * q(i), i), n),
)


def coarse(f) -> Expr:
    """`Σ_i W_in f_i`."""
    return lambda j: Total(channel[k, j] * f(k), k)


P, Q = coarse(p), coarse(q)
SUM = Total(p(i) ** alpha * q(i) ** (1 - alpha), i)
COARSE_SUM = Total(P(n) ** alpha * Q(n) ** (1 - alpha), n)
COARSE = log(COARSE_SUM) / (alpha - 1)
COARSE_KL = Total(P(n) * log(P(n) / Q(n)), n)
ASSERTION = r"D_\alpha(pW\|qW) \le D_\alpha(p\|q)"


def order_not_one(kernel: Argument) -> Theorem:
    """Tangents class by class, summed; then the logarithm."""
    ratio = (p(i) / P(n)) / (q(i) / Q(n))
    tangent = kernel.tangent(x**alpha, x, at=1, to=ratio)
    by_class = kernel.sum_over(tangent, i, weight=channel[i, n] * q(i) * P(n) ** alpha * Q(n) ** (-alpha))
    summed = kernel.sum_over(by_class, n)
    kept = kernel.sum_over(kernel.suppose(GIVEN[0]), i, weight=p(i) ** alpha * q(i) ** (1 - alpha))
    below_one = any(h.right == 1 and h.op == "<" for h in kernel.given)
    if below_one:
        sums = kernel.combine(le(SUM, COARSE_SUM), (1, summed), (-1, kept))
        logs = kernel.monotone(log(x), x, sums)
        return kernel.combine(le(COARSE, renyi(alpha)), (1 / (1 - alpha), logs))
    sums = kernel.combine(le(COARSE_SUM, SUM), (1, summed), (1, kept))
    logs = kernel.monotone(log(x), x, sums)
    return kernel.combine(le(COARSE, renyi(alpha)), (1 / (alpha - 1), logs))


def order_one(kernel: Argument) -> Theorem:
    """`log x ≤ x − 1` at x = q_i P_n/(p_i Q_n)."""
    tangent = kernel.tangent(log(x), x, at=1, to=q(i) * P(n) / (p(i) * Q(n)))
    summed = kernel.sum_over(kernel.sum_over(tangent, i, weight=channel[i, n] * p(i)), n)
    kept = kernel.sum_over(kernel.suppose(GIVEN[0]), i, weight=p(i) * log(p(i) / q(i)))
    return kernel.combine(le(COARSE_KL, kl()), (1, summed), (1, kept))


weights = IndexedBase("omega", real=True)
mass_p, mass_q = Symbol("P", positive=True), Symbol("Q", positive=True)
ONE_CLASS = le(
    mass_p**alpha * mass_q ** (1 - alpha), Total(weights[i] * p(i) ** alpha * q(i) ** (1 - alpha), i)
)
MASSES = (eq(Total(weights[i] * p(i), i), mass_p), eq(Total(weights[i] * q(i), i), mass_q))
WEIGHTS = le(0, weights[i], i)


def one_class(kernel: Argument) -> Theorem:
    """The tangent of x^α at the ratio of the two masses, for one output class."""
    tangent = kernel.tangent(x**alpha, x, at=1, to=(p(i) / mass_p) / (q(i) / mass_q))
    summed = kernel.sum_over(tangent, i, weight=weights[i] * q(i) * mass_p**alpha * mass_q ** (-alpha))
    of_p, of_q = (kernel.suppose(mass) for mass in MASSES)
    return kernel.combine(
        ONE_CLASS,
        (1, summed),
        (-alpha * mass_p ** (alpha - 1) * mass_q ** (1 - alpha), of_p),
        ((alpha - 1) * mass_p**alpha * mass_q ** (-alpha), of_q),
    )


PROOF = Proof(
    "data-processing",
    goals=(
        Goal(
            "one output class",
            given=(lt(1, alpha), WEIGHTS, *MASSES),
            shows=(ONE_CLASS,),
            argument=one_class,
        ),
        Goal(
            "order below 1",
            given=(lt(alpha, 1), *GIVEN),
            shows=(le(COARSE, renyi(alpha)),),
            argument=order_not_one,
        ),
        Goal(
            "order above 1",
            given=(lt(1, alpha), *GIVEN),
            shows=(le(COARSE, renyi(alpha)),),
            argument=order_not_one,
        ),
        Goal(
            "order 1",
            given=GIVEN,
            shows=(le(COARSE_KL, kl()),),
            argument=order_one,
        ),
    ),
    asserts={
        ASSERTION: ("order below 1", "order above 1", "order 1"),
    },
    domain="0 < α < ∞, finite logits and output classes that are reached",
    beyond="α ∈ {0, ∞} and masks",
    neighbour=Neighbour(
        "order above 1",
        reduced,
        {
            i.total: 2,
            n.total: 2,
            alpha: 2,
            target: logits_of(1, 1),
            own: logits_of(1, 3),
            channel: lambda i, o: int(i == o),
        },
    ),
)
