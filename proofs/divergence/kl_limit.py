r"""D_α tends to KL as α → 1, with slope ½Var_p(log p/q) in the limit and explicit errors."""

from sympy import Abs, Integer, Rational, log, sqrt

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, le, ne
from proofs.lemmas import Argument
from proofs.notation import (
    direction,
    high,
    i,
    kl,
    log_ratio,
    low,
    mixed,
    order,
    own,
    p,
    renyi,
    softmax,
    target,
    third,
    variance,
)
from proofs.refutation import Neighbour, logits_of
from proofs.supports import WHOLE

RATIO_BOUNDED = (le(low, log_ratio(i), i), le(log_ratio(i), high, i))
width, step = high - low, order - 1
FIRST = Abs(step) * width**2 / 8
SECOND = step**2 * width**3 / (36 * sqrt(3))
error = renyi(order) - kl()
second_error = error - step / 2 * variance(p, log_ratio)


def first(kernel: Argument) -> Theorem:
    """The distance is (α − 1)/2 times a variance, which Popoviciu's inequality bounds."""
    xi, value, _ = kernel.cite("order-monotone", "distance to KL", WHOLE)
    spread = variance(softmax(mixed(xi)), log_ratio)
    bound = kernel.cite("mean-value", "Popoviciu", {third: mixed(xi), direction: log_ratio})
    sides = []
    for sign in (1, -1):
        modulus = kernel.absolute(sign * step)
        sides.append(
            kernel.combine(
                le(sign * error, FIRST), (sign, value), (spread / 2, modulus), (Abs(step) / 2, bound)
            )
        )
    return kernel.within(error, *sides)


def second(kernel: Argument) -> Theorem:
    """What Taylor's formula leaves is a third cumulant, and third cumulants are bounded either way."""
    xi, value, _ = kernel.cite("order-monotone", "around 1", WHOLE)
    tilt = {third: mixed(xi)}
    above = kernel.cite("mean-value", "third cumulant", {**tilt, direction: log_ratio})
    reflected = {**tilt, direction: lambda n: -log_ratio(n), low: -high, high: -low}
    flipped = [kernel.combine(le(-high, -log_ratio(i)), (1, kernel.facts[2]))]
    flipped.append(kernel.combine(le(-log_ratio(i), -low), (1, kernel.facts[1])))
    below = kernel.cite("mean-value", "third cumulant", reflected, shown=flipped)
    sides = [
        kernel.combine(le(sign * second_error, SECOND), (sign, value), (step**2 / 6, bound))
        for sign, bound in ((Integer(1), above), (Integer(-1), below))
    ]
    return kernel.within(second_error, *sides)


PROOF = Proof(
    "kl-limit",
    goals=(
        Goal(
            "distance",
            given=(ne(order, 1), *RATIO_BOUNDED),
            shows=(le(Abs(error), FIRST),),
            argument=first,
        ),
        Goal(
            "slope",
            given=(ne(order, 1), *RATIO_BOUNDED),
            shows=(le(Abs(second_error), SECOND),),
            argument=second,
        ),
    ),
    asserts={
        r"D_1(p\|q) = \sum_i p_i \log(p_i/q_i)": ("distance",),
        r"|D_\alpha(p\|q) - \mathrm{KL}(p\|q)| \le |\alpha - 1| \, \mathrm{osc}(\log p/q)^2 / 8": (
            "distance",
        ),
        (
            r"|D_\alpha - \mathrm{KL} - \frac{\alpha-1}{2} \mathrm{Var}_p(\log p/q)|"
            r" \le (\alpha - 1)^2 \, \mathrm{osc}(\log p/q)^3 / (36 \sqrt{3})"
        ): ("slope",),
    },
    domain="finite α ≥ 0 and finite logits on the common support",
    neighbour=Neighbour(
        "distance",
        lambda bound: le(bound.left, Abs(order - 1) / 2 * variance(p, log_ratio)),
        {
            i.total: 2,
            order: 2,
            target: logits_of(10, 90),
            own: logits_of(1, 99),
            low: log(Rational(90, 99)),
            high: log(10),
        },
    ),
)
