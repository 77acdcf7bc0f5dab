r"""D ≥ 0, with equality iff p = q: D is a multiple of a variance of log p/q under a tilted distribution."""

from sympy import Expr, Integer, Symbol, exp, log

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, Total, eq, le, lt, ne
from proofs.lemmas import Argument, by_identity
from proofs.notation import (
    a,
    alpha,
    b,
    i,
    kl,
    log_ratio,
    mean,
    mixed,
    order,
    own,
    p,
    path,
    q,
    renyi,
    softmax,
    t,
    target,
    variance,
)
from proofs.refutation import Neighbour, logits_of
from proofs.supports import (
    BELOW_LARGEST,
    MASS_P,
    MASS_Q,
    largest,
    log_of_mass,
    mass_p,
    mass_q,
    on_p,
    on_q,
)

x, y = Symbol("x", real=True), Symbol("y", positive=True)


def tilted_variance(at):
    """The variance of log p/q under the tilted distribution at `at`."""
    return variance(softmax(mixed(at)), log_ratio)


def beside_one(kernel: Argument) -> tuple[Symbol, Theorem]:
    """`D = (α/2) Var`: D is α times the divided difference of A on the line at 0, 1 and α."""
    nodes = (0, alpha, 1) if kernel.given[0].right == 1 else (0, 1, alpha)
    left, right = (kernel.sign(lt(*pair)) for pair in (nodes[:2], nodes[1:]))
    xi, difference, *_ = kernel.divided_difference(path, t, nodes, left, right)
    return xi, kernel.combine(eq(renyi(alpha), alpha / 2 * tilted_variance(xi)), (alpha, difference))


def at_one(kernel: Argument) -> tuple[Symbol, Theorem]:
    """`KL = ½ Var`: Taylor's formula from 1 to 0."""
    xi, expansion, _ = kernel.taylor(path, t, 1, 0, order=2)
    return xi, kernel.combine(eq(kl(), tilted_variance(xi) / 2), (1, expansion))


def order_one(kernel: Argument) -> Theorem:
    """A variance is not negative."""
    xi, value = kernel.cite("nonneg", "spread at 1")
    return kernel.combine(le(0, kl()), (-1, value), rest=tilted_variance(xi) / 2)


def order_not_one(kernel: Argument) -> Theorem:
    """The same on both sides of 1."""
    sides = []
    for name, branch in (("below", lt(alpha, 1)), ("above", le(1, alpha))):
        case = kernel.suppose(branch)
        strict = case if name == "below" else kernel.sign(lt(1, alpha), using=[case])
        xi, value = kernel.cite("nonneg", f"spread {name} 1", shown=[strict])
        sides.append(kernel.combine(le(0, renyi(alpha)), (-1, value), rest=alpha / 2 * tilted_variance(xi)))
    return kernel.cases(*sides)


def equal_if_zero(kernel: Argument, name: str, value: Expr, factor: Expr) -> Theorem:
    """A variance of 0 under positive weights makes `log p/q` constant, and then p and q are equal."""
    xi, spread = kernel.cite("nonneg", name)
    weights = softmax(mixed(xi))
    centre = mean(weights, log_ratio)
    none = kernel.combine(
        eq(variance(weights, log_ratio), 0), (-2 / factor, spread), (2 / factor, kernel.suppose(eq(value, 0)))
    )
    square = kernel.vanishing(none)
    flat = kernel.combine(le((log_ratio(i) - centre) ** 2, 0), (1 / weights(i), square))
    above = kernel.root(log_ratio(i) - centre, flat)
    below = kernel.root(centre - log_ratio(i), flat)
    constant = kernel.antisymmetry(
        kernel.combine(le(log_ratio(i), centre), (1, above)),
        kernel.combine(le(centre, log_ratio(i)), (1, below)),
    )
    ratio = kernel.monotone(exp(x), x, constant)
    total = kernel.sum_over(ratio, i, weight=exp(b(i)))
    mass = Total(exp(a(i)), i)
    return kernel.combine(eq(p(i), q(i)), (exp(b(i)) / mass, ratio), (-q(i) / mass, total))


