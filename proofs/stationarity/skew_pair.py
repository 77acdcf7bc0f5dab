r"""Opposite orders make two learners conservative: with α₁ + α₂ = 1 and α₁β₁ = α₂β₂ they descend one potential.

`Φ = F₁ + F₂ + β₁D_{α₁}(p₂‖p₁)`; and no other pair does, unless α₁β₁ = α₂β₂ = 0.
"""

from proofs.cohort import order1, order2, weight1, weight2
from proofs.goals import Goal, Proof
from proofs.kernel import Slope, eq, ne
from proofs.lemmas import by_identity
from proofs.notation import renyi, s, softmax
from proofs.stationarity.curl import INDICATOR, VANISHES, paired, u, w, z1, z2

POTENTIAL = weight1 * renyi(order1, softmax(lambda n: z2(n) + s * u(n)), softmax(lambda n: z1(n) + s * w(n)))
"""The mutual part of Φ along (w, u)."""


def forces(order, weight):
    """`⟨w, V₁ − ∇F₁⟩ + ⟨u, V₂ − ∇F₂⟩`."""
    return weight1 * paired(w, order1, z2, z1) + weight * paired(u, order, z1, z2)


MATCHING = (1 - order1, order1 * weight1 / (1 - order1))
"""α₂ and β₂ that match α₁ and β₁ (α₁ = 1 leaves only weights of 0)."""

PROOF = Proof(
    "skew-pair",
    goals=(
        Goal(
            "matching",
            given=(ne(order1, 0), ne(order1, 1)),
            shows=(eq(Slope(POTENTIAL, s, 0), forces(*MATCHING)),),
            argument=by_identity,
        ),
        Goal(
            "no other",
            given=(VANISHES, *INDICATOR),
            shows=(
                eq(order1 * weight1, order2 * weight2),
                eq(order1 * weight1 * (order1 + order2 - 1), 0),
            ),
            argument=lambda kernel: (
                kernel.cite("curl", "balanced"),
                kernel.cite("curl", "opposite orders"),
            ),
        ),
    ),
    asserts={
        (
            r"\alpha_1 + \alpha_2 = 1,\ \alpha_1\beta_1 = \alpha_2\beta_2 \Rightarrow "
            r"V = \nabla \left( F_1 + F_2 + \beta_1 D_{\alpha_1}(p_2\|p_1) \right)"
        ): ("matching",),
    },
    domain="finite logits, every real α₁ other than 0 and 1",
)
