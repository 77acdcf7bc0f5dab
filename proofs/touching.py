r"""Two classes at order `1/u`: `D ≥ (R−Q)²/(2u(1−u))`, with equality at R = 1, Q = 1−u.

In `e = 1−R` and `v = 1−Q`. Within ¼ of the diagonal `two_classes` settles it; for Q ≤ 1/2000 the first term of the
sum alone does. Intervals settle the rest but for a corner, e ≤ 1/25 and 33/50 ≤ v ≤ 4/5, where three expansions give
`F ≥ (37/20)(v−u)² + e(v−u)/(u(1−u)) − 6e² + (7/5) e^{1/u} ≥ 0`.
"""

from sympy import Rational, Symbol, exp, log

from proofs.goals import Goal
from proofs.kernel import Theorem, eq, le, lt
from proofs.lemmas import Argument
from proofs.two_classes import affinity, constant, inequality, larger, order, smaller

u = Symbol("u", positive=True)
e, v = Symbol("e", positive=True), Symbol("v", positive=True)
y, z = Symbol("y", positive=True), Symbol("z", real=True)
R = Rational
ROOT = eq(u / (1 - u), -2 * log(1 - u))
U = (R(7153318, 10**7), R(7153319, 10**7))
IN_U = (le(U[0], u), le(u, U[1]))
"""The root lies there, and it is the only one: `u/(1−u) + 2 log(1−u)` falls up to ½ and rises from there."""

THICK = (v - e) ** 2 / (2 * u * (1 - u))
SUM = affinity(1 - e, 1 - v, 1 / u)
EXCESS = u / (1 - u) * log(SUM) - THICK
"""`D_{1/u}(R‖Q) − (R−Q)²/(2u(1−u))`, since 1/(β−1) = u/(1−u)."""

APART = le(e + R(1, 4), v)
CUT = R(1999, 2000)
LEFT, RIGHT, SMALL = R(33, 50), R(4, 5), R(1, 25)
REGIONS = {
    "left": {e: (0, R(3, 4)), v: (R(1, 4), LEFT), u: U},
    "right": {e: (0, R(3, 4)), v: (RIGHT, CUT), u: U},
    "middle": {e: (SMALL, R(3, 4)), v: (LEFT, RIGHT), u: U},
}


def by_intervals(kernel: Argument, name: str) -> Theorem:
    """Branch and bound."""
    strict = kernel.interval(lt(0, EXCESS), REGIONS[name], where=[APART])
    return kernel.combine(le(0, EXCESS), (1, strict))


def interval_goal(name: str) -> Goal:
    """The part of the square that one branch and bound covers."""
    given = [r for s, (low, high) in REGIONS[name].items() for r in (le(low, s), le(s, high))]
    return Goal(
        name,
        given=(*given, APART),
        shows=(le(0, EXCESS),),
        argument=lambda kernel: by_intervals(kernel, name),
    )


def tail(kernel: Argument) -> Theorem:
    """`S ≥ R^β Q^{1−β}`, `R ≥ ¼` and `Q ≤ 1/2000`."""
    low, high, apart, far, below = kernel.facts
    first = (1 - e) ** (1 / u) * (1 - v) ** (1 - 1 / u)
    fits = kernel.combine(lt(0, R(3, 4) - e), (1, apart), (1, below))
    known = [fits, kernel.combine(lt(0, 1 - e), (1, fits), rest=R(1, 4))]
    known.append(kernel.sign(lt(0, 1 - u), using=[kernel.combine(lt(u, 1), (1, high), rest=1 - U[1])]))
    larger_sum = kernel.combine(le(first, SUM), rest=e ** (1 / u) * v ** (1 - 1 / u), using=known)
    logs = kernel.monotone(log(y), y, larger_sum, using=known)
    one = kernel.monotone(log(y), y, kernel.combine(le(R(1, 4), 1 - e), (1, fits)), using=known)
    two = kernel.monotone(log(y), y, kernel.combine(le(1 - v, 1 - CUT), (1, far)), using=known)
    room = kernel.interval(lt(1 / (2 * u * (1 - u)), -log(1 - CUT) + log(R(1, 4)) / (1 - u)), {u: U})
    square = kernel.combine(le((v - e) ** 2, 1), rest=(1 - v + e) * (1 + v - e), using=[*known, apart])
    return kernel.combine(
        le(0, EXCESS),
        (u / (1 - u), logs),
        (1 / (1 - u), one),
        (1, two),
        (1, room),
        (1 / (2 * u * (1 - u)), square),
        using=known,
    )


FORCE = 1 / (u * (1 - u))
x, s = v - u, Symbol("s", positive=True)
CORNER_GIVEN = (*IN_U, ROOT, le(LEFT, v), le(v, RIGHT), le(e, SMALL))


