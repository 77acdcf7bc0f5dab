r"""Near agreement D_α is (α/2) δᵀΣδ, with an error of third order that is uniform in the number of classes."""

from sympy import Abs, Expr, Integer, Max, diff, sqrt

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, le, ne
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
    path,
    q,
    renyi,
    t,
    third,
    variance,
)

RATIO_BOUNDED = (le(low, log_ratio(i), i), le(log_ratio(i), high, i))
CUBE = (high - low) ** 3 / (6 * sqrt(3))
ERROR, BOUND = renyi(alpha) - alpha / 2 * variance(q, log_ratio), alpha / 2 * Max(1, alpha) * CUBE
ERROR_ONE, BOUND_ONE = kl() - variance(q, log_ratio) / 2, CUBE / 2


def local(kernel: Argument, order: Expr, error: Expr, bound: Expr) -> Theorem:
    """The variance moves from q to the tilted distribution at the rate of a third cumulant."""
    name = "single value" if order == alpha else "single value, order 1"
    xi, value, positive, most = kernel.cite("mean-value", name)
    zeta, change, _ = kernel.taylor(diff(path, t, 2), t, 0, xi, order=1)
    tilt = {third: mixed(zeta)}
    flipped = [kernel.combine(le(-high, -log_ratio(i)), (1, kernel.facts[-1]))]
    flipped.append(kernel.combine(le(-log_ratio(i), -low), (1, kernel.facts[-2])))
    reflected = {**tilt, direction: lambda n: -log_ratio(n), low: -high, high: -low}
    cumulants = (
        (1, kernel.cite("mean-value", "third cumulant", {**tilt, direction: log_ratio})),
        (-1, kernel.cite("mean-value", "third cumulant", reflected, shown=flipped)),
    )
    wide = kernel.combine(le(0, high - low), (1, kernel.facts[-2]), (1, kernel.facts[-1]))
    sides = [
        kernel.combine(
            le(sign * error, bound),
            (sign, value),
            (sign * order / 2, change),
            (order / 2 * xi, cumulant),
            (order / 2 * (high - low) ** 3 / (6 * sqrt(3)), most),
            using=(positive, wide),
        )
        for sign, cumulant in cumulants
    ]
    return kernel.within(error, *sides)


PROOF = Proof(
    "fisher-local",
    goals=(
        Goal(
            "local",
            given=(ne(alpha, 1), *RATIO_BOUNDED),
            shows=(le(Abs(ERROR), BOUND),),
            argument=lambda kernel: local(kernel, alpha, ERROR, BOUND),
            asserts=(
                r"|D_\alpha(z + \delta\|z) - \frac{\alpha}{2} \delta^\top \Sigma \delta| \le "
                r"\frac{\alpha}{2} \max(1, \alpha) \, \frac{\mathrm{osc}(\delta)^3}{6 \sqrt{3}}",
            ),
        ),
        Goal(
            "local, order 1",
            given=RATIO_BOUNDED,
            shows=(le(Abs(ERROR_ONE), BOUND_ONE),),
            argument=lambda kernel: local(kernel, Integer(1), ERROR_ONE, BOUND_ONE),
        ),
    ),
)
