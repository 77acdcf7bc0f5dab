"""At order 2 the Rényi divergence is a function of Pearson's χ²."""

from sympy import log

from proofs.goals import Goal, Proof
from proofs.kernel import Total, eq
from proofs.lemmas import by_identity
from proofs.notation import i, p, q, renyi

CHI_SQUARED = Total((p(i) - q(i)) ** 2 / q(i), i)

PROOF = Proof(
    "chi2",
    goals=(
        Goal(
            "chi-squared",
            shows=(eq(renyi(2), log(1 + CHI_SQUARED)),),
            argument=by_identity,
            asserts=(
                r"D_2(p\|q) = \log(1 + \chi^2(p\|q)),\ \chi^2(p\|q) = \sum_i \frac{(p_i - q_i)^2}{q_i}",
            ),
        ),
    ),
)
