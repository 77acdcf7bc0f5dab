r"""The Hessian in the own logits lies between −max(1−α, 0)/2 and max(1, α)/2.

A covariance matrix of a distribution over classes is at most ½: `Var_σ(w) ≤ 2Σσ(1−σ)w²`, off the diagonal by
`(w_i + w_k)² ≥ 0`, and `2σ(1−σ) ≤ ½`.
"""

from sympy import Max, Rational

from proofs.goals import Goal, Proof
from proofs.kernel import Relation, Slope, Theorem, le, lt, ne
from proofs.lemmas import Argument
from proofs.notation import (
    b,
    c,
    direction,
    escort,
    i,
    k,
    kl,
    mixed,
    order,
    other,
    own,
    p,
    q,
    renyi,
    s,
    softmax,
    square,
    target,
    third,
    variance,
    w,
)
from proofs.refutation import Neighbour, logits_of, reduced

r = escort(order)
sigma = softmax(c)
MOVED = softmax(lambda n: b(n) + s * w(n))
CURVATURE, CURVATURE_ONE = Slope(renyi(order, p, MOVED), s, 0, 2), Slope(kl(p, MOVED), s, 0, 2)
BELOW = r"\nabla_{z_q}^2 D_\alpha(p\|q) \succeq -\frac{\max(1 - \alpha, 0)}{2} I"
ABOVE = r"\nabla_{z_q}^2 D_\alpha(p\|q) \preceq \frac{\max(1, \alpha)}{2} I"


def half(kernel: Argument) -> Theorem:
    """`Σ_{i≠k} σ_i σ_k (w_i + w_k)² ≥ 0`, and a square for the diagonal."""
    diagonal = kernel.terms_of_sum(sigma(i) * sigma(k) * (w(i) + w(k)) ** 2, k, i)
    summed = kernel.sum_over(diagonal, i)
    rest = square(lambda n: w(n) * (1 - 2 * sigma(n))) / 2
    return kernel.combine(le(variance(sigma, w), square(w) / 2), (Rational(1, 2), summed), rest=rest)


def bounds(kernel: Argument, branch: Relation) -> tuple[Theorem, Theorem]:
    """The two bounds where α < 1, or where α ≥ 1."""
    case = [kernel.suppose(branch)]
    hessian = kernel.cite("hessian-own", "order not 1", {other: w})
    of_own = kernel.cite("smooth-own", "half", {third: b})
    of_escort = kernel.cite("smooth-own", "half", {third: mixed(order)})
    least, most = Max(1 - order, 0), Max(1, order)
    over_one, over_order = kernel.extremum(most, 1), kernel.extremum(most, order)
    below, above = le(-least / 2 * square(w), CURVATURE), le(CURVATURE, most / 2 * square(w))
    size = square(w) / 2
    if branch.op == "<":
        return (
            kernel.combine(
                below,
                (-1, hessian),
                (1 - order, of_escort),
                (size, kernel.extremum(least, 1 - order)),
                rest=variance(q, w),
                using=case,
            ),
            kernel.combine(
                above,
                (1, hessian),
                (1, of_own),
                (size, over_one),
                rest=(1 - order) * variance(r, w),
                using=case,
            ),
        )
    return (
        kernel.combine(
            below,
            (-1, hessian),
            (size, kernel.extremum(least, 0)),
            rest=variance(q, w) + (order - 1) * variance(r, w),
            using=case,
        ),
        kernel.combine(
            above, (1, hessian), (1, of_own), (order - 1, of_escort), (size, over_order), using=case
        ),
    )


def every_order(kernel: Argument) -> tuple[Theorem, ...]:
    """Both cases together."""
    small, large = bounds(kernel, lt(order, 1)), bounds(kernel, le(1, order))
    return tuple(kernel.cases(one, another) for one, another in zip(small, large, strict=True))


def order_one(kernel: Argument) -> tuple[Theorem, Theorem]:
    """At α = 1 the Hessian is Σ(q)."""
    hessian = kernel.cite("hessian-own", "order 1", {other: w})
    of_own = kernel.cite("smooth-own", "half", {third: b})
    return (
        kernel.combine(le(0, CURVATURE_ONE), (-1, hessian), rest=variance(q, w)),
        kernel.combine(le(CURVATURE_ONE, square(w) / 2), (1, hessian), (1, of_own)),
    )


PROOF = Proof(
    "smooth-own",
    goals=(
        Goal("half", shows=(le(variance(sigma, w), square(w) / 2),), argument=half),
        Goal(
            "order not 1",
            given=(ne(order, 1),),
            shows=(
                le(-Max(1 - order, 0) / 2 * square(w), CURVATURE),
                le(CURVATURE, Max(1, order) / 2 * square(w)),
            ),
            argument=every_order,
        ),
        Goal(
            "order 1",
            shows=(le(0, CURVATURE_ONE), le(CURVATURE_ONE, square(w) / 2)),
            argument=order_one,
        ),
    ),
    asserts={
        BELOW: ("order not 1", "order 1"),
        ABOVE: ("order not 1", "order 1"),
    },
    domain="every real α and finite logits on the common support",
    neighbour=Neighbour(
        "order not 1",
        reduced,
        {i.total: 2, order: 2, target: logits_of(1, 1), own: logits_of(1, 1), direction: lambda i: 1 - 2 * i},
    ),
)
