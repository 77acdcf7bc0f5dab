"""The gradient in the own logits is q − r_α, at α = 1 q − p."""

from proofs.goals import Goal, Proof
from proofs.kernel import Slope, Total, eq, ne
from proofs.lemmas import by_identity
from proofs.notation import b, escort, i, kl, order, p, q, renyi, s, softmax, w

r = escort(order)

MOVED = softmax(lambda n: b(n) + s * w(n))
"""`q` at logits `b + s·w`: its slope at s = 0 is the derivative in direction w, for every w."""

PROOF = Proof(
    "grad-own",
    goals=(
        Goal(
            "order not 1",
            given=(ne(order, 1),),
            shows=(eq(Slope(renyi(order, p, MOVED), s, 0), Total((q(i) - r(i)) * w(i), i)),),
            argument=by_identity,
        ),
        Goal(
            "order 1",
            shows=(eq(Slope(kl(p, MOVED), s, 0), Total((q(i) - p(i)) * w(i), i)),),
            argument=by_identity,
        ),
    ),
    asserts={
        r"\nabla_{z_q} D_\alpha(p\|q) = q - r_\alpha": ("order not 1", "order 1"),
        (
            r"\nabla_{z_q} D_\alpha \text{ is the derivative of }"
            r" \frac{\log \sum_i p_i^\alpha q_i^{1-\alpha}}{\alpha-1}"
        ): ("order not 1", "order 1"),
    },
    domain="every real α and finite logits",
)
