"""The Rényi divergences of independent components add."""

from sympy import IndexedBase, Symbol, exp, log

from proofs.goals import Goal, Proof
from proofs.kernel import Index, Theorem, Total, eq, le, ne
from proofs.lemmas import Argument, by_identity
from proofs.notation import i, kl, order, p, renyi
from proofs.supports import largest, on_p, on_q

n = Index("o", Symbol("C'", integer=True, positive=True))
"""Classes of the second component."""


def second(name: str):
    """A distribution on the second set of classes, by its logits."""
    logits = IndexedBase(name, real=True)
    return lambda j: exp(logits[j]) / Total(exp(logits[n]), n)


p2, q2 = second("a'"), second("b'")
mass_p2, mass_q2 = Symbol("P'", positive=True), Symbol("Q'", positive=True)
largest2 = Symbol("M'", positive=True)
top, top2 = Index("m", i.total), Index("o'", n.total)
"""Classes where the ratios of p to q are largest."""


def on_p2(j):
    """As `on_p`, of the second component."""
    return mass_p2 * p2(j)


def on_q2(j):
    """As `on_q`, of the second component."""
    return mass_q2 * q2(j)


PRODUCT = (on_p(i) * on_p2(n)) ** order * (on_q(i) * on_q2(n)) ** (1 - order)
SECOND = log(Total(on_p2(n) ** order * on_q2(n) ** (1 - order), n)) / (order - 1)
BOTH = log(Total(PRODUCT, i, n)) / (order - 1)
SECOND_KL = Total(p2(n) * log(p2(n) / on_q2(n)), n)
BOTH_KL = Total(p(i) * p2(n) * log(p(i) * p2(n) / (on_q(i) * on_q2(n))), i, n)
LARGEST = (
    le(p(i), largest * on_q(i), i),
    le(p2(n), largest2 * on_q2(n), n),
    eq(p(top), largest * on_q(top)),
    eq(p2(top2), largest2 * on_q2(top2)),
)
"""M and M' are the largest ratios of p to q and of p' to q'."""
ADDS = r"D_\alpha(p \otimes p'\|q \otimes q') = D_\alpha(p\|q) + D_\alpha(p'\|q')"


def order_infinity(kernel: Argument) -> tuple[Theorem, ...]:
    """The largest ratio of the products is the product of the largest."""
    below, below2, reached, reached2 = (kernel.suppose(r) for r in LARGEST)
    bound = le(p(i) * p2(n), largest * largest2 * on_q(i) * on_q2(n))
    value = eq(p(top) * p2(top2), largest * largest2 * on_q(top) * on_q2(top2))
    return (
        kernel.combine(bound, (p2(n), below), (largest * on_q(i), below2)),
        kernel.combine(value, (p2(top2), reached), (largest * on_q(top), reached2)),
        kernel.identity(log(largest * largest2), log(largest) + log(largest2)),
    )


PROOF = Proof(
    "additive",
    goals=(
        Goal(
            "order not 1",
            given=(ne(order, 1),),
            shows=(eq(BOTH, renyi(order, on_p, on_q) + SECOND),),
            argument=by_identity,
        ),
        Goal("order 1", shows=(eq(BOTH_KL, kl(p, on_q) + SECOND_KL),), argument=by_identity),
        Goal(
            "order ∞",
            given=LARGEST,
            shows=(
                le(p(i) * p2(n), largest * largest2 * on_q(i) * on_q2(n)),
                eq(p(top) * p2(top2), largest * largest2 * on_q(top) * on_q2(top2)),
                eq(log(largest * largest2), log(largest) + log(largest2)),
            ),
            argument=order_infinity,
        ),
    ),
    asserts={ADDS: ("order not 1", "order 1", "order ∞")},
    domain="α ∈ [0, ∞] and any masks",
)
