r"""Two classes: `log(R^β Q^{1−β} + (1−R)^β (1−Q)^{1−β})/(β−1) ≥ 2κ(R−Q)²`, for 0 < Q ≤ R < 1.

Near the diagonal by calculus, for every pair (β, κ) where it can hold there. With `μ = ((2−β)R + (β+1)Q)/3` the sum
along the line from (μ, μ) to (R, Q) has the second derivative `β(β−1)s²[μ²R^{β−2}Q^{−β−1} + …]`; the arithmetic
mean bounds it by the geometric one, and `−log x(1−x) − 4x²` is convex. What remains is
`(6κ(β−1) − ⅔(2 − β² + β))(R−Q)² ≤ log(β/κ)`: for κ = β that is `β² − β ≤ 1/5`, β ≤ (5+3√5)/10.

Away from it by intervals, for `β = 1/u` and `κ = 1/(4u(1−u))`, `u/(1−u) = −2 log(1−u)`, where equality holds at
R = 1, Q = 1−u: around that point F is bounded by a quadratic in (R, Q) and the term `(1−R)^β`.
"""

from sympy import Rational, Symbol, exp, log

from proofs.goals import Goal
from proofs.kernel import Slope, Theorem, le, lt
from proofs.lemmas import Argument

order, constant = Symbol("beta", positive=True), Symbol("kappa", positive=True)
larger, smaller = Symbol("R", positive=True), Symbol("Q", positive=True)
centre, width, step = (
    Symbol("mu", positive=True),
    Symbol("w", nonnegative=True),
    Symbol("sigma", nonnegative=True),
)
tau, y, z = Symbol("tau", real=True), Symbol("y", positive=True), Symbol("z", real=True)
up, down = (1 + order) / 3, (2 - order) / 3
"""`R = μ + up·(R−Q)` and `Q = μ − down·(R−Q)` for `μ = down·R + up·Q`."""

ORDERS = (lt(1, order), lt(order, 2))
growth = 2 * constant * (order - 1)
spread = 6 * up * down
"""What the convexity of ℓ contributes: `⅔(2 − β² + β)`."""


def affinity(f, g, b=order):
    """`f^β g^{1−β} + (1−f)^β (1−g)^{1−β}`."""
    return f**b * g ** (1 - b) + (1 - f) ** b * (1 - g) ** (1 - b)


def inequality(b=order, k=constant, f=larger, g=smaller):
    """`2κ(R−Q)² ≤ D_β(R‖Q)`."""
    return le(2 * k * (f - g) ** 2, log(affinity(f, g, b)) / (b - 1))


def potential(kernel: Argument, at, ordered: Theorem, known) -> Theorem:
    """`ℓ(at) ≥ ℓ(μ) + ℓ'(μ)(at − μ) + 4(at − μ)²` for `ℓ(x) = −log x − log(1−x)`, since `ℓ'' ≥ 8`."""
    ell = lambda point: -log(point) - log(1 - point)  # noqa: E731
    xi, expansion, above, below = kernel.taylor(ell(y), y, centre, at, order=2, between=ordered, using=known)
    curvature = (1 / xi - 1 / (1 - xi)) ** 2 + 2 * (1 - 2 * xi) ** 2 / (xi * (1 - xi))
    slope = 1 / (1 - centre) - 1 / centre
    return kernel.combine(
        le(ell(centre) + slope * (at - centre) + 4 * (at - centre) ** 2, ell(at)),
        (-1, expansion),
        rest=curvature * (at - centre) ** 2 / 2,
        using=[*known, above, below],
    )


first, second = centre + up * step, centre - down * step
CURVED = centre**2 * first ** (order - 2) * second ** (-order - 1) + (1 - centre) ** 2 * (1 - first) ** (
    order - 2
) * (1 - second) ** (-order - 1)
CURVATURE = le(4 * exp(spread * step**2), CURVED)


