r"""D grows with its order: the rate is KL(r‖p)/(1−α)², and at α = 1 it is ½Var_p(log p/q)."""

from sympy import Symbol, exp, log

from proofs.goals import Goal, Proof
from proofs.kernel import Slope, Theorem, Total, eq, le, lt, ne
from proofs.lemmas import Argument, by_identity
from proofs.notation import (
    a,
    alpha,
    escort,
    i,
    kl,
    log_ratio,
    mixed,
    order,
    own,
    p,
    path,
    renyi,
    softmax,
    t,
    target,
    third_cumulant,
    variance,
)
from proofs.refutation import Neighbour, logits_of
from proofs.supports import BELOW_LARGEST, MASS_P, largest, log_of_mass, mass_p, mass_q, on_p, on_q

x, y, z = Symbol("x", positive=True), Symbol("y", real=True), Symbol("z", positive=True)
larger = Symbol("alphaprime", positive=True)
r_order = escort(order)
RATE = kl(r_order, on_p) / (1 - order) ** 2
BOTH = le(renyi(alpha, on_p, on_q), renyi(larger, on_p, on_q))
MONOTONE = r"\alpha \le \alpha' \Rightarrow D_\alpha(p\|q) \le D_{\alpha'}(p\|q)"


def one_side(kernel: Argument) -> Theorem:
    """The mean value theorem in the order, and a rate that is a divergence."""
    ordered = kernel.suppose(le(alpha, larger))
    value = renyi(x, on_p, on_q)
    xi, difference, above, below = kernel.taylor(value, x, alpha, larger, order=1, between=ordered)
    inside = (above, below)
    rate = kernel.cite("order-monotone", "rate", {order: xi}, using=inside)
    positive = kernel.cite("nonneg", "masked, at 1", {target: mixed(xi), own: a, mass_q: mass_p})
    return kernel.combine(
        BOTH,
        (-1, difference),
        (alpha - larger, rate),
        ((larger - alpha) / (1 - xi) ** 2, positive),
        using=inside,
    )


def around_one(kernel: Argument) -> tuple[Theorem, ...]:
    """Taylor's formula for A on the line, at p, to third order."""
    xi, expansion, inside = kernel.taylor(path, t, 1, order, order=3)
    value = kl(p, on_q) + (order - 1) / 2 * variance(p, log_ratio)
    remainder = (order - 1) ** 2 / 6 * third_cumulant(softmax(mixed(xi)), log_ratio)
    goal = eq(renyi(order, p, on_q), value + remainder)
    return xi, kernel.combine(goal, (1 / (order - 1), expansion)), inside


def kl_is_between(kernel: Argument) -> tuple[Theorem, ...]:
    """Taylor's formula for A on the line, at p, to second order."""
    xi, expansion, inside = kernel.taylor(path, t, 1, order, order=2)
    value = kl(p, on_q) + (order - 1) / 2 * variance(softmax(mixed(xi)), log_ratio)
    return xi, kernel.combine(eq(renyi(order, p, on_q), value), (1 / (order - 1), expansion)), inside


def below_one(kernel: Argument) -> Theorem:
    """`D_α − KL` is a variance times (α − 1)/2."""
    xi, value, _ = kernel.cite("order-monotone", "distance to KL", {order: alpha})
    spread = variance(softmax(mixed(xi)), log_ratio)
    goal = le(renyi(alpha, p, on_q), kl(p, on_q))
    return kernel.combine(goal, (1, value), rest=(1 - alpha) / 2 * spread)


def above_one(kernel: Argument) -> Theorem:
    """`D_α − KL` is a variance times (α − 1)/2."""
    xi, value, _ = kernel.cite("order-monotone", "distance to KL", {order: alpha})
    spread = variance(softmax(mixed(xi)), log_ratio)
    goal = le(kl(p, on_q), renyi(alpha, p, on_q))
    return kernel.combine(goal, (-1, value), rest=(alpha - 1) / 2 * spread)


def from_zero(kernel: Argument) -> Theorem:
    """What D_α has beyond `−log Q` is not negative."""
    positive = kernel.cite("nonneg", "order not 1")
    masked = log_of_mass(kernel, mass_p)
    goal = le(renyi(0, on_p, on_q), renyi(alpha, on_p, on_q))
    return kernel.combine(goal, (1, positive), (alpha / (1 - alpha), masked))


