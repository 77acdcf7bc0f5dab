r"""The escort moves with α at a speed, in 1-norm, of at most the deviation of log p/q, hence at most half its range."""

from sympy import Abs, Rational, Symbol, sqrt

from proofs.goals import Goal, Proof
from proofs.kernel import Slope, Theorem, le
from proofs.lemmas import Argument
from proofs.notation import (
    direction,
    escort,
    high,
    i,
    log_ratio,
    low,
    mean,
    mixed,
    norm1,
    order,
    own,
    softmax,
    target,
    third,
    variance,
)
from proofs.refutation import Neighbour, logits_of, reduced

x = Symbol("x", real=True)
r = escort(order)


def speed(at):
    """`∂_α r_at`."""
    return Slope(softmax(mixed(x))(at), x, order)


def shift(at):
    """`log p/q` less its mean under the escort."""
    return log_ratio(at) - mean(r, log_ratio)


DEVIATION = sqrt(variance(r, log_ratio))


def by_deviation(kernel: Argument) -> Theorem:
    """`∂_α r_i = r_i (δ_i − Σ r δ)` and Cauchy–Schwarz."""
    rate = kernel.identity(speed(i), r(i) * shift(i))
    product = kernel.cauchy_schwarz(1, Abs(shift(i)), i, weight=r(i))
    size = kernel.monotone(Abs(x), x, rate)
    total = kernel.sum_over(size, i)
    squared = kernel.combine(
        le(norm1(speed) ** 2, variance(r, log_ratio)),
        (1, product),
        (norm1(speed) + norm1(lambda at: r(at) * shift(at)), total),
    )
    return kernel.root(norm1(speed), squared)


def by_oscillation(kernel: Argument) -> Theorem:
    """Popoviciu's inequality."""
    bound = kernel.cite("mean-value", "Popoviciu", {third: mixed(order), direction: log_ratio})
    wide = kernel.combine(le(0, high - low), (1, kernel.facts[0]), (1, kernel.facts[1]))
    squared = kernel.combine(le(DEVIATION**2, ((high - low) / 2) ** 2), (1, bound))
    rooted = kernel.root(DEVIATION, squared)
    width = kernel.absolute(high - low, using=[wide])
    return kernel.combine(le(DEVIATION, (high - low) / 2), (1, rooted), (Rational(1, 2), width))


PROOF = Proof(
    "order-lipschitz",
    goals=(
        Goal(
            "deviation",
            shows=(le(norm1(speed), DEVIATION),),
            argument=by_deviation,
        ),
        Goal(
            "oscillation",
            given=(le(low, log_ratio(i), i), le(log_ratio(i), high, i)),
            shows=(le(DEVIATION, (high - low) / 2),),
            argument=by_oscillation,
        ),
    ),
    asserts={
        r"\|\partial_\alpha r_\alpha\|_1 \le \mathrm{std}_{r_\alpha}(\log p/q)": ("deviation",),
        r"\mathrm{std}_{r_\alpha}(\log p/q) \le \frac{1}{2} \mathrm{osc}(\log p/q)": ("oscillation",),
    },
    domain="every real α and finite logits",
    neighbour=Neighbour(
        "deviation",
        reduced,
        {i.total: 2, order: Rational(1, 2), target: logits_of(1, 3), own: logits_of(3, 1)},
    ),
)
