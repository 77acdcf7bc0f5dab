"""At order ½ the Rényi divergence is symmetric, and twice the Bhattacharyya distance."""

from sympy import Rational, log, sqrt

from proofs.goals import Goal, Proof
from proofs.kernel import Total, eq
from proofs.lemmas import by_identity
from proofs.notation import i, p, q, renyi

HALF = Rational(1, 2)

PROOF = Proof(
    "bhattacharyya",
    goals=(
        Goal(
            "affinity",
            shows=(eq(renyi(HALF), -2 * log(Total(sqrt(p(i) * q(i)), i))),),
            argument=by_identity,
            asserts=(r"D_{1/2}(p\|q) = -2 \log \sum_i \sqrt{p_i q_i}",),
        ),
        Goal(
            "symmetric",
            shows=(eq(renyi(HALF, p, q), renyi(HALF, q, p)),),
            argument=by_identity,
            asserts=(r"D_{1/2}(p\|q) = D_{1/2}(q\|p)",),
        ),
    ),
)
