r"""Convexity: jointly in (p, q) for α ≤ 1, in q at every order, and in the own logits for α ≥ 1.

For α < 1 the affinity `Σ p^α q^{1−α}` is jointly concave (tangents of x^α class by class) and the logarithm is
concave. For α > 1 the affinity is log-convex in q: q is at least the geometric mixture, and Hölder's inequality.
"""

from sympy import IndexedBase, Max, Rational, Symbol, exp, log

from proofs.goals import Goal, Proof
from proofs.kernel import Slope, Theorem, Total, eq, le, lt, ne
from proofs.lemmas import Argument, by_identity
from proofs.notation import (
    a,
    alpha,
    b,
    direction,
    family,
    i,
    kl,
    order,
    own,
    p,
    q,
    renyi,
    s,
    softmax,
    square,
    target,
    w,
)
from proofs.refutation import Neighbour, logits_of

share = Symbol("lambda", positive=True)
rest = 1 - share
x, z = Symbol("x", positive=True), Symbol("z", real=True)
second_target, second_own = (IndexedBase(name, real=True) for name in ("c", "e"))
p2, q2 = softmax(family(second_target)), softmax(family(second_own))
BELOW_ONE = lt(share, 1)


other = Symbol("mu", positive=True)
PARTS = (share, other)
"""λ and μ = 1 − λ, both positive by their kind."""

WHOLE = eq(share + other, 1)


def mixed(f, g, parts=(share, rest)):
    """`λf + (1−λ)g`."""
    return lambda n: parts[0] * f(n) + parts[1] * g(n)


mixed_p, mixed_q = mixed(p, p2), mixed(q, q2)


def affinity(f, g):
    """`Σ f^α g^{1−α}`."""
    return Total(f(i) ** alpha * g(i) ** (1 - alpha), i)


def concave_logarithm(kernel: Argument, one, two, parts=(share, rest)) -> Theorem:
    """`λ log S + (1−λ) log S' ≤ log(λS + (1−λ)S')`."""
    middle = parts[0] * one + parts[1] * two
    first, second = (kernel.tangent(log(x), x, at=middle, to=end) for end in (one, two))
    whole = kernel.identity(sum(parts), 1) if parts[1] is rest else kernel.suppose(WHOLE)
    return kernel.combine(
        le(parts[0] * log(one) + parts[1] * log(two), log(middle)),
        (parts[0], first),
        (parts[1], second),
        (log(middle) - 1, whole),
    )


def joint_goal(parts):
    """Joint convexity at α, for weights `parts`."""
    middle = renyi(alpha, mixed(p, p2, parts), mixed(q, q2, parts))
    return le(middle, parts[0] * renyi(alpha, p, q) + parts[1] * renyi(alpha, p2, q2))


def joint_below_one(kernel: Argument) -> Theorem:
    """Tangents of x^α at 1, class by class, then the logarithm."""
    P, Q = mixed(p, p2, PARTS), mixed(q, q2, PARTS)
    one, two, middle = affinity(p, q), affinity(p2, q2), affinity(P, Q)
    terms = []
    for f, g, part in ((p, q, share), (p2, q2, other)):
        tangent = kernel.tangent(x**alpha, x, at=1, to=f(i) * Q(i) / (g(i) * P(i)))
        terms.append((part * g(i) * P(i) ** alpha * Q(i) ** (-alpha), tangent))
    powers = [f(i) ** alpha * g(i) ** (1 - alpha) for f, g in ((p, q), (p2, q2), (P, Q))]
    by_class = kernel.combine(le(share * powers[0] + other * powers[1], powers[2]), *terms)
    summed = kernel.sum_over(by_class, i)
    concave = kernel.combine(le(share * one + other * two, middle), (1, summed))
    logs = kernel.monotone(log(x), x, concave)
    jensen = concave_logarithm(kernel, one, two, PARTS)
    return kernel.combine(joint_goal(PARTS), (1 / (1 - alpha), logs), (1 / (1 - alpha), jensen))