FULL = {"below 1": "order not 1", "above 1": "order not 1", "at 1": "order 1"}


def masked(kernel: Argument, value: Expr, name: str, *logs: tuple[Expr, Symbol]) -> Theorem:
    """What is masked adds nothing negative: `−log Q`, and below 1 also `−α/(1−α)·log P`."""
    positive = kernel.cite("nonneg", FULL[name])
    terms = [(factor, log_of_mass(kernel, mass)) for factor, mass in logs]
    return kernel.combine(le(0, value), (1, positive), *terms)


def masked_equal(kernel: Argument, value: Expr, name: str, *logs: tuple[Expr, Symbol]) -> tuple[Theorem, ...]:
    """Parts of a sum of 0 that are not negative are 0, so nothing is masked, and p = q."""
    zero, positive = kernel.suppose(eq(value, 0)), kernel.cite("nonneg", FULL[name])
    small = {mass: (factor, log_of_mass(kernel, mass)) for factor, mass in logs}
    whole, vanished = [], []
    for mass, (factor, below) in small.items():
        others = [(other / factor, theorem) for m, (other, theorem) in small.items() if m != mass]
        above = kernel.combine(le(0, log(mass)), (1 / factor, positive), *others, (1 / factor, zero))
        vanished.append((factor, kernel.antisymmetry(below, above)))
        one = kernel.monotone(exp(x), x, above)
        whole.append(kernel.antisymmetry(kernel.suppose(le(mass, 1)), one))
    flat = kernel.combine(eq(positive.right, 0), (1, zero), *vanished)
    return (*whole, kernel.cite("nonneg", f"equal if zero, {name}", shown=[flat]))


def order_zero(kernel: Argument) -> Theorem:
    """`D_0 = −log Q`."""
    return kernel.combine(le(0, renyi(0, on_p, on_q)), (1, log_of_mass(kernel, mass_q)))


def order_infinity(kernel: Argument) -> Theorem:
    """Summed over the classes, `p ≤ M q` is `1 ≤ M Q`."""
    total = kernel.sum_over(kernel.suppose(BELOW_LARGEST), i)
    small = kernel.suppose(MASS_Q)
    bound = kernel.combine(le(1, largest), (1, total), (largest, small))
    return kernel.monotone(log(y), y, bound)


def equal_at_infinity(kernel: Argument) -> tuple[Theorem, ...]:
    """`p ≤ Q q` for every class, and both sum to 1."""
    one, small = kernel.suppose(eq(log(largest), 0)), kernel.suppose(MASS_Q)
    ratio = kernel.monotone(exp(x), x, one)
    bound = kernel.suppose(BELOW_LARGEST)
    below = kernel.combine(le(p(i), mass_q * q(i)), (1, bound), (mass_q * q(i), ratio))
    above = kernel.combine(le(Integer(1), mass_q), (1, kernel.sum_over(below, i)))
    difference = kernel.combine(le(0, q(i) - p(i)), (1, below), (q(i), small))
    none = kernel.vanishing(kernel.combine(le(Total(q(i) - p(i), i), 0)), using=[difference])
    return kernel.antisymmetry(small, above), kernel.combine(eq(p(i), q(i)), (-1, none))


def zero_at_infinity(kernel: Argument) -> Theorem:
    """The largest ratio of p to itself, at the class where it is attained, is 1."""
    ratio = kernel.combine(eq(largest, 1), (-1 / p(i), kernel.suppose(eq(p(i), largest * p(i)))))
    return kernel.monotone(log(y), y, ratio)


def _exists(name: str, value: Expr, factor: Expr, argument, *given) -> Goal:
    return Goal(
        name, given=given, exists=x, shows=(eq(value, factor / 2 * tilted_variance(x)),), argument=argument
    )


