"""The gradient in the target's logits is α/(α−1)·(r − p), at α = 1 p ⊙ (log p/q − KL)."""

from sympy import log

from proofs.goals import Goal, Proof
from proofs.kernel import Slope, Total, eq, ne
from proofs.lemmas import by_identity
from proofs.notation import a, escort, i, kl, order, p, q, renyi, s, softmax, w

r = escort(order)

MOVED = softmax(lambda n: a(n) + s * w(n))
"""`p` at logits `a + s·w`: its slope at s = 0 is the derivative in direction w, for every w."""

PROOF = Proof(
    "grad-target",
    goals=(
        Goal(
            "order not 1",
            given=(ne(order, 1),),
            shows=(
                eq(Slope(renyi(order, MOVED, q), s, 0), order / (order - 1) * Total((r(i) - p(i)) * w(i), i)),
            ),
            argument=by_identity,
        ),
        Goal(
            "order 1",
            shows=(eq(Slope(kl(MOVED, q), s, 0), Total(p(i) * (log(p(i) / q(i)) - kl()) * w(i), i)),),
            argument=by_identity,
        ),
    ),
    asserts={
        r"\nabla_{z_p} D_\alpha(p\|q) = \frac{\alpha}{\alpha-1} (r_\alpha - p) \quad (\alpha \ne 1)": (
            "order not 1",
        ),
        (
            r"\nabla_{z_p} D_\alpha \text{ is the derivative of }"
            r" \frac{\log \sum_i p_i^\alpha q_i^{1-\alpha}}{\alpha-1}"
        ): ("order not 1",),
        r"\nabla_{z_p} D_1(p\|q) = p \odot (\log p/q - \mathrm{KL}(p\|q))": ("order 1",),
    },
    domain="every real α and finite logits",
)
