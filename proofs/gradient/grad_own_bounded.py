r"""q − r is a difference of two distributions, so its norms are at most 2, √2 and 1, for every C and α.

Shown for any two distributions: where there are masks, or α is 0 or ∞, r is one too, wherever it exists.
"""

from sympy import Abs, IndexedBase, Integer, Rational, sqrt

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, Total, eq, le
from proofs.lemmas import Argument
from proofs.notation import escort, family, i, k, norm1, order, own, q, square, target
from proofs.refutation import Neighbour, logits_of

first, second = (IndexedBase(name, nonnegative=True) for name in ("f", "g"))
f, g, r = family(first), family(second), escort(order)
DISTRIBUTIONS = (eq(Total(f(i), i), 1), eq(Total(g(i), i), 1))


def difference(n):
    """`f_n − g_n`."""
    return f(n) - g(n)


def force(n):
    """`q_n − r_n`."""
    return q(n) - r(n)


def most(kernel: Argument) -> list[Theorem]:
    """No probability is above 1."""
    totals = (kernel.suppose(total) for total in DISTRIBUTIONS)
    terms = (kernel.terms_of_sum(h(k), k, i) for h in (f, g))
    return [
        kernel.combine(le(h(i), 1), (1, term), (1, total))
        for h, term, total in zip((f, g), terms, totals, strict=True)
    ]


def one_norm(kernel: Argument) -> Theorem:
    """`|f − g| ≤ f + g`."""
    above, below = (kernel.sign(le(e, f(i) + g(i))) for e in (difference(i), -difference(i)))
    summed = kernel.sum_over(kernel.within(difference(i), above, below), i)
    totals = ((1, kernel.suppose(total)) for total in DISTRIBUTIONS)
    return kernel.combine(le(norm1(difference), 2), (1, summed), *totals)


def two_norm(kernel: Argument) -> Theorem:
    """`(f − g)² ≤ f² + g² ≤ f + g`."""
    most_f, most_g = most(kernel)
    by_class = kernel.combine(
        le(difference(i) ** 2, f(i) + g(i)), (f(i), most_f), (g(i), most_g), rest=2 * f(i) * g(i)
    )
    totals = ((1, kernel.suppose(total)) for total in DISTRIBUTIONS)
    squared = kernel.combine(le(square(difference), 2), (1, kernel.sum_over(by_class, i)), *totals)
    return kernel.root(sqrt(square(difference)), squared)


def largest(kernel: Argument) -> Theorem:
    """Both probabilities lie in [0, 1]."""
    most_f, most_g = most(kernel)
    above = kernel.combine(le(f(i) - g(i), 1), (1, most_f), rest=g(i))
    below = kernel.combine(le(g(i) - f(i), 1), (1, most_g), rest=f(i))
    return kernel.within(difference(i), above, below)


def of_escort(kernel: Argument) -> Theorem:
    """The 2-norm at finite logits."""
    totals = [kernel.identity(Total(h(i), i), 1) for h in (q, r)]
    return kernel.cite("grad-own-bounded", "2-norm", {first: q, second: r}, shown=totals)


PROOF = Proof(
    "grad-own-bounded",
    goals=(
        Goal("1-norm", given=DISTRIBUTIONS, shows=(le(norm1(difference), 2),), argument=one_norm),
        Goal(
            "2-norm",
            given=DISTRIBUTIONS,
            shows=(le(sqrt(square(difference)), sqrt(Integer(2))),),
            argument=two_norm,
        ),
        Goal("largest", given=DISTRIBUTIONS, shows=(le(Abs(difference(i)), 1),), argument=largest),
        Goal("2-norm, finite", shows=(le(sqrt(square(force)), sqrt(Integer(2))),), argument=of_escort),
    ),
    asserts={
        r"\|q - r_\alpha\|_1 \le 2,\ \|q - r_\alpha\|_2 \le \sqrt{2},\ \|q - r_\alpha\|_\infty \le 1": (
            "1-norm",
            "2-norm",
            "largest",
        ),
    },
    domain="any two distributions in the place of q and r, so α ∈ [0, ∞] and any masks",
    neighbour=Neighbour(
        "2-norm, finite",
        lambda bound: le(bound.left, Rational(7, 5)),
        {i.total: 2, order: 1, target: logits_of(999, 1), own: logits_of(1, 999)},
    ),
)
