"""Inverting the order replaces the target by the escort: D_α(p‖q) = D_{1/α}(r_α‖q)."""

from proofs.goals import Goal, Proof
from proofs.kernel import eq, ne
from proofs.lemmas import by_identity
from proofs.notation import alpha, p, q, r, renyi

PROOF = Proof(
    "order-inversion",
    goals=(
        Goal(
            "inversion",
            given=(ne(alpha, 1),),
            shows=(eq(renyi(alpha, p, q), renyi(1 / alpha, r, q)),),
            argument=by_identity,
            asserts=(r"D_\alpha(p\|q) = D_{1/\alpha}(r_\alpha\|q)",),
        ),
    ),
)