def to_infinity(kernel: Argument) -> Theorem:
    """`(p/q)^{α−1} ≤ M^{α−1}` class by class."""
    ratio = kernel.monotone(log(z), z, kernel.suppose(BELOW_LARGEST))
    powers = le((alpha - 1) * log(p(i) / on_q(i)), (alpha - 1) * log(largest))
    by_class = kernel.monotone(exp(y), y, kernel.combine(powers, (alpha - 1, ratio)))
    summed = kernel.sum_over(by_class, i, weight=p(i))
    sums = kernel.combine(
        le(Total(p(i) ** alpha * on_q(i) ** (1 - alpha), i), largest ** (alpha - 1)), (1, summed)
    )
    logs = kernel.monotone(log(z), z, sums)
    return kernel.combine(le(renyi(alpha, p, on_q), log(largest)), (1 / (alpha - 1), logs))


BETWEEN = le(0, (t - 1) * (order - t))

PROOF = Proof(
    "order-monotone",
    goals=(
        Goal(
            "rate",
            given=(ne(order, 1),),
            shows=(eq(Slope(renyi(y, on_p, on_q), y, order), RATE),),
            argument=by_identity,
        ),
        Goal(
            "distance to KL",
            given=(ne(order, 1),),
            exists=t,
            shows=(
                eq(
                    renyi(order, p, on_q),
                    kl(p, on_q) + (order - 1) / 2 * variance(softmax(mixed(t)), log_ratio),
                ),
                BETWEEN,
            ),
            argument=kl_is_between,
        ),
        Goal(
            "from 0 on",
            given=(lt(alpha, 1), MASS_P),
            shows=(le(renyi(0, on_p, on_q), renyi(alpha, on_p, on_q)),),
            argument=from_zero,
        ),
        Goal(
            "both below 1", given=(le(alpha, larger), lt(larger, 1), MASS_P), shows=(BOTH,), argument=one_side
        ),
        Goal(
            "up to 1",
            given=(lt(alpha, 1),),
            shows=(le(renyi(alpha, p, on_q), kl(p, on_q)),),
            argument=below_one,
        ),
        Goal(
            "from 1 on",
            given=(lt(1, alpha),),
            shows=(le(kl(p, on_q), renyi(alpha, p, on_q)),),
            argument=above_one,
        ),
        Goal(
            "both above 1", given=(le(alpha, larger), lt(1, alpha), MASS_P), shows=(BOTH,), argument=one_side
        ),
        Goal(
            "up to ∞",
            given=(lt(1, alpha), BELOW_LARGEST),
            shows=(le(renyi(alpha, p, on_q), log(largest)),),
            argument=to_infinity,
        ),
        Goal(
            "around 1",
            given=(ne(order, 1),),
            exists=t,
            shows=(
                eq(
                    renyi(order, p, on_q),
                    kl(p, on_q)
                    + (order - 1) / 2 * variance(p, log_ratio)
                    + (order - 1) ** 2 / 6 * third_cumulant(softmax(mixed(t)), log_ratio),
                ),
                BETWEEN,
            ),
            argument=around_one,
        ),
    ),
    asserts={
        MONOTONE: ("from 0 on", "both below 1", "up to 1", "from 1 on", "both above 1", "up to ∞"),
        r"\partial_\alpha D_\alpha(p\|q) = \frac{\mathrm{KL}(r_\alpha\|p)}{(1-\alpha)^2} \quad (\alpha \ne 1)": (
            "rate",
        ),
        (
            r"\partial_\alpha D_\alpha \text{ is the derivative of }"
            r" \frac{\log \sum_i p_i^\alpha q_i^{1-\alpha}}{\alpha-1}"
        ): ("rate",),
        r"\partial_\alpha D_\alpha(p\|q) = \frac{1}{2} \mathrm{Var}_p(\log p/q) \quad (\alpha = 1)": (
            "around 1",
        ),
    },
    domain="α ∈ [0, ∞] and any masks for which D < ∞",
    neighbour=Neighbour(
        "both above 1",
        lambda _: le(renyi(alpha) / alpha, renyi(larger) / larger),
        {
            i.total: 2,
            mass_p: 1,
            mass_q: 1,
            alpha: 2,
            larger: 3,
            target: logits_of(1, 1),
            own: logits_of(1, 3),
        },
    ),
)
