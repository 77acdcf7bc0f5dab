"""The Hessian in the own logits is Σ(q) − (1−α)Σ(r)."""

from proofs.kernel import Goal, Proof, by_identity, eq, ne, slope
from proofs.notation import alpha, b, covariance, kl, p, q, r, renyi, s, softmax, u, w
from sympy import Symbol

t = Symbol("t", real=True)
MOVED = softmax(lambda n: b(n) + s * w(n) + t * u(n))
"""`q` at logits `b + s·w + t·u`: the mixed slope at 0 is the Hessian's bilinear form, for every w and u."""

PROOF = Proof(
    "hessian-own",
    goals=(
        Goal(
            "order not 1",
            given=(ne(alpha, 1),),
            shows=(
                eq(
                    slope(slope(renyi(alpha, p, MOVED), s, 0), t, 0),
                    covariance(q, w, u) - (1 - alpha) * covariance(r, w, u),
                ),
            ),
            argument=by_identity,
            asserts=(),
        ),
        Goal(
            "order 1",
            shows=(eq(slope(slope(kl(p, MOVED), s, 0), t, 0), covariance(q, w, u)),),
            argument=by_identity,
        ),
    ),
)
