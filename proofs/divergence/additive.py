"""The Rényi divergences of independent components add."""

from sympy import IndexedBase, Symbol, exp, log

from proofs.goals import Goal, Proof
from proofs.kernel import Index, Total, eq, ne
from proofs.lemmas import by_identity
from proofs.notation import alpha, i, kl, p, q, renyi

n = Index("o", Symbol("C'", positive=True))
"""Classes of the second component."""


def second(name: str):
    """A distribution on the second set of classes, by its logits."""
    logits = IndexedBase(name, real=True)
    return lambda j: exp(logits[j]) / Total(exp(logits[n]), n)


p2, q2 = second("a'"), second("b'")
SECOND = log(Total(p2(n) ** alpha * q2(n) ** (1 - alpha), n)) / (alpha - 1)
BOTH = log(Total((p(i) * p2(n)) ** alpha * (q(i) * q2(n)) ** (1 - alpha), i, n)) / (alpha - 1)
SECOND_KL = Total(p2(n) * log(p2(n) / q2(n)), n)
BOTH_KL = Total(p(i) * p2(n) * log(p(i) * p2(n) / (q(i) * q2(n))), i, n)
ADDS = r"D_\alpha(p \otimes p'\|q \otimes q') = D_\alpha(p\|q) + D_\alpha(p'\|q')"

PROOF = Proof(
    "additive",
    goals=(
        Goal(
            "order not 1",
            given=(ne(alpha, 1),),
            shows=(eq(BOTH, renyi(alpha) + SECOND),),
            argument=by_identity,
            asserts=(ADDS,),
        ),
        Goal("order 1", shows=(eq(BOTH_KL, kl() + SECOND_KL),), argument=by_identity),
    ),
)