def _equal(name: str, value: Expr, factor: Expr, *given) -> Goal:
    return Goal(
        f"equal if zero, {name}",
        given=(*given, eq(value, 0)),
        shows=(eq(p(i), q(i)),),
        argument=lambda kernel: equal_if_zero(kernel, f"spread {name}", value, factor),
    )


BELOW, ABOVE, AT = renyi(alpha, on_p, on_q), renyi(alpha, p, on_q), kl(p, on_q)
MASKED = {
    "below 1": (BELOW, (lt(alpha, 1), MASS_P, MASS_Q), ((alpha / (1 - alpha), mass_p), (Integer(1), mass_q))),
    "above 1": (ABOVE, (lt(1, alpha), MASS_Q), ((Integer(1), mass_q),)),
    "at 1": (AT, (MASS_Q,), ((Integer(1), mass_q),)),
}


def _masked(name: str) -> tuple[Goal, Goal]:
    value, given, logs = MASKED[name]
    equal = (*(eq(mass, 1) for _, mass in logs), eq(p(i), q(i)))
    return (
        Goal(
            f"masked, {name}",
            given=given,
            shows=(le(0, value),),
            argument=lambda kernel: masked(kernel, value, name, *logs),
        ),
        Goal(
            f"masked, equal if zero, {name}",
            given=(*given, eq(value, 0)),
            shows=equal,
            argument=lambda kernel: masked_equal(kernel, value, name, *logs),
        ),
    )


PROOF = Proof(
    "nonneg",
    goals=(
        _exists("spread below 1", renyi(alpha), alpha, beside_one, lt(alpha, 1)),
        _exists("spread above 1", renyi(alpha), alpha, beside_one, lt(1, alpha)),
        _exists("spread at 1", kl(), Integer(1), at_one),
        Goal(
            "order not 1",
            given=(ne(alpha, 1),),
            shows=(le(0, renyi(alpha)),),
            argument=order_not_one,
        ),
        Goal("order 1", shows=(le(0, kl()),), argument=order_one),
        _equal("below 1", renyi(alpha), alpha, lt(alpha, 1)),
        _equal("above 1", renyi(alpha), alpha, lt(1, alpha)),
        _equal("at 1", kl(), Integer(1)),
        Goal(
            "zero if equal",
            given=(ne(alpha, 1),),
            shows=(eq(renyi(alpha, p, p), 0), eq(kl(p, p), 0)),
            argument=by_identity,
        ),
        *(goal for name in MASKED for goal in _masked(name)),
        Goal("order 0", given=(MASS_Q,), shows=(le(0, renyi(0, on_p, on_q)),), argument=order_zero),
        Goal(
            "order ∞",
            given=(MASS_Q, BELOW_LARGEST),
            shows=(le(0, log(largest)),),
            argument=order_infinity,
        ),
        Goal(
            "zero if equal, order ∞",
            given=(eq(p(i), largest * p(i)),),
            shows=(eq(log(largest), 0),),
            argument=zero_at_infinity,
        ),
        Goal(
            "equal if zero, order ∞",
            given=(MASS_Q, BELOW_LARGEST, eq(log(largest), 0)),
            shows=(eq(mass_q, 1), eq(p(i), q(i))),
            argument=equal_at_infinity,
        ),
    ),
    asserts={
        r"D_\alpha(p\|q) \ge 0": (
            "order 0",
            "masked, below 1",
            "masked, at 1",
            "masked, above 1",
            "order ∞",
        ),
        r"D_\alpha(p\|q) = 0 \iff p = q \quad (\alpha > 0)": (
            "masked, equal if zero, below 1",
            "masked, equal if zero, at 1",
            "masked, equal if zero, above 1",
            "equal if zero, order ∞",
            "zero if equal",
            "zero if equal, order ∞",
        ),
    },
    domain="α ∈ [0, ∞] and any masks",
    neighbour=Neighbour(
        "equal if zero, below 1",
        lambda equal: equal,
        {i.total: 2, order: 0, i: 0, target: logits_of(1, 1), own: logits_of(1, 3)},
        given=(ne(order, 1), le(0, order), eq(renyi(order), 0)),
    ),
)
