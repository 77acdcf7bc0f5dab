r"""At α = ½ the mutual part of RDML is the gradient of `β/(K−1) Σ_{j<k} D_½(p_j‖p_k)` (the ∇F_k are their own).

D_½ is symmetric and vanishes on the diagonal, so the sum over pairs is half the sum over all (j, k).
"""

from sympy import Rational

from proofs.cohort import beta, force, l, learners, logits, m, moves, of
from proofs.goals import Goal, Proof
from proofs.kernel import Slope, Total, eq, ne
from proofs.lemmas import by_identity
from proofs.notation import i, renyi, s, softmax

HALF = Rational(1, 2)
share = beta / (learners - 1)


def moved(learner):
    """Logits of a learner, moved along w."""
    return softmax(lambda n: logits[learner, n] + s * moves[learner, n])


def distribution(learner):
    """`p_learner`."""
    return softmax(of(learner))


POTENTIAL = share / 2 * Total(Total(renyi(HALF, moved(l), moved(m)), l), m)
DIRECTION = Total(Total(share * Total(force(HALF, of(l), of(m))(i), l) * moves[m, i], i), m)
"""`Σ_k ⟨V_k − ∇F_k, w_k⟩`; the term of a learner with itself is 0."""

PROOF = Proof(
    "potential-half",
    goals=(
        Goal(
            "symmetric",
            shows=(
                eq(
                    renyi(HALF, distribution(l), distribution(m)),
                    renyi(HALF, distribution(m), distribution(l)),
                ),
                eq(renyi(HALF, distribution(m), distribution(m)), 0),
                eq(force(HALF, of(m), of(m))(i), 0),
            ),
            argument=by_identity,
        ),
        Goal(
            "gradient",
            given=(ne(learners, 1),),
            shows=(eq(Slope(POTENTIAL, s, 0), DIRECTION),),
            argument=by_identity,
        ),
    ),
    asserts={
        (
            r"V = \nabla \Phi,\ \Phi = \sum_k F_k"
            r" + \frac{\beta}{K-1} \sum_{j<k} E \, D_{1/2}(p_j\|p_k)"
        ): ("gradient", "symmetric"),
    },
    domain="finite logits and any number of learners",
)