def curvature(kernel: Argument) -> Theorem:
    """The geometric mean of the two terms, and the convexity of ℓ."""
    below_one, positive = kernel.facts[2:]
    known = [
        kernel.combine(lt(0, down), (Rational(1, 3), kernel.facts[1])),
        kernel.combine(lt(centre, 1), (1, below_one), rest=up * step),
    ]
    known.append(kernel.combine(lt(second, 1), (1, known[1]), rest=down * step, using=known))
    rising, falling = kernel.sign(le(centre, first)), kernel.sign(le(second, centre), using=known)
    at_first, at_second = potential(kernel, first, rising, known), potential(kernel, second, falling, known)
    tangent = kernel.tangent(log(y), y, at=1, to=4 * centre * (1 - centre), using=known)
    logs = [
        2 * log(x) + (order - 2) * log(f) - (order + 1) * log(g)
        for x, f, g in ((centre, first, second), (1 - centre, 1 - first, 1 - second))
    ]
    mean = (logs[0] + logs[1]) / 2
    ends = [kernel.tangent(exp(z), z, at=mean, to=end, using=known) for end in logs]
    geometric = kernel.combine(le(2 * exp(mean), CURVED), (1, ends[0]), (1, ends[1]), using=known)
    exponent = kernel.combine(
        le(log(2) + spread * step**2, mean),
        ((2 - order) / 2, at_first),
        ((1 + order) / 2, at_second),
        (Rational(1, 2), tangent),
        rest=(1 - 2 * centre) ** 2 / 2,
        using=known,
    )
    return kernel.combine(
        CURVATURE, (2, kernel.monotone(exp(z), z, exponent, using=known)), (1, geometric), using=known
    )


ROOM = le((3 * growth - spread) * width**2, log(order / constant))
WITHIN = (lt(centre + up * width, 1), lt(0, centre - down * width))
ALONG = inequality(f=centre + up * width, g=centre - down * width)


def along(kernel: Argument) -> Theorem:
    """`S − exp(2κ(β−1)s²)` is convex in s, and vanishes with its derivative at s = 0."""
    room, (below_one, positive) = kernel.facts[2], kernel.facts[4:]
    lower = kernel.combine(lt(0, down), (Rational(1, 3), kernel.facts[1]))
    under = kernel.combine(lt(centre, 1), (1, below_one), rest=up * width)
    known = [lower, under]
    left = (1 - tau) * width
    f, f_bar = centre + up * tau * width, (1 - centre - up * width) + up * left
    g, g_bar = (centre - down * width) + down * left, 1 - centre + down * tau * width
    line = (
        f**order * g ** (1 - order) + f_bar**order * g_bar ** (1 - order) - exp(growth * (tau * width) ** 2)
    )
    ordered = kernel.sign(lt(0, 1))
    xi, expansion, above, below = kernel.taylor(line, tau, 0, 1, order=2, between=ordered, using=known)
    known += [above, below]
    at = xi * width
    inside = (
        kernel.combine(lt(centre + up * at, 1), (1, below_one), (up * width, below), using=known),
        kernel.combine(lt(0, centre - down * at), (1, positive), (down * width, below), using=known),
    )
    curved = kernel.cite("pinsker-best", "curvature", {step: at}, shown=inside, using=known)
    exponents = kernel.combine(
        le(log(constant) + 3 * growth * at**2, log(order) + spread * at**2),
        (xi**2, room),
        rest=(1 - xi) * (1 + xi) * log(order / constant),
        using=known,
    )
    powers = kernel.monotone(exp(z), z, exponents)
    linear = kernel.tangent(exp(z), z, at=0, to=2 * growth * at**2)
    convex = kernel.combine(
        le(0, Slope(line, tau, xi, 2)),
        (order * (order - 1) * width**2, curved),
        (4 * (order - 1) * width**2, powers),
        (2 * growth * width**2 * exp(growth * at**2), linear),
        using=known,
    )
    sums = kernel.combine(
        le(exp(growth * width**2), affinity(centre + up * width, centre - down * width)),
        (-1, expansion),
        (Rational(1, 2), convex),
        using=known,
    )
    logs = kernel.monotone(log(y), y, sums, using=known)
    return kernel.combine(ALONG, (1 / (order - 1), logs), using=known)


NEAR = le((3 * growth - spread) * (larger - smaller) ** 2, log(order / constant))
INSIDE = (le(smaller, larger), lt(larger, 1))


def near(kernel: Argument) -> Theorem:
    """The same in R and Q."""
    lower = kernel.combine(lt(0, down), (Rational(1, 3), kernel.facts[1]))
    images = {centre: down * larger + up * smaller, width: larger - smaller}
    return kernel.cite("pinsker-best", "along", images, using=[lower])


NEAR_GOALS = (
    Goal(
        "curvature",
        given=(*ORDERS, lt(first, 1), lt(0, second)),
        shows=(CURVATURE,),
        argument=curvature,
    ),
    Goal(
        "along",
        given=(*ORDERS, ROOM, le(constant, order), *WITHIN),
        shows=(ALONG,),
        argument=along,
    ),
    Goal(
        "near",
        given=(*ORDERS, NEAR, le(constant, order), *INSIDE),
        shows=(inequality(),),
        argument=near,
    ),
)