def joint_order_one(kernel: Argument) -> Theorem:
    """`log y ≤ y − 1`, class by class."""
    terms = []
    for f, g, part in ((p, q, share), (p2, q2, rest)):
        tangent = kernel.tangent(log(x), x, at=1, to=g(i) * mixed_p(i) / (f(i) * mixed_q(i)))
        terms.append((part * f(i), tangent))
    parts = [f(i) * log(f(i) / g(i)) for f, g in ((p, q), (p2, q2), (mixed_p, mixed_q))]
    by_class = kernel.combine(le(parts[2], share * parts[0] + rest * parts[1]), *terms)
    return kernel.combine(
        le(kl(mixed_p, mixed_q), share * kl(p, q) + rest * kl(p2, q2)),
        (1, kernel.sum_over(by_class, i)),
    )


def own_above_one(kernel: Argument) -> Theorem:
    """The affinity of the mixture is at most the geometric mixture of the affinities."""
    middle = concave_logarithm(kernel, q(i), q2(i))
    one, two = affinity(p, q), affinity(p, q2)
    geometric = alpha * log(p(i)) + (1 - alpha) * (share * log(q(i)) + rest * log(q2(i)))
    exponents = kernel.combine(
        le(alpha * log(p(i)) + (1 - alpha) * log(mixed_q(i)), geometric), (alpha - 1, middle)
    )
    by_class = kernel.monotone(exp(z), z, exponents)
    at = geometric - share * log(one) - rest * log(two)
    ends = (
        alpha * log(p(i)) + (1 - alpha) * log(q(i)) - log(one),
        alpha * log(p(i)) + (1 - alpha) * log(q2(i)) - log(two),
    )
    first, second = (kernel.tangent(exp(z), z, at=at, to=end) for end in ends)
    hoelder = kernel.combine(
        le(exp(at), share * exp(ends[0]) + rest * exp(ends[1])), (share, first), (rest, second)
    )
    normalised = kernel.sum_over(hoelder, i)
    scale = exp(share * log(one) + rest * log(two))
    total = kernel.sum_over(by_class, i)
    bound = kernel.combine(le(affinity(p, mixed_q), scale), (1, total), (scale, normalised))
    logs = kernel.monotone(log(x), x, bound)
    return kernel.combine(
        le(renyi(alpha, p, mixed_q), share * renyi(alpha, p, q) + rest * renyi(alpha, p, q2)),
        (1 / (alpha - 1), logs),
    )


def log_mixed(first, second):
    """`λ log f + (1−λ) log g`."""
    return share * log(first) + rest * log(second)


def geometric_below(kernel: Argument) -> tuple[Theorem, Theorem]:
    """`p ≤ M^λ M'^{1−λ} q^λ q'^{1−λ}`, and the geometric mixture of q and q' is at most the arithmetic one."""
    logs = [kernel.monotone(log(x), x, kernel.suppose(bound)) for bound in RATIOS]
    goal = le(log(p(i)), log_mixed(one_largest, two_largest) + log_mixed(q(i), q2(i)))
    below = kernel.monotone(exp(z), z, kernel.combine(goal, (share, logs[0]), (rest, logs[1])))
    return below, kernel.monotone(exp(z), z, concave_logarithm(kernel, q(i), q2(i)))


def own_infinity(kernel: Argument) -> Theorem:
    """Both together."""
    below, means = geometric_below(kernel)
    return kernel.combine(OWN_INFINITY, (1, below), (ROOF, means))


def logits_infinity(kernel: Argument) -> Theorem:
    """The geometric mixture sums to at most 1, so the softmax of the mixed logits is at least that mixture."""
    below, means = geometric_below(kernel)
    mass = kernel.sum_over(means, i)
    geometric = exp(log_mixed(q(i), q2(i)))
    return kernel.combine(LOGITS_INFINITY, (1, below), (ROOF * geometric / Total(geometric, i), mass))


def logits(kernel: Argument, name: str, curvature) -> Theorem:
    """The second derivative in every direction is not negative."""
    images = {direction: w, order: alpha} if name == "order not 1" else {direction: w}
    below, _ = kernel.cite("smooth-own", name, images)
    if name == "order 1":
        return kernel.combine(le(0, curvature), (1, below))
    flat = kernel.extremum(Max(1 - alpha, 0), 0)
    return kernel.combine(le(0, curvature), (1, below), (square(w) / 2, flat))


one_largest, two_largest = Symbol("M", positive=True), Symbol("M'", positive=True)
RATIOS = (le(p(i), one_largest * q(i), i), le(p(i), two_largest * q2(i), i))
"""M and M' are at least the largest ratios, so D_∞ ≤ log M and ≤ log M'."""

