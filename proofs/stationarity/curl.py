r"""The curl of two learners' forces, and that with equal orders and weights it vanishes only at α ∈ {0, ½}.

Where it vanishes for all logits, so does its derivative where the learners agree, `αβ(2α − 1)` times a third cumulant;
and the third cumulant of the indicator of a class of probability ⅓ is 2/27.
"""

from sympy import Integer, Rational, Symbol

from proofs.cohort import across, along, first, force, mixture, order1, order2, second, weight1, weight2
from proofs.goals import Goal, Proof
from proofs.kernel import Slope, Theorem, Total, eq
from proofs.lemmas import Argument, by_identity
from proofs.notation import covariance, family, i, mean, s, softmax, third_cumulant

z1, z2, w, u = (family(base) for base in (first, second, along, across))
t = Symbol("t", real=True)


def paired(direction, order, target, own):
    """`⟨direction, q − r_α⟩`."""
    return Total(direction(i) * force(order, target, own)(i), i)


def curl(order_a, weight_a, order_b, weight_b):
    """`⟨u, ∂V₁/∂z₂ w⟩ − ⟨w, ∂V₂/∂z₁ u⟩` (F₁ and F₂ do not depend on the other's logits)."""
    one = paired(u, order_a, lambda n: z2(n) + s * w(n), z1)
    other = paired(w, order_b, lambda n: z1(n) + s * u(n), z2)
    return weight_a * Slope(one, s, 0) - weight_b * Slope(other, s, 0)


def difference(order_a, weight_a, order_b, weight_b):
    """`−[α₁β₁Σ(r₁) − α₂β₂Σ(r₂)]`, as a bilinear form of u and w."""
    one = order_a * weight_a * covariance(mixture(order_a, z2, z1), u, w)
    return order_b * weight_b * covariance(mixture(order_b, z1, z2), u, w) - one


GENERAL = (order1, weight1, order2, weight2)
VANISHES = eq(curl(*GENERAL), 0, first, second, along, across)
INDICATOR = (eq(u(i) ** 2, u(i), i), eq(mean(softmax(z1), u), Rational(1, 3)))
"""A class of probability ⅓, as logits and indicator: there is one wherever C ≥ 2."""


def at_agreement(kernel: Argument) -> Theorem:
    """Where z₂ = z₁ + t·u, along u: the derivative at t = 0."""
    identity = kernel.cite("curl", "identity")
    vanishes = kernel.suppose(VANISHES)
    zero = kernel.combine(eq(difference(*GENERAL), 0), (-1, identity), (1, vanishes))
    line = kernel.at(zero, {second: lambda n: z1(n) + t * u(n), along: u})
    return kernel.differentiate(line, t, 0)


def balanced(kernel: Argument) -> Theorem:
    """At agreement itself the two weighted covariances are equal: `α₁β₁ = α₂β₂`."""
    identity = kernel.cite("curl", "identity")
    zero = kernel.combine(eq(difference(*GENERAL), 0), (-1, identity), (1, kernel.suppose(VANISHES)))
    here = kernel.at(zero, {second: z1, along: u})
    square, third = (kernel.suppose(relation) for relation in INDICATOR)
    summed = kernel.sum_over(square, i, weight=softmax(z1)(i))
    centre = mean(softmax(z1), u)
    gap = order1 * weight1 - order2 * weight2
    return kernel.combine(
        eq(order1 * weight1, order2 * weight2),
        (Rational(-9, 2), here),
        (Rational(-9, 2) * gap, summed),
        (Rational(9, 2) * gap * (centre - Rational(2, 3)), third),
    )


def only_there(kernel: Argument) -> Theorem:
    """With `α₁β₁ = α₂β₂`, the derivative is `α₁β₁(α₁ + α₂ − 1)` times the third cumulant."""
    moved = at_agreement(kernel)
    equal = kernel.cite("curl", "balanced")
    square, third = (kernel.suppose(relation) for relation in INDICATOR)
    sigma = softmax(z1)
    cumulant = third_cumulant(sigma, u)
    value = kernel.combine(
        eq(order1 * weight1 * (order1 + order2 - 1) * cumulant, 0),
        (-1, moved),
        ((order2 - 1) * cumulant, equal),
    )
    cube = kernel.sum_over(square, i, weight=sigma(i) * (u(i) + 1 - 3 * mean(sigma, u)))
    centre = mean(sigma, u)
    number = kernel.combine(
        eq(cumulant, Rational(2, 27)),
        (1, cube),
        (2 * centre**2 - Rational(7, 3) * centre + Rational(2, 9), third),
    )
    scale = order1 * weight1 * (order1 + order2 - 1)
    return kernel.combine(eq(scale, 0), (Rational(27, 2), value), (Rational(-27, 2) * scale, number))


PROOF = Proof(
    "curl",
    goals=(
        Goal(
            "identity",
            shows=(eq(curl(*GENERAL), difference(*GENERAL)),),
            argument=by_identity,
        ),
        Goal(
            "vanishes",
            shows=tuple(
                eq(curl(order, weight1, order, weight1), 0) for order in (Rational(1, 2), Integer(0))
            ),
            argument=by_identity,
        ),
        Goal(
            "balanced",
            given=(VANISHES, *INDICATOR),
            shows=(eq(order1 * weight1, order2 * weight2),),
            argument=balanced,
        ),
        Goal(
            "opposite orders",
            given=(VANISHES, *INDICATOR),
            shows=(eq(order1 * weight1 * (order1 + order2 - 1), 0),),
            argument=only_there,
        ),
        Goal(
            "nowhere else",
            given=(VANISHES.at({order2: order1, weight2: weight1}), *INDICATOR),
            shows=(eq(order1 * weight1 * (2 * order1 - 1), 0),),
            argument=lambda kernel: kernel.combine(
                eq(order1 * weight1 * (2 * order1 - 1), 0),
                (1, kernel.cite("curl", "opposite orders", {order2: order1, weight2: weight1})),
            ),
        ),
    ),
    asserts={
        (
            r"\frac{\partial V_1}{\partial z_2} - \left( \frac{\partial V_2}{\partial z_1} \right)^\top"
            r" = -[\alpha_1\beta_1 \Sigma(r_{\alpha_1}(p_2, p_1))"
            r" - \alpha_2\beta_2 \Sigma(r_{\alpha_2}(p_1, p_2))]"
        ): ("identity",),
        (
            r"\alpha_1 = \alpha_2 \in \{0, \frac{1}{2}\},\ \beta_1 = \beta_2"
            r" \Rightarrow \text{it vanishes everywhere}"
        ): ("vanishes",),
        (
            r"\alpha_1 = \alpha_2 \notin \{0, \frac{1}{2}\},\ \beta_1 = \beta_2 \ne 0"
            r" \Rightarrow \text{it does not}"
        ): ("nowhere else",),
    },
    domain="finite logits, every real order and weight",
)
