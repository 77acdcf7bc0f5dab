r"""D grows with its order: the rate is KL(r‖p)/(1−α)², and at α = 1 it is ½Var_p(log p/q)."""

from sympy import Symbol

from proofs.goals import Goal, Proof
from proofs.kernel import Slope, Theorem, eq, le, lt, ne
from proofs.lemmas import Argument, by_identity
from proofs.notation import (
    a,
    alpha,
    i,
    kl,
    log_ratio,
    mixed,
    own,
    p,
    path,
    r,
    renyi,
    softmax,
    t,
    target,
    third_cumulant,
    variance,
)
from proofs.refutation import Neighbour, logits_of

x = Symbol("x", positive=True)
larger = Symbol("alphaprime", positive=True)
RATE = kl(r, p) / (1 - alpha) ** 2
MONOTONE = r"\alpha \le \alpha' \Rightarrow D_\alpha(p\|q) \le D_{\alpha'}(p\|q)"


def one_side(kernel: Argument) -> Theorem:
    """The mean value theorem in the order, and a rate that is a divergence."""
    ordered = kernel.suppose(le(alpha, larger))
    xi, difference, above, below = kernel.taylor(renyi(x), x, alpha, larger, order=1, between=ordered)
    inside = (above, below)
    rate = kernel.cite("order-monotone", "rate", {alpha: xi}, using=inside)
    positive = kernel.cite("nonneg", "order 1", {target: mixed(xi), own: a})
    return kernel.combine(
        le(renyi(alpha), renyi(larger)),
        (-1, difference),
        (alpha - larger, rate),
        ((larger - alpha) / (1 - xi) ** 2, positive),
        using=inside,
    )


def around_one(kernel: Argument) -> tuple[Theorem, ...]:
    """Taylor's formula for A on the line, at p, to third order."""
    xi, expansion, inside = kernel.taylor(path, t, 1, alpha, order=3)
    value = kl() + (alpha - 1) / 2 * variance(p, log_ratio)
    remainder = (alpha - 1) ** 2 / 6 * third_cumulant(softmax(mixed(xi)), log_ratio)
    return xi, kernel.combine(eq(renyi(alpha), value + remainder), (1 / (alpha - 1), expansion)), inside


def kl_is_between(kernel: Argument) -> tuple[Theorem, ...]:
    """Taylor's formula for A on the line, at p, to second order."""
    xi, expansion, inside = kernel.taylor(path, t, 1, alpha, order=2)
    value = kl() + (alpha - 1) / 2 * variance(softmax(mixed(xi)), log_ratio)
    return xi, kernel.combine(eq(renyi(alpha), value), (1 / (alpha - 1), expansion)), inside


def below_one(kernel: Argument) -> Theorem:
    """`D_α − KL` is a variance times (α − 1)/2."""
    xi, value, _ = kernel.cite("order-monotone", "distance to KL")
    spread = variance(softmax(mixed(xi)), log_ratio)
    return kernel.combine(le(renyi(alpha), kl()), (1, value), rest=(1 - alpha) / 2 * spread)


def above_one(kernel: Argument) -> Theorem:
    """`D_α − KL` is a variance times (α − 1)/2."""
    xi, value, _ = kernel.cite("order-monotone", "distance to KL")
    spread = variance(softmax(mixed(xi)), log_ratio)
    return kernel.combine(le(kl(), renyi(alpha)), (-1, value), rest=(alpha - 1) / 2 * spread)


PROOF = Proof(
    "order-monotone",
    goals=(
        Goal(
            "rate",
            given=(ne(alpha, 1),),
            shows=(eq(Slope(renyi(x), x, alpha), RATE),),
            argument=by_identity,
            asserts=(
                r"\partial_\alpha D_\alpha(p\|q) ="
                r" \frac{\mathrm{KL}(r_\alpha\|p)}{(1-\alpha)^2} \quad (\alpha \ne 1)",
                r"\partial_\alpha D_\alpha \text{ is the derivative of }"
                r" \frac{\log \sum_i p_i^\alpha q_i^{1-\alpha}}{\alpha-1}",
            ),
        ),
        Goal(
            "distance to KL",
            given=(ne(alpha, 1),),
            exists=t,
            shows=(
                eq(renyi(alpha), kl() + (alpha - 1) / 2 * variance(softmax(mixed(t)), log_ratio)),
                le(0, (t - 1) * (alpha - t)),
            ),
            argument=kl_is_between,
        ),
        Goal("up to 1", given=(lt(alpha, 1),), shows=(le(renyi(alpha), kl()),), argument=below_one),
        Goal("from 1 on", given=(lt(1, alpha),), shows=(le(kl(), renyi(alpha)),), argument=above_one),
        Goal(
            "both below 1",
            given=(le(alpha, larger), lt(larger, 1)),
            shows=(le(renyi(alpha), renyi(larger)),),
            argument=one_side,
            asserts=(MONOTONE,),
        ),
        Goal(
            "both above 1",
            given=(le(alpha, larger), lt(1, alpha)),
            shows=(le(renyi(alpha), renyi(larger)),),
            argument=one_side,
            asserts=(MONOTONE,),
        ),
        Goal(
            "around 1",
            given=(ne(alpha, 1),),
            exists=t,
            shows=(
                eq(
                    renyi(alpha),
                    kl()
                    + (alpha - 1) / 2 * variance(p, log_ratio)
                    + (alpha - 1) ** 2 / 6 * third_cumulant(softmax(mixed(t)), log_ratio),
                ),
                le(0, (t - 1) * (alpha - t)),
            ),
            argument=around_one,
            asserts=(
                r"\partial_\alpha D_\alpha(p\|q) = \frac{1}{2} \mathrm{Var}_p(\log p/q) \quad (\alpha = 1)",
            ),
        ),
    ),
    neighbour=Neighbour(
        "both above 1",
        lambda _: le(renyi(alpha) / alpha, renyi(larger) / larger),
        {i.total: 2, alpha: 2, larger: 3, target: logits_of(1, 1), own: logits_of(1, 3)},
    ),
)
