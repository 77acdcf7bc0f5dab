"""Exchanging the arguments turns the order α into 1 − α."""

from proofs.goals import Goal, Proof
from proofs.kernel import eq, lt
from proofs.lemmas import by_identity
from proofs.notation import alpha, p, q, renyi

PROOF = Proof(
    "skew",
    goals=(
        Goal(
            "skew",
            given=(lt(alpha, 1),),
            shows=(eq((1 - alpha) * renyi(alpha, p, q), alpha * renyi(1 - alpha, q, p)),),
            argument=by_identity,
            asserts=(r"(1-\alpha) D_\alpha(p\|q) = \alpha D_{1-\alpha}(q\|p)",),
        ),
    ),
)