def along_edge(kernel: Argument) -> Theorem:
    """At R = 1 the excess vanishes at v = u with its derivative, and its second derivative is at least 37/10."""
    low, high, root, left, right, _ = kernel.facts
    excess = -log(1 - s) - s**2 * FORCE / 2
    steep = kernel.interval(lt(R(37, 10), 1 / (1 - s) ** 2 - FORCE), {s: (LEFT, RIGHT), u: U})
    goal = le(R(37, 20) * x**2, excess.subs(s, v))
    inside = kernel.combine(lt(0, 1 - u), (1, high), rest=1 - U[1])
    before = kernel.combine(lt(0, 1 - v), (1, right), rest=1 - RIGHT)
    from_u = (
        kernel.combine(le(LEFT, u), (1, low), rest=U[0] - LEFT),
        kernel.combine(le(u, RIGHT), (1, high), rest=RIGHT - U[1]),
    )
    branches = []
    for branch in (le(u, v), le(v, u)):
        ordered = kernel.suppose(branch)
        known = [inside, before]
        xi, expansion, above, below = kernel.taylor(excess, s, u, v, order=2, between=ordered, using=known)
        bottom, top = ((from_u[0], right), (left, from_u[1]))[branch.left == v]
        bounds = (
            kernel.combine(le(LEFT, xi), (1, above), (1, bottom)),
            kernel.combine(le(xi, RIGHT), (1, below), (1, top)),
        )
        curved = kernel.cut(kernel.at(steep, {s: xi}, using=[above]), *bounds, low, high)
        known.append(kernel.combine(lt(0, 1 - xi), (1, bounds[1]), rest=1 - RIGHT))
        branches.append(
            kernel.combine(goal, (-1, expansion), (x**2 / 2, curved), (R(1, 2), root), using=known)
        )
    return kernel.cases(*branches)


one, two = Symbol("f", positive=True), Symbol("g", positive=True)
MORE = le(log(one) + two / (one + two), log(one + two))


def more(kernel: Argument) -> Theorem:
    """`log(f + g) ≥ log f + g/(f + g)`."""
    return kernel.combine(MORE, (1, kernel.tangent(log(y), y, at=1, to=one / (one + two))))


def corner(kernel: Argument) -> Theorem:
    """The edge, the logarithm of R, and the second term of the sum."""
    low, high, root, left, right, near = kernel.facts
    edge = kernel.cite("pinsker-best", "edge")
    inside = kernel.combine(lt(0, 1 - u), (1, high), rest=1 - U[1])
    known = [
        inside,
        kernel.combine(lt(0, 1 - v), (1, right), rest=1 - RIGHT),
        kernel.combine(lt(0, 1 - e), (1, near), rest=1 - SMALL),
    ]
    zero = kernel.sign(le(0, e))
    xi, expansion, above, below = kernel.taylor(
        log(1 - z) + z + z**2, z, 0, e, order=2, between=zero, using=known
    )
    flat = kernel.interval(lt(1 / (1 - z) ** 2, 2), {z: (0, SMALL)})
    to_end = kernel.combine(le(xi, SMALL), (1, below), (1, near))
    curved = kernel.cut(kernel.at(flat, {z: xi}), above, to_end)
    known.append(kernel.combine(lt(0, 1 - xi), (1, to_end), rest=1 - SMALL))
    power = kernel.combine(le(-e - e**2, log(1 - e)), (-1, expansion), (e**2 / 2, curved), using=known)

    first, second = (1 - e) ** (1 / u) * (1 - v) ** (1 - 1 / u), e ** (1 / u) * v ** (1 - 1 / u)
    ratio = kernel.cite("pinsker-best", "more", {one: first, two: second}, using=known)
    share = kernel.interval(
        lt(R(7, 5) * (1 - u) / u * SUM, v ** (1 - 1 / u)), {e: (0, SMALL), v: (LEFT, RIGHT), u: U}
    )
    share = kernel.cut(share, low, high, left, right, near)
    logs = kernel.monotone(log(y), y, kernel.combine(le(e, SMALL), (1, near)))
    falling = kernel.combine(
        lt(0, 2 - 1 / u), (1 / u, kernel.combine(lt(0, 2 * u - 1), (2, low), rest=2 * U[0] - 1))
    )
    exponent = kernel.combine(
        le((1 / u - 2) * log(SMALL), (1 / u - 2) * log(e)), (2 - 1 / u, logs), using=[falling]
    )
    tall = kernel.monotone(exp(z), z, exponent)
    number = kernel.interval(lt(R(5, 7) * (6 + FORCE**2 / R(37, 5)), exp((1 / u - 2) * log(SMALL))), {u: U})
    room = kernel.interval(lt(1 / (1 - u) + FORCE / 2, 6), {u: U})
    number, room = (kernel.cut(theorem, low, high) for theorem in (number, room))
    return kernel.combine(
        le(0, EXCESS),
        (1, edge),
        (1 / (1 - u), power),
        (u / (1 - u), ratio),
        (u / (1 - u) * e ** (1 / u) / SUM, share),
        (R(7, 5) * e**2, tall),
        (R(7, 5) * e**2, number),
        (e**2, room),
        rest=R(37, 20) * (x + FORCE * e / R(37, 10)) ** 2,
        using=known,
    )


