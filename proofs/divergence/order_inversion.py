"""Inverting the order replaces the target by the escort: D_α(p‖q) = D_{1/α}(r_α‖q)."""

from proofs.goals import Goal, Proof
from proofs.kernel import eq, ne
from proofs.lemmas import by_identity
from proofs.notation import alpha, escort, kl, p, r, renyi
from proofs.supports import on_q

PROOF = Proof(
    "order-inversion",
    goals=(
        Goal(
            "inversion",
            given=(ne(alpha, 1),),
            shows=(eq(renyi(alpha, p, on_q), renyi(1 / alpha, r, on_q)),),
            argument=by_identity,
        ),
        Goal("order 1", shows=(eq(kl(p, on_q), kl(escort(1), on_q)),), argument=by_identity),
    ),
    asserts={
        r"D_\alpha(p\|q) = D_{1/\alpha}(r_\alpha\|q)": ("inversion", "order 1"),
    },
    domain="0 < α < ∞ and any masks with p ≪ q",
)
