"""At order ½ the Rényi divergence is symmetric, and twice the Bhattacharyya distance."""

from sympy import Rational, log, sqrt

from proofs.goals import Goal, Proof
from proofs.kernel import Total, eq
from proofs.lemmas import by_identity
from proofs.notation import i, renyi
from proofs.supports import on_p, on_q

HALF = Rational(1, 2)

PROOF = Proof(
    "bhattacharyya",
    goals=(
        Goal(
            "affinity",
            shows=(eq(renyi(HALF, on_p, on_q), -2 * log(Total(sqrt(on_p(i) * on_q(i)), i))),),
            argument=by_identity,
        ),
        Goal(
            "symmetric",
            shows=(eq(renyi(HALF, on_p, on_q), renyi(HALF, on_q, on_p)),),
            argument=by_identity,
        ),
    ),
    asserts={
        r"D_{1/2}(p\|q) = -2 \log \sum_i \sqrt{p_i q_i}": ("affinity",),
        r"D_{1/2}(p\|q) = D_{1/2}(q\|p)": ("symmetric",),
    },
    domain="any masks",
)
