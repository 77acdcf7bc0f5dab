"""Exchanging the arguments turns the order α into 1 − α."""

from proofs.goals import Goal, Proof
from proofs.kernel import eq, lt
from proofs.lemmas import by_identity
from proofs.notation import alpha, renyi
from proofs.supports import on_p, on_q

PROOF = Proof(
    "skew",
    goals=(
        Goal(
            "skew",
            given=(lt(alpha, 1),),
            shows=(eq((1 - alpha) * renyi(alpha, on_p, on_q), alpha * renyi(1 - alpha, on_q, on_p)),),
            argument=by_identity,
        ),
    ),
    asserts={
        r"(1-\alpha) D_\alpha(p\|q) = \alpha D_{1-\alpha}(q\|p)": ("skew",),
    },
    domain="0 < α < 1 and any masks",
)
