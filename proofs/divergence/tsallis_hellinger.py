"""Rényi, Tsallis and Hellinger divergences of one order are functions of each other."""

from sympy import log

from proofs.goals import Goal, Proof
from proofs.kernel import Total, eq, ne
from proofs.lemmas import by_identity
from proofs.notation import i, order, renyi
from proofs.supports import on_p, on_q

HELLINGER = (Total(on_p(i) ** order * on_q(i) ** (1 - order), i) - 1) / (order - 1)

PROOF = Proof(
    "tsallis-hellinger",
    goals=(
        Goal(
            "hellinger",
            given=(ne(order, 1),),
            shows=(eq((order - 1) * renyi(order, on_p, on_q), log(1 + (order - 1) * HELLINGER)),),
            argument=by_identity,
        ),
    ),
    asserts={
        (
            r"(\alpha-1) D_\alpha(p\|q) = \log(1 + (\alpha-1) H_\alpha(p\|q))"
            r",\ H_\alpha = \frac{\sum_i p_i^\alpha q_i^{1-\alpha} - 1}{\alpha-1}"
        ): ("hellinger",),
    },
    domain="every finite α ≠ 1 and any masks for which D < ∞",
)
