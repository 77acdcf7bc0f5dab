r"""What the mutual forces do to the mean of the learners: nothing at α = 1, a drift along ∇Var(δ) for two learners.

With g(s) = softmax(z̄ + sδ) the forces of two learners add up to `g(½) + g(−½) − g(½−α) − g(α−½)`; Taylor's formula
to fourth order leaves `α(1−α)g''(0)` and fourth derivatives, and `‖g''''‖₁ ≤ (6/5) osc(δ)⁴`.
"""

from sympy import Abs, IndexedBase, Rational, Symbol, sign, sqrt

from proofs.cohort import beta, first, force, l, m, of, second
from proofs.goals import Goal, Proof
from proofs.kernel import Slope, Theorem, Total, eq, le
from proofs.lemmas import Argument, by_identity
from proofs.notation import (
    alpha,
    c,
    direction,
    family,
    high,
    i,
    k,
    low,
    mean,
    norm1,
    softmax,
    third,
    third_cumulant,
    variance,
    w,
)
from proofs.refutation import Neighbour, logits_of

middle, gap = family(first), family(second)
"""`z̄` and `δ`: the learners are `z̄ ± δ/2`."""

x, s = Symbol("x", real=True), Symbol("s", real=True)
sigma = softmax(c)
width = high - low
BOUNDED = (le(low, w(i), i), le(w(i), high, i))
GAP_BOUNDED = (le(low, gap(i), i), le(gap(i), high, i))


def tilted(position):
    """`g(position)`."""
    return softmax(lambda n: middle(n) + position * gap(n))


one, other = (lambda n: middle(n) + gap(n) / 2), (lambda n: middle(n) - gap(n) / 2)


def forces(n):
    """`(V₁ + V₂ − ∇F₁ − ∇F₂)/β` at class n."""
    return force(alpha, other, one)(n) + force(alpha, one, other)(n)


def curve(n):
    """`∇_{z̄} Var_{z̄}(δ)` at class n, which is g''(0)."""
    weights = softmax(middle)
    return weights(n) * ((gap(n) - mean(weights, gap)) ** 2 - variance(weights, gap))


def fourth(weights, v, n):
    """`y⁴ − 6vy² − 4κ₃y + 6v² − μ₄` of a family `v` under `weights`, y centred."""
    y = lambda at: v(at) - mean(weights, v)  # noqa: E731
    spread = variance(weights, v)
    moment = Total(weights(k) * y(k) ** 4, k)
    return y(n) ** 4 - 6 * spread * y(n) ** 2 - 4 * third_cumulant(weights, v) * y(n) + 6 * spread**2 - moment


SIZE = Total(sigma(i) * Abs(fourth(sigma, w, i)), i)
LARGEST = Rational(6, 5) * width**4


def drift(n):
    """What Taylor's formula leaves."""
    return forces(n) - alpha * (1 - alpha) * curve(n)


half = Rational(1, 2)
BOUND = ((half**4) + (half - alpha) ** 4) * width**4 / 10


def fourth_derivative(kernel: Argument) -> Theorem:
    """Moments of a variable in an interval: μ₄ ≤ v·osc², v ≤ osc²/4, |κ₃| ≤ osc³/(6√3), E|y| ≤ osc/2."""
    lower, upper = kernel.facts
    centre, spread = mean(sigma, w), variance(sigma, w)
    y = w(i) - centre
    moment = Total(sigma(i) * y**4, i)
    below = kernel.combine(le(low, centre), (1, kernel.sum_over(lower, i, weight=sigma(i))))
    above = kernel.combine(le(centre, high), (1, kernel.sum_over(upper, i, weight=sigma(i))))
    wide = kernel.combine(le(0, width), (1, below), (1, above))
    popoviciu = kernel.cite("mean-value", "Popoviciu")
    cubed = kernel.cite("mean-value", "third cumulant")
    mirror = {direction: lambda n: -w(n), low: -high, high: -low}
    minus = kernel.cite("mean-value", "third cumulant", mirror, shown=kernel.reflected(lower, upper))
    up = kernel.combine(le(y, width), (1, upper), (1, below))
    down = kernel.combine(le(-y, width), (1, lower), (1, above))
    short = kernel.combine(le(y**2, width**2), rest=(width - y) * (width + y), using=[up, down])
    quartic = kernel.sum_over(kernel.combine(le(y**4, width**2 * y**2), (y**2, short)), i, weight=sigma(i))
    mean_size = Total(sigma(i) * Abs(y), i)
    jensen = kernel.combine(le(mean_size**2, spread), rest=Total(sigma(i) * (Abs(y) - mean_size) ** 2, i))
    deviation = kernel.root(
        mean_size,
        kernel.combine(le(mean_size**2, (width / 2) ** 2), (1, jensen), (1, popoviciu)),
        width / 2,
        using=[wide],
    )

    kappa, most = third_cumulant(sigma, w), width**3 / (6 * sqrt(3))
    known = [cubed, *sized(kernel, y)]
    known.append(kernel.combine(le(-kappa, most), (1, minus)))
    rest = 6 * spread**2 - moment
    spread_square = kernel.combine(
        le(spread**2, width**4 / 16), (width**2 / 4 + spread, popoviciu), using=[wide]
    )
    moment_bound = kernel.combine(le(moment, width**4 / 4), (1, quartic), (width**2, popoviciu))
    rest_bound = kernel.within(
        rest,
        kernel.combine(le(rest, 3 * width**4 / 8), (6, spread_square), rest=moment),
        kernel.combine(le(-rest, 3 * width**4 / 8), (1, moment_bound), rest=width**4 / 8 + 6 * spread**2),
    )
    sides = []
    for sense in (1, -1):
        across = (most - sense * kappa) * (Abs(y) - y) + (most + sense * kappa) * (Abs(y) + y)
        sides.append(
            kernel.combine(
                le(
                    sense * fourth(sigma, w, i),
                    y**4 + 6 * spread * y**2 + 4 * most * Abs(y) + Abs(rest),
                ),
                (1, kernel.absolute(sense * rest)),
                rest=(1 - sense) * y**4 + 6 * (1 + sense) * spread * y**2 + 2 * across,
                using=known,
            )
        )
    summed = kernel.sum_over(kernel.within(fourth(sigma, w, i), *sides), i, weight=sigma(i))
    return kernel.combine(
        le(SIZE, LARGEST),
        (1, summed),
        (1, moment_bound),
        (6, spread_square),
        (4 * most, deviation),
        (1, rest_bound),
        rest=(Rational(1, 5) - 1 / (3 * sqrt(3))) * width**4,
        using=[wide],
    )


