r"""D ≥ 0, with equality iff p = q: D is a multiple of a variance of log p/q under a tilted distribution."""

from sympy import Integer, Symbol, exp

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, Total, eq, le, ne
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
    p,
    path,
    q,
    renyi,
    softmax,
    t,
    variance,
)

x = Symbol("x", real=True)
ZERO_ONLY = r"D_\alpha(p\|q) = 0 \iff p = q \quad (\alpha > 0)"


def order_not_one(kernel: Argument) -> tuple[Symbol, Theorem, Theorem]:
    """`D = (α/2) Var ≥ 0`: D is α times the divided difference of A on the line at 0, 1 and α."""
    xi, difference, *_ = kernel.divided_difference(path, t, (0, 1, alpha))
    spread = variance(softmax(mixed(xi)), log_ratio)
    value = kernel.combine(eq(renyi(alpha), alpha / 2 * spread), (alpha, difference))
    return xi, value, kernel.combine(le(0, renyi(alpha)), (-1, value), rest=alpha / 2 * spread)


def order_one(kernel: Argument) -> tuple[Symbol, Theorem, Theorem]:
    """`KL = ½ Var ≥ 0`: Taylor's formula from 1 to 0."""
    xi, expansion, _ = kernel.taylor(path, t, 1, 0, order=2)
    spread = variance(softmax(mixed(xi)), log_ratio)
    value = kernel.combine(eq(kl(), spread / 2), (1, expansion))
    return xi, value, kernel.combine(le(0, kl()), (-1, value), rest=spread / 2)


def equal_if_zero(kernel: Argument, order: object) -> Theorem:
    """A variance of 0 under positive weights makes `log p/q` constant, and then p and q are equal."""
    name, value, factor = (
        ("order 1", kl(), Integer(1)) if order == 1 else ("order not 1", renyi(alpha), alpha)
    )
    xi, spread, _ = kernel.cite("nonneg", name)
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


PROOF = Proof(
    "nonneg",
    goals=(
        Goal(
            "order not 1",
            given=(ne(alpha, 1),),
            exists=x,
            shows=(eq(renyi(alpha), alpha / 2 * variance(softmax(mixed(x)), log_ratio)), le(0, renyi(alpha))),
            argument=order_not_one,
            asserts=(r"D_\alpha(p\|q) \ge 0",),
        ),
        Goal(
            "order 1",
            exists=x,
            shows=(eq(kl(), variance(softmax(mixed(x)), log_ratio) / 2), le(0, kl())),
            argument=order_one,
        ),
        Goal(
            "equal if zero",
            given=(ne(alpha, 1), eq(renyi(alpha), 0)),
            shows=(eq(p(i), q(i)),),
            argument=lambda kernel: equal_if_zero(kernel, alpha),
            asserts=(ZERO_ONLY,),
        ),
        Goal(
            "equal if zero, order 1",
            given=(eq(kl(), 0),),
            shows=(eq(p(i), q(i)),),
            argument=lambda kernel: equal_if_zero(kernel, 1),
        ),
        Goal(
            "zero if equal",
            given=(ne(alpha, 1),),
            shows=(eq(renyi(alpha, p, p), 0), eq(kl(p, p), 0)),
            argument=by_identity,
        ),
    ),
)
