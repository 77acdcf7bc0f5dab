r"""D ≥ 0, with equality iff p = q: D is a multiple of a variance of log p/q under a tilted distribution."""

from sympy import Expr, Integer, Symbol, exp

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

x = Symbol("x", real=True)


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
        asserts=(r"D_\alpha(p\|q) = 0 \iff p = q \quad (\alpha > 0)",),
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
            asserts=(r"D_\alpha(p\|q) \ge 0",),
        ),
        Goal("order 1", shows=(le(0, kl()),), argument=order_one, asserts=(r"D_\alpha(p\|q) \ge 0",)),
        _equal("below 1", renyi(alpha), alpha, lt(alpha, 1)),
        _equal("above 1", renyi(alpha), alpha, lt(1, alpha)),
        _equal("at 1", kl(), Integer(1)),
        Goal(
            "zero if equal",
            given=(ne(alpha, 1),),
            shows=(eq(renyi(alpha, p, p), 0), eq(kl(p, p), 0)),
            argument=by_identity,
        ),
    ),
    neighbour=Neighbour(
        "equal if zero, below 1",
        lambda equal: equal,
        {i.total: 2, order: 0, i: 0, target: logits_of(1, 1), own: logits_of(1, 3)},
        given=(ne(order, 1), le(0, order), eq(renyi(order), 0)),
    ),
)