def sized(kernel: Argument, y) -> tuple[Theorem, Theorem]:
    """`y ≤ |y|` and `−y ≤ |y|`."""
    return kernel.absolute(y), kernel.absolute(-y)


factors = IndexedBase("v", real=True)
SIGNS = (le(-1, factors[i], i), le(factors[i], 1, i))
ALONG = le(Total(factors[i] * drift(i), i), BOUND)


def drifts_along(kernel: Argument) -> Theorem:
    """Four expansions of `Σ v g` with |v| ≤ 1."""
    least, most = kernel.facts[:2]
    opposite = (
        kernel.combine(le(-1, -factors[i]), (1, most)),
        kernel.combine(le(-factors[i], 1), (1, least)),
    )
    along, terms = Total(factors[i] * tilted(s)(i), i), []
    for position, sense in ((half, 1), (-half, 1), (half - alpha, -1), (alpha - half, -1)):
        xi, expansion, _ = kernel.taylor(along, s, 0, position, order=4)
        weights = tilted(xi)
        moved = {third: lambda n, at=xi: middle(n) + at * gap(n), direction: gap}  # type: ignore[misc]
        bound = kernel.cite("cohort-mean", "fourth derivative", moved)
        remainder = weights(i) * fourth(weights, gap, i)
        factor, bounds = (factors[i], (least, most)) if sense == 1 else (-factors[i], opposite)
        paired = kernel.sum_over(kernel.times_sign(factor, remainder, *bounds), i)
        scale = position**4 / 24
        terms += [(sense, expansion), (scale, paired), (scale, bound)]
    return kernel.combine(ALONG, *terms)


def drifts(kernel: Argument) -> Theorem:
    """The signs of what is left make it a 1-norm."""
    size, least, most = kernel.sign_of(drift(i), x, x)
    total = kernel.sum_over(size, i)
    along = kernel.cite(
        "cohort-mean", "along signs", {factors: lambda n: sign(drift(n))}, shown=[least, most]
    )
    return kernel.combine(le(beta * norm1(drift), beta * BOUND), (-beta, total), (beta, along))


PROOF = Proof(
    "cohort-mean",
    goals=(
        Goal(
            "kept at 1",
            shows=(
                eq(force(1, of(l), of(m))(i), softmax(of(m))(i) - softmax(of(l))(i)),
                eq(Total(force(1, of(l), of(m))(i), l, m), 0),
            ),
            argument=by_identity,
        ),
        Goal(
            "curve",
            shows=(
                eq(
                    Slope(variance(softmax(lambda n: middle(n) + s * w(n)), gap), s, 0),
                    Total(curve(i) * w(i), i),
                ),
            ),
            argument=by_identity,
        ),
        Goal("fourth derivative", given=BOUNDED, shows=(le(SIZE, LARGEST),), argument=fourth_derivative),
        Goal("along signs", given=(*SIGNS, *GAP_BOUNDED), shows=(ALONG,), argument=drifts_along),
        Goal(
            "drift",
            given=GAP_BOUNDED,
            shows=(le(beta * norm1(drift), beta * BOUND),),
            argument=drifts,
        ),
    ),
    asserts={
        r"\sum_k V_k = \sum_k \nabla F_k \quad (\alpha = 1)": ("kept at 1",),
        (
            r"\|V_1 + V_2 - \nabla F_1 - \nabla F_2 - \beta\alpha(1-\alpha) \nabla"
            r" \mathrm{Var}_{\bar z}(\delta)\|_1"
            r" \le \frac{\beta}{10} [\frac{1}{16} + (\frac{1}{2} - \alpha)^4] \, \mathrm{osc}(\delta)^4"
            r" \quad (K = 2)"
        ): ("drift", "curve"),
    },
    domain="finite logits, any number of learners at α = 1; 0 < α < ∞ for two",
    neighbour=Neighbour(
        "drift",
        lambda _: eq(
            force(alpha, family(first), family(second))(i) + force(alpha, family(second), family(first))(i), 0
        ),
        {i.total: 2, i: 0, alpha: 2, first: logits_of(1, 1), second: logits_of(1, 3)},
        given=(),
    ),
)
