"""The Hessian in the own logits is Σ(q) − (1−α)Σ(r)."""

from sympy import Symbol

from proofs.goals import Goal, Proof
from proofs.kernel import Slope, eq, ne
from proofs.lemmas import by_identity
from proofs.notation import b, covariance, escort, kl, order, p, q, renyi, s, softmax, u, w

r = escort(order)

t = Symbol("t", real=True)
MOVED = softmax(lambda n: b(n) + s * w(n) + t * u(n))
"""`q` at logits `b + s·w + t·u`: the mixed slope at 0 is the Hessian's bilinear form, for every w and u."""

PROOF = Proof(
    "hessian-own",
    goals=(
        Goal(
            "order not 1",
            given=(ne(order, 1),),
            shows=(
                eq(
                    Slope(Slope(renyi(order, p, MOVED), s, 0), t, 0),
                    covariance(q, w, u) - (1 - order) * covariance(r, w, u),
                ),
            ),
            argument=by_identity,
        ),
        Goal(
            "order 1",
            shows=(eq(Slope(Slope(kl(p, MOVED), s, 0), t, 0), covariance(q, w, u)),),
            argument=by_identity,
        ),
    ),
    asserts={
        r"\nabla_{z_q}^2 D_\alpha(p\|q) = \Sigma(q) - (1-\alpha) \Sigma(r_\alpha)": (
            "order not 1",
            "order 1",
        ),
    },
    domain="every real α and finite logits",
)
