r"""D is α/2 times a variance of log p/q, hence at most (α/8) osc²; Popoviciu's inequality is derived on the way.

Also here, since the same weights and bounds occur: a third cumulant is at most osc³/(6√3).
"""

from sympy import Rational, Symbol, log, sqrt

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, eq, le, lt, ne
from proofs.lemmas import Argument
from proofs.notation import (
    alpha,
    c,
    direction,
    high,
    i,
    kl,
    log_ratio,
    low,
    mean,
    mixed,
    own,
    path,
    renyi,
    softmax,
    t,
    target,
    third,
    third_cumulant,
    variance,
    w,
)
from proofs.refutation import Neighbour, logits_of, reduced

x = Symbol("x", real=True)
weights = softmax(c)
BOUNDED = (le(low, w(i), i), le(w(i), high, i))
RATIO_BOUNDED = (le(low, log_ratio(i), i), le(log_ratio(i), high, i))
centre, spread, cubed = mean(weights, w), variance(weights, w), third_cumulant(weights, w)


def single(kernel: Argument) -> tuple[Theorem, ...]:
    """The divided difference of A at 0, 1 and α is half its second derivative somewhere between."""
    nodes = (0, alpha, 1) if kernel.given[0].right == 1 else (0, 1, alpha)
    left, right = (kernel.sign(lt(*pair)) for pair in (nodes[:2], nodes[1:]))
    xi, difference, above, below = kernel.divided_difference(path, t, nodes, left, right)
    value = eq(renyi(alpha), alpha / 2 * variance(softmax(mixed(xi)), log_ratio))
    return xi, kernel.combine(value, (alpha, difference)), above, below


def single_order_one(kernel: Argument) -> tuple[Theorem, ...]:
    """Taylor's formula from p to q."""
    ordered = kernel.sign(lt(0, 1))
    xi, expansion, above, below = kernel.taylor(path, t, 1, 0, order=2, between=ordered)
    value = eq(kl(), variance(softmax(mixed(xi)), log_ratio) / 2)
    return xi, kernel.combine(value, (1, expansion)), above, below


def popoviciu(kernel: Argument) -> Theorem:
    """`Σ f (hi − x)(x − lo) ≥ 0` bounds the variance by a quadratic in the mean."""
    product = kernel.sign(le(0, (high - w(i)) * (w(i) - low)))
    summed = kernel.sum_over(product, i, weight=weights(i))
    return kernel.combine(
        le(spread, (high - low) ** 2 / 4), (1, summed), rest=(centre - (high + low) / 2) ** 2
    )


def bounded(kernel: Argument) -> Theorem:
    """The mean value, and Popoviciu's inequality for the tilted distribution."""
    sides = []
    for name, branch in (("below", lt(alpha, 1)), ("above", le(1, alpha))):
        case = kernel.suppose(branch)
        strict = case if name == "below" else kernel.sign(lt(1, alpha), using=[case])
        xi, value, *_ = kernel.cite("mean-value", f"single value, {name} 1", shown=[strict])
        tilt = kernel.cite("mean-value", "Popoviciu", {third: mixed(xi), direction: log_ratio})
        goal = le(renyi(alpha), alpha / 8 * (high - low) ** 2)
        sides.append(kernel.combine(goal, (1, value), (alpha / 2, tilt)))
    return kernel.cases(*sides)


def bounded_order_one(kernel: Argument) -> Theorem:
    """The same with Taylor's formula."""
    xi, value, *_ = kernel.cite("mean-value", "single value, at 1")
    tilt = kernel.cite("mean-value", "Popoviciu", {third: mixed(xi), direction: log_ratio})
    return kernel.combine(le(kl(), (high - low) ** 2 / 8), (1, value), (Rational(1, 2), tilt))


def third_moment(kernel: Argument) -> Theorem:
    """`Σ f (hi − x)(x − m + c)² ≥ 0` with `c = (hi − lo)(3 − √3)/6`, and the range of the variance."""
    top, bottom, width = high - centre, centre - low, high - low
    shift = width * (3 - sqrt(3)) / 6
    below = kernel.combine(le(0, top), (1, kernel.sum_over(kernel.facts[1], i, weight=weights(i))))
    above = kernel.combine(le(0, bottom), (1, kernel.sum_over(kernel.facts[0], i, weight=weights(i))))
    wide = kernel.combine(le(0, width), (1, below), (1, above))
    cube = kernel.sum_over(
        kernel.sign(le(0, (high - w(i)) * (w(i) - centre + shift) ** 2)), i, weight=weights(i)
    )
    product = kernel.sum_over(kernel.sign(le(0, (high - w(i)) * (w(i) - low))), i, weight=weights(i))
    bound = le(cubed, width**3 / (6 * sqrt(3)))
    far, near = le(2 * shift, top), le(top, 2 * shift)
    large = kernel.combine(
        bound,
        (1, cube),
        (top - 2 * shift, product),
        rest=(top - width * (3 + sqrt(3)) / 6) ** 2 * (top + width * (2 * sqrt(3) - 3) / 3),
        using=(below, wide, kernel.suppose(far)),
    )
    small = kernel.combine(
        bound,
        (1, cube),
        (shift**2, kernel.suppose(near)),
        rest=spread * (2 * shift - top) + width**3 * (1 / (6 * sqrt(3)) - 2 * ((3 - sqrt(3)) / 6) ** 3),
        using=(wide, kernel.suppose(near)),
    )
    return kernel.cases(large, small)


PROOF = Proof(
    "mean-value",
    goals=(
        *(
            Goal(
                f"single value, {name} 1",
                given=(given,),
                exists=x,
                shows=(
                    eq(renyi(alpha), alpha / 2 * variance(softmax(mixed(x)), log_ratio)),
                    lt(0, x),
                    lt(x, end),
                ),
                argument=single,
            )
            for name, given, end in (("below", lt(alpha, 1), 1), ("above", lt(1, alpha), alpha))
        ),
        Goal(
            "single value, at 1",
            exists=x,
            shows=(eq(kl(), variance(softmax(mixed(x)), log_ratio) / 2), lt(0, x), lt(x, 1)),
            argument=single_order_one,
        ),
        Goal("Popoviciu", given=BOUNDED, shows=(le(spread, (high - low) ** 2 / 4),), argument=popoviciu),
        Goal(
            "bounded",
            given=(ne(alpha, 1), *RATIO_BOUNDED),
            shows=(le(renyi(alpha), alpha / 8 * (high - low) ** 2),),
            argument=bounded,
        ),
        Goal(
            "bounded, order 1",
            given=RATIO_BOUNDED,
            shows=(le(kl(), (high - low) ** 2 / 8),),
            argument=bounded_order_one,
        ),
        Goal(
            "third cumulant",
            given=BOUNDED,
            shows=(le(cubed, (high - low) ** 3 / (6 * sqrt(3))),),
            argument=third_moment,
        ),
    ),
    asserts={
        (
            r"D_\alpha(p\|q) = \frac{\alpha}{2} \mathrm{Var}_{r_\xi}(\log p/q)"
            r" \text{ for some } \xi \in (0, \max(1, \alpha))"
        ): ("single value, below 1", "single value, at 1", "single value, above 1"),
        r"D_\alpha(p\|q) \le \frac{\alpha}{8} \, \mathrm{osc}(z_p - z_q)^2": ("bounded", "bounded, order 1"),
    },
    domain="0 < α < ∞ and finite logits on the common support",
    neighbour=Neighbour(
        "bounded",
        reduced,
        {i.total: 2, alpha: 2, target: logits_of(51, 49), own: logits_of(1, 1), low: log(49), high: log(51)},
    ),
)
