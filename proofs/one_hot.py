r"""A one-hot p with mass 1−Q masked out of q: `D_β = −log Q`, against `2κ(1−Q)²` for the two constants κ."""

from sympy import Rational, Symbol, log, sqrt

from proofs.goals import Goal
from proofs.kernel import Theorem, le, lt
from proofs.lemmas import Argument
from proofs.supports import MASS_Q, mass_q
from proofs.touching import BEST, FORCE, IN_U, ROOT, U, u

x, y = Symbol("x", positive=True), Symbol("y", positive=True)
R = Rational
LARGEST = (5 + 3 * sqrt(5)) / 10
"""The largest order up to which Pinsker's constant is half of it."""


def at_edge(k):
    """`2κ(1−Q)² ≤ −log Q`."""
    return le(2 * k * (1 - mass_q) ** 2, -log(mass_q))


LOW, HIGH = R(1, 20), R(3, 5)


def largest(kernel: Argument) -> Theorem:
    """For Q ≥ 3/5 by the tangent of the logarithm at 1, for Q ≤ 1/20 by its value there, between by intervals."""
    goal, small = at_edge(LARGEST), kernel.suppose(MASS_Q)
    far, near = kernel.suppose(le(mass_q, HIGH)), kernel.suppose(le(HIGH, mass_q))
    tangent = kernel.tangent(log(y), y, at=1, to=mass_q)
    flat = kernel.combine(
        le(2 * LARGEST * (1 - mass_q), 1), (2 * LARGEST, near), rest=1 - 2 * LARGEST * (1 - HIGH)
    )
    lost = kernel.combine(le(0, 1 - mass_q), (1, small))
    close = kernel.combine(goal, (1, tangent), (1 - mass_q, flat), using=[lost])
    little, some = kernel.suppose(le(mass_q, LOW)), kernel.suppose(le(LOW, mass_q))
    logs = kernel.monotone(log(y), y, little)
    square = kernel.combine(
        le((1 - mass_q) ** 2, 1), (1 + 1 - mass_q, kernel.sign(le(0, mass_q))), using=[lost]
    )
    tail = kernel.combine(goal, (1, logs), (2 * LARGEST, square), rest=-log(LOW) - 2 * LARGEST)
    strict = kernel.interval(lt(2 * LARGEST * (1 - mass_q) ** 2, -log(mass_q)), {mass_q: (LOW, HIGH)})
    middle = kernel.combine(goal, (1, kernel.cut(strict, some, far)))
    return kernel.cases(close, kernel.cases(tail, middle))


def best(kernel: Argument) -> Theorem:
    """`−log x − (1−x)²/(2u(1−u))` vanishes at 1−u and at 1, and its derivative at 1−u and u."""
    low, high, root, small = kernel.facts
    curve = -log(x) - FORCE * (1 - x) ** 2 / 2
    inside = kernel.combine(lt(0, 1 - u), (1, high), rest=1 - U[1])
    ordered = kernel.combine(le(1 - u, u), (2, low), rest=2 * U[0] - 1)
    goal = at_edge(BEST)
    branches = []
    above, below = kernel.suppose(le(u, mass_q)), kernel.suppose(le(mass_q, u))
    xi, change, lower, _ = kernel.taylor(curve, x, 1, mass_q, order=1, between=small, using=[inside])
    beyond = kernel.combine(le(0, xi - u), (1, lower), (1, above))
    far = kernel.combine(le(0, xi - 1 + u), (1, beyond), (1, ordered))
    lost = kernel.combine(le(0, 1 - mass_q), (1, small))
    right = kernel.combine(
        goal,
        (-1, change),
        rest=FORCE * (xi - u) * (xi - 1 + u) / xi * (1 - mass_q),
        using=[inside, beyond, far, lost],
    )
    for branch in (le(mass_q, 1 - u), le(1 - u, mass_q)):
        case = kernel.suppose(branch)
        xi, change, lower, upper = kernel.taylor(
            curve, x, 1 - u, mass_q, order=1, between=case, using=[inside]
        )
        if branch.left == mass_q:
            short = kernel.combine(le(0, u - xi), (1, upper), (1, ordered))
            turn, step = (
                kernel.combine(le(0, 1 - u - xi), (1, upper)),
                kernel.combine(le(0, 1 - u - mass_q), (1, case)),
            )
        else:
            short = kernel.combine(le(0, u - xi), (1, upper), (1, below))
            turn, step = (
                kernel.combine(le(0, xi - 1 + u), (1, lower)),
                kernel.combine(le(0, mass_q - 1 + u), (1, case)),
            )
        rest = FORCE * short.right / xi * turn.right * step.right
        branches.append(
            kernel.combine(goal, (-1, change), (R(1, 2), root), rest=rest, using=[inside, short, turn, step])
        )
    return kernel.cases(right, kernel.cases(*branches))


ONE_HOT_GOALS = (
    Goal("one-hot, largest", given=(MASS_Q,), shows=(at_edge(LARGEST),), argument=largest),
    Goal("one-hot, best", given=(*IN_U, ROOT, MASS_Q), shows=(at_edge(BEST),), argument=best),
)
