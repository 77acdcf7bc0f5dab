r"""Near agreement D_α is (α/2) δᵀΣδ, with an error of third order that is uniform in the number of classes."""

from sympy import Abs, Expr, Integer, Max, diff, log, sqrt

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, le, lt, ne
from proofs.lemmas import Argument
from proofs.notation import (
    alpha,
    direction,
    high,
    i,
    kl,
    log_ratio,
    low,
    mixed,
    own,
    path,
    q,
    renyi,
    t,
    target,
    third,
    variance,
)
from proofs.refutation import Neighbour, logits_of

RATIO_BOUNDED = (le(low, log_ratio(i), i), le(log_ratio(i), high, i))
CUBE = (high - low) ** 3 / (6 * sqrt(3))
ERROR, BOUND = renyi(alpha) - alpha / 2 * variance(q, log_ratio), alpha / 2 * Max(1, alpha) * CUBE
ERROR_ONE, BOUND_ONE = kl() - variance(q, log_ratio) / 2, CUBE / 2


def local(kernel: Argument, name: str, order: Expr, error: Expr, largest: Expr, *shown: Theorem) -> Theorem:
    """The variance moves from q to the tilted distribution at the rate of a third cumulant."""
    lower, upper = kernel.facts[-2:]
    xi, value, positive, most = kernel.cite("mean-value", f"single value, {name} 1", shown=shown)
    zeta, change, _ = kernel.taylor(diff(path, t, 2), t, 0, xi, order=1)
    tilt = {third: mixed(zeta)}
    mirror = {**tilt, direction: lambda n: -log_ratio(n), low: -high, high: -low}
    cumulants = (
        (1, kernel.cite("mean-value", "third cumulant", {**tilt, direction: log_ratio})),
        (-1, kernel.cite("mean-value", "third cumulant", mirror, shown=kernel.reflected(lower, upper))),
    )
    wide = kernel.combine(le(0, high - low), (1, lower), (1, upper))
    sides = [
        kernel.combine(
            le(sign * error, order / 2 * largest * CUBE),
            (sign, value),
            (sign * order / 2, change),
            (order / 2 * xi, cumulant),
            (order / 2 * CUBE, most),
            using=(positive, wide),
        )
        for sign, cumulant in cumulants
    ]
    return kernel.within(error, *sides)


def not_one(kernel: Argument) -> Theorem:
    """Both sides of 1, where the mean value lies below 1 or below α."""
    lower, upper = kernel.facts[-2:]
    wide = kernel.combine(le(0, high - low), (1, lower), (1, upper))
    sides, goal = [], le(Abs(ERROR), BOUND)
    for name, branch, end in (("below", lt(alpha, 1), Integer(1)), ("above", le(1, alpha), alpha)):
        case = kernel.suppose(branch)
        strict = case if name == "below" else kernel.sign(lt(1, alpha), using=[case])
        bound = local(kernel, name, alpha, ERROR, end, strict)
        most = kernel.extremum(Max(1, alpha), end)
        sides.append(kernel.combine(goal, (1, bound), (alpha / 2 * CUBE, most), using=[wide]))
    return kernel.cases(*sides)


PROOF = Proof(
    "fisher-local",
    goals=(
        Goal(
            "local",
            given=(ne(alpha, 1), *RATIO_BOUNDED),
            shows=(le(Abs(ERROR), BOUND),),
            argument=not_one,
        ),
        Goal(
            "local, order 1",
            given=RATIO_BOUNDED,
            shows=(le(Abs(ERROR_ONE), BOUND_ONE),),
            argument=lambda kernel: local(kernel, "at", Integer(1), ERROR_ONE, Integer(1)),
        ),
    ),
    asserts={
        (
            r"|D_\alpha(z + \delta\|z) - \frac{\alpha}{2} \delta^\top \Sigma \delta| \le "
            r"\frac{\alpha}{2} \max(1, \alpha) \, \frac{\mathrm{osc}(\delta)^3}{6 \sqrt{3}}"
        ): ("local", "local, order 1"),
    },
    domain="0 < α < ∞ and finite logits",
    neighbour=Neighbour(
        "local",
        lambda bound: le(Abs(renyi(alpha) - variance(q, log_ratio) / 2), bound.right),
        {i.total: 2, alpha: 2, target: logits_of(51, 49), own: logits_of(1, 1), low: log(49), high: log(51)},
    ),
)
