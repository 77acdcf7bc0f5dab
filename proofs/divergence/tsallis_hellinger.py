"""Rényi, Tsallis and Hellinger divergences of one order are functions of each other."""

from sympy import log

from proofs.kernel import Goal, Proof, Total, by_identity, eq, ne
from proofs.notation import alpha, i, p, q, renyi

HELLINGER = (Total(p(i) ** alpha * q(i) ** (1 - alpha), i) - 1) / (alpha - 1)

PROOF = Proof(
    "tsallis-hellinger",
    goals=(
        Goal(
            "hellinger",
            given=(ne(alpha, 1),),
            shows=(eq((alpha - 1) * renyi(alpha), log(1 + (alpha - 1) * HELLINGER)),),
            argument=by_identity,
            asserts=(
                r"(\alpha-1) D_\alpha(p\|q) = \log(1 + (\alpha-1) H_\alpha(p\|q))"
                r",\ H_\alpha = \frac{\sum_i p_i^\alpha q_i^{1-\alpha} - 1}{\alpha-1}",
            ),
        ),
    ),
)
