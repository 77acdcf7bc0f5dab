"""At order 2 the Rényi divergence is a function of Pearson's χ²."""

from sympy import log

from proofs.goals import Goal, Proof
from proofs.kernel import Total, eq
from proofs.lemmas import by_identity
from proofs.notation import i, p, renyi
from proofs.supports import mass_q, on_q

CHI_SQUARED = Total((p(i) - on_q(i)) ** 2 / on_q(i), i) + (1 - mass_q)
"""A class that only q has gives q²/q."""

PROOF = Proof(
    "chi2",
    goals=(
        Goal(
            "chi-squared",
            shows=(eq(renyi(2, p, on_q), log(1 + CHI_SQUARED)),),
            argument=by_identity,
        ),
    ),
    asserts={
        r"D_2(p\|q) = \log(1 + \chi^2(p\|q)),\ \chi^2(p\|q) = \sum_i \frac{(p_i - q_i)^2}{q_i}": (
            "chi-squared",
        ),
    },
    domain="any masks with p ≪ q",
)