FAR_GOALS = (
    *(interval_goal(name) for name in REGIONS),
    Goal(
        "tail",
        given=(*IN_U, APART, le(CUT, v), lt(v, 1)),
        shows=(le(0, EXCESS),),
        argument=tail,
    ),
    Goal(
        "edge",
        given=CORNER_GIVEN,
        shows=(le(R(37, 20) * x**2, -log(1 - v) - v**2 * FORCE / 2),),
        argument=along_edge,
    ),
    Goal("more", shows=(MORE,), argument=more),
    Goal("corner", given=CORNER_GIVEN, shows=(le(0, EXCESS),), argument=corner),
)


BEST = FORCE / 4
"""`κ = 1/(4u(1−u))`."""

TOUCHING = inequality(1 / u, BEST)
PAIR = (le(smaller, larger), lt(larger, 1))


def close(kernel: Argument) -> Theorem:
    """Within ¼ of the diagonal: numbers in u only."""
    low, high = kernel.facts[:2]
    apart = kernel.suppose(le(larger - smaller, R(1, 4)))
    images = {order: 1 / u, constant: BEST}
    growth, spread = 2 * BEST * (1 / u - 1), R(2, 3) * (2 - 1 / u**2 + 1 / u)
    fits = kernel.interval(lt((3 * growth - spread) / 16, log(4 * (1 - u))), {u: U})
    rises = kernel.interval(lt(0, 3 * growth - spread), {u: U})
    fits, rises = (kernel.cut(theorem, low, high) for theorem in (fits, rises))
    square = kernel.combine(
        le((larger - smaller) ** 2, R(1, 16)),
        rest=(R(1, 4) - larger + smaller) * (R(1, 4) + larger - smaller),
        using=[apart],
    )
    inside = kernel.combine(lt(0, 1 - u), (1, high), rest=1 - U[1])
    near = kernel.combine(
        le((3 * growth - spread) * (larger - smaller) ** 2, log((1 / u) / BEST)),
        (3 * growth - spread, square),
        (1, fits),
        using=[rises, inside],
    )
    shown = (
        near,
        kernel.combine(lt(1, 1 / u), (1 / u, inside)),
        kernel.combine(lt(1 / u, 2), (2 / u, low), rest=2 * (U[0] - R(1, 2)) / u),
        kernel.combine(
            le(BEST, 1 / u), (1 / (u * (1 - u)), high), rest=(R(3, 4) - U[1]) / (u * (1 - u)), using=[inside]
        ),
    )
    return kernel.cite("pinsker-best", "near", images, shown=shown, using=[inside])


def touching(kernel: Argument) -> Theorem:
    """The diagonal, the tail, three regions by intervals, and the corner."""
    low, high, root, ordered, below = kernel.facts
    images = {e: 1 - larger, v: 1 - smaller}
    known = [kernel.combine(lt(0, 1 - smaller), (1, ordered), (1, below))]
    inside = kernel.combine(lt(0, 1 - u), (1, high), rest=1 - U[1])
    apart = kernel.suppose(le(R(1, 4), larger - smaller))
    three = kernel.combine(le(1 - larger, R(3, 4)), (1, apart), rest=smaller)
    quarter = kernel.combine(le(R(1, 4), 1 - smaller), (1, apart), (1, below))

    def region(name: str, *shown: Theorem) -> Theorem:
        return kernel.cite("pinsker-best", name, images, shown=(*shown, apart, three, quarter), using=known)

    v_ = 1 - smaller
    at_most = {cut: kernel.suppose(le(v_, cut)) for cut in (LEFT, RIGHT, CUT)}
    at_least = {cut: kernel.suppose(le(cut, v_)) for cut in (LEFT, RIGHT, CUT)}
    thin, thick = kernel.suppose(le(1 - larger, SMALL)), kernel.suppose(le(SMALL, 1 - larger))
    positive = kernel.sign(le(0, 1 - larger))
    strip = (at_least[LEFT], at_most[RIGHT])
    middle = kernel.cases(region("corner", *strip, thin), region("middle", *strip, thick))
    tail_ = region("tail", at_least[CUT], kernel.sign(lt(v_, 1)))
    right = kernel.cases(region("right", at_least[RIGHT], at_most[CUT], positive), tail_)
    beyond = kernel.cases(middle, right)
    far = kernel.cases(region("left", at_most[LEFT], positive), beyond)
    goal = kernel.combine(TOUCHING, (1, far), using=[*known, inside])
    return kernel.cases(
        goal, kernel.cite("pinsker-best", "close", shown=[kernel.suppose(le(larger - smaller, R(1, 4)))])
    )


TOUCHING_GOALS = (
    *FAR_GOALS,
    Goal(
        "close",
        given=(*IN_U, *PAIR, le(larger - smaller, R(1, 4))),
        shows=(TOUCHING,),
        argument=close,
    ),
    Goal("touching", given=(*IN_U, ROOT, *PAIR), shows=(TOUCHING,), argument=touching),
)