ROOF = exp(log_mixed(one_largest, two_largest))
OWN_INFINITY = le(p(i), ROOF * mixed_q(i))
LOGITS_INFINITY = le(p(i), ROOF * softmax(lambda n: share * own[n] + rest * second_own[n])(i))
MOVED = softmax(lambda n: b(n) + s * w(n))
JOINT = (
    r"D_\alpha(\lambda p + \bar\lambda p'\|\lambda q + \bar\lambda q')"
    r" \le \lambda D_\alpha(p\|q) + \bar\lambda D_\alpha(p'\|q') \quad (\alpha \le 1)"
)
OWN = r"D_\alpha(p\|\lambda q + \bar\lambda q') \le \lambda D_\alpha(p\|q) + \bar\lambda D_\alpha(p\|q')"
LOGITS = r"z_q \mapsto D_\alpha(p\|q) \text{ is convex} \quad (\alpha \ge 1)"
CURVATURE, CURVATURE_ONE = Slope(renyi(alpha, p, MOVED), s, 0, 2), Slope(kl(p, MOVED), s, 0, 2)
own_side = share * renyi(alpha, p, q) + rest * renyi(alpha, p, q2)

PROOF = Proof(
    "convex-in-q",
    goals=(
        Goal(
            "jointly, two weights",
            given=(lt(alpha, 1), WHOLE),
            shows=(joint_goal(PARTS),),
            argument=joint_below_one,
        ),
        Goal(
            "jointly, order below 1",
            given=(lt(alpha, 1), BELOW_ONE),
            shows=(joint_goal((share, rest)),),
            argument=lambda kernel: kernel.cite("convex-in-q", "jointly, two weights", {other: rest}),
        ),
        Goal(
            "jointly, order 1",
            given=(BELOW_ONE,),
            shows=(le(kl(mixed_p, mixed_q), share * kl(p, q) + rest * kl(p2, q2)),),
            argument=joint_order_one,
        ),
        Goal(
            "own, order above 1",
            given=(lt(1, alpha), BELOW_ONE),
            shows=(le(renyi(alpha, p, mixed_q), own_side),),
            argument=own_above_one,
        ),
        Goal(
            "own, order below 1",
            given=(lt(alpha, 1), BELOW_ONE),
            shows=(le(renyi(alpha, p, mixed_q), own_side),),
            argument=lambda kernel: kernel.cite("convex-in-q", "jointly, order below 1", {second_target: a}),
        ),
        Goal(
            "own, order 1",
            given=(BELOW_ONE,),
            shows=(le(kl(p, mixed_q), share * kl(p, q) + rest * kl(p, q2)),),
            argument=lambda kernel: kernel.cite("convex-in-q", "jointly, order 1", {second_target: a}),
        ),
        Goal(
            "logits, order above 1",
            given=(lt(1, alpha),),
            shows=(le(0, CURVATURE),),
            argument=lambda kernel: logits(kernel, "order not 1", CURVATURE),
        ),
        Goal(
            "logits, order 1",
            shows=(le(0, CURVATURE_ONE),),
            argument=lambda kernel: logits(kernel, "order 1", CURVATURE_ONE),
        ),
        Goal(
            "order 0",
            given=(BELOW_ONE,),
            shows=(
                eq(renyi(0, mixed_p, mixed_q), 0),
                eq(renyi(0, p, mixed_q), 0),
                eq(renyi(0), 0),
            ),
            argument=by_identity,
        ),
        Goal("own, order ∞", given=(BELOW_ONE, *RATIOS), shows=(OWN_INFINITY,), argument=own_infinity),
        Goal(
            "logits, order ∞",
            given=(BELOW_ONE, *RATIOS),
            shows=(LOGITS_INFINITY,),
            argument=logits_infinity,
        ),
    ),
    asserts={
        JOINT: ("order 0", "jointly, order below 1", "jointly, order 1"),
        OWN: ("order 0", "own, order below 1", "own, order 1", "own, order above 1", "own, order ∞"),
        LOGITS: ("logits, order 1", "logits, order above 1", "logits, order ∞"),
    },
    domain="α ∈ [0, ∞] and finite logits",
    neighbour=Neighbour(
        "logits, order above 1",
        lambda convex: convex,
        {
            i.total: 2,
            alpha: Rational(1, 2),
            target: logits_of(1, 99),
            own: logits_of(99, 1),
            direction: lambda i: 1 - i,
        },
        given=(ne(alpha, 1),),
    ),
)
