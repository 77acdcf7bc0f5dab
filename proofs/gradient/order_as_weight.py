r"""Near agreement RDML(α, β) is DML with weight αβ: ‖(q − r_α) − α(q − p)‖₁ ≤ α|1−α| osc²/(6√3).

The difference vanishes at α = 0 and α = 1, so it is α(α−1)/2 times a second derivative of the escort, which is
`r(y² − v)` with y = log p/q less its mean and v = Var. And `E|y² − v| ≤ osc²/(3√3)`: where y ranges over [−A, B] with
A ≤ B, `|y² − v| ≤ 2g − (y² − v)` for a majorant g of the positive part, `g = (B² − v)((y + v/B)/(B + v/B))²` where
v ≥ A² and `g = y²(1 − v/B²)` else; two polynomials in one variable remain.
"""

from sympy import Abs, IndexedBase, Rational, Symbol, log, sign, sqrt

from proofs.goals import Goal, Proof
from proofs.kernel import Relation, Theorem, Total, eq, le, lt, ne
from proofs.lemmas import Argument, by_identity
from proofs.notation import (
    alpha,
    c,
    direction,
    high,
    i,
    log_ratio,
    low,
    mean,
    mixed,
    norm1,
    own,
    p,
    q,
    r,
    softmax,
    t,
    target,
    third,
    tilted,
    variance,
    w,
)
from proofs.refutation import Neighbour, logits_of, reduced

y, x = Symbol("y", real=True), Symbol("x", real=True)
short, small, root = (Symbol(name, nonnegative=True) for name in ("A", "tau", "u"))
long = Symbol("B", positive=True)
RANGE = (le(-short, y), le(y, long), le(short, long))
SHARE = long * (long - small) / (long + small) ** 2
FAR = le(short**2, small * long)
ROOT3 = sqrt(3)

weights = softmax(c)
centre, spread = mean(weights, w), variance(weights, w)
below, above, width = centre - low, high - centre, high - low


def excess(n):
    """`y² − v` at class n."""
    return (w(n) - centre) ** 2 - spread


SPREAD = Total(weights(i) * Abs(excess(i)), i)
BOUND = width**2 / (3 * ROOT3)
BOUNDED = (le(low, w(i), i), le(w(i), high, i))


def majorised(kernel: Argument, z, g, larger: Theorem, positive: Theorem) -> Theorem:
    """`|z| ≤ 2g − z` from `z ≤ g` and `0 ≤ g`."""
    up = kernel.combine(le(z, 2 * g - z), (2, larger))
    down = kernel.combine(le(-z, 2 * g - z), (2, positive))
    return kernel.within(z, up, down)


def far(kernel: Argument) -> Theorem:
    """`g − z = (B − y)·L(y)` with a linear L ≥ 0 right of −τ; left of it `y² ≤ A² ≤ v`."""
    z, g = y**2 - small * long, SHARE * (y + small) ** 2
    ordered = kernel.combine(le(0, long - small), (1, kernel.suppose(le(small, short))), (1, kernel.facts[2]))
    positive = kernel.sign(le(0, g), using=[ordered])
    right, left = kernel.suppose(le(-small, y)), kernel.suppose(le(y, -small))
    line = small * (3 * long + small) / (long + small) ** 2 * (y + small)
    line += SHARE * small * (long + small) / long
    to_the_right = kernel.combine(le(z, g), rest=(long - y) * line, using=[right, ordered])
    room = kernel.combine(le(0, short - y), (1, left), rest=short + small)
    to_the_left = kernel.combine(
        le(z, g), (1, kernel.facts[4]), (1, positive), rest=(short - y) * (short + y), using=[room]
    )
    return majorised(kernel, z, g, kernel.cases(to_the_right, to_the_left), positive)


def far_mean(kernel: Argument) -> Theorem:
    """A cubic with a double root: `(1 + s)³ − 6√3 s(1 − s) = (s − 2 + √3)²(s + 7 + 4√3)`."""
    cubic = (small - (2 - ROOT3) * long) ** 2 * (small + (7 + 4 * ROOT3) * long)
    scaled = kernel.combine(
        le(2 * SHARE * (small * long + small**2), (long + small) ** 2 / (3 * ROOT3)),
        rest=cubic / (3 * ROOT3 * (long + small)),
    )
    return kernel.combine(
        le(2 * SHARE * (small * long + small**2), (short + long) ** 2 / (3 * ROOT3)),
        (1, scaled),
        ((short + 2 * long + small) / (3 * ROOT3), kernel.suppose(le(small, short))),
    )


def near(kernel: Argument) -> Theorem:
    """`g − z = v(1 − y²/B²)`."""
    z, g = y**2 - root**2, y**2 * (1 - root**2 / long**2)
    ordered = kernel.combine(le(0, long - root), (1, kernel.suppose(le(root, short))), (1, kernel.facts[2]))
    inside = kernel.combine(le(0, long + y), (1, kernel.facts[0]), (1, kernel.facts[2]))
    both = [ordered, inside]
    positive = kernel.combine(le(0, g), rest=y**2 * (long - root) * (long + root) / long**2, using=both)
    larger = kernel.combine(le(z, g), rest=root**2 * (long - y) * (long + y) / long**2, using=both)
    return majorised(kernel, z, g, larger, positive)


def near_mean(kernel: Argument) -> Theorem:
    """`1 + s − 6√3 s²(1 − s) > 0` on [0, 1], by a square and what is left of a line."""
    e0, e1 = 1 - 54 * ROOT3 / 125, 1 - 18 * ROOT3 / 25
    ordered = kernel.combine(le(0, long - root), (1, kernel.suppose(le(root, short))), (1, kernel.facts[0]))
    quartic = (root - 3 * long / 5) ** 2 * (6 * ROOT3 * root + 6 * ROOT3 * long / 5)
    quartic += (e0 + e1) * root * long**2 + e0 * long**2 * (long - root)
    scaled = kernel.combine(
        le(2 * (root**2 - root**4 / long**2), (long + root) ** 2 / (3 * ROOT3)),
        rest=(long + root) / (3 * ROOT3 * long**2) * quartic,
        using=[ordered],
    )
    return kernel.combine(
        le(2 * (root**2 - root**4 / long**2), (short + long) ** 2 / (3 * ROOT3)),
        (1, scaled),
        ((short + 2 * long + root) / (3 * ROOT3), kernel.suppose(le(root, short))),
    )


def leaning(kernel: Argument) -> Theorem:
    """The mean of `|y² − v|` where the mean of x is in the lower half of its range."""
    lower, upper, wide, lean = kernel.facts
    nonnegative = kernel.combine(le(0, below), (1, kernel.sum_over(lower, i, weight=weights(i))))
    positive = kernel.combine(lt(0, above), (Rational(1, 2), lean), (Rational(1, 2), wide))
    known = [nonnegative, positive]
    product = kernel.sum_over(kernel.sign(le(0, (high - w(i)) * (w(i) - low))), i, weight=weights(i))
    goal = le(SPREAD, BOUND)
    ends = (
        kernel.combine(le(-below, w(i) - centre), (1, lower)),
        kernel.combine(le(w(i) - centre, above), (1, upper)),
        kernel.combine(le(below, above), (1, lean)),
    )

    tau = spread / above
    large = kernel.suppose(le(below**2, spread))
    images = {short: below, long: above, small: tau, y: w(i) - centre}
    fits = kernel.combine(le(tau, below), (1 / above, product), using=known)
    enough = kernel.combine(le(below**2, tau * above), (1, large), using=known)
    by_class = kernel.cite("order-as-weight", "far", images, shown=[*ends, fits, enough], using=known)
    summed = kernel.sum_over(by_class, i, weight=weights(i), using=known)
    most = kernel.cite("order-as-weight", "far mean", images, shown=[*ends, fits], using=known)
    first = kernel.combine(goal, (1, summed), (1, most), using=known)

    tight = kernel.suppose(le(spread, below**2))
    deviation = sqrt(spread)
    rooted = kernel.root(deviation, tight)
    side = kernel.absolute(below, using=[nonnegative])
    fits = kernel.combine(le(deviation, below), (1, rooted), (1, side))
    images = {short: below, long: above, root: deviation, y: w(i) - centre}
    by_class = kernel.cite("order-as-weight", "near", images, shown=[*ends, fits], using=known)
    summed = kernel.sum_over(by_class, i, weight=weights(i), using=known)
    most = kernel.cite("order-as-weight", "near mean", images, shown=[*ends, fits], using=known)
    second = kernel.combine(goal, (1, summed), (1, most), using=known)
    return kernel.cases(second, first)


def deviation(kernel: Argument) -> Theorem:
    """Either way that the mean leans; and a range of width 0 leaves nothing."""
    goal = le(SPREAD, BOUND)
    lower, upper = kernel.facts
    nonnegative = kernel.combine(
        le(0, width),
        (1, kernel.sum_over(lower, i, weight=weights(i))),
        (1, kernel.sum_over(upper, i, weight=weights(i))),
    )
    wide = kernel.suppose(lt(low, high))
    left, right = kernel.suppose(le(2 * centre, low + high)), kernel.suppose(le(low + high, 2 * centre))
    here = kernel.cite("order-as-weight", "leaning", shown=[wide, left])
    mirror = {direction: lambda n: -w(n), low: -high, high: -low}
    turned = [
        *kernel.reflected(lower, upper),
        kernel.combine(lt(-high, -low), (1, wide)),
        kernel.combine(le(-2 * centre, -low - high), (1, right)),
    ]
    there = kernel.cite("order-as-weight", "leaning", mirror, shown=turned)
    both = kernel.cases(here, kernel.combine(goal, (1, there)))

    closed = kernel.suppose(le(high, low))
    popoviciu = kernel.cite("mean-value", "Popoviciu")
    up = kernel.sign(le(excess(i), (w(i) - centre) ** 2 + spread))
    down = kernel.sign(le(-excess(i), (w(i) - centre) ** 2 + spread))
    summed = kernel.sum_over(kernel.within(excess(i), up, down), i, weight=weights(i))
    nothing = kernel.combine(
        goal,
        (1, summed),
        (2, popoviciu),
        ((Rational(1, 2) - 1 / (3 * ROOT3)) * width, closed),
        using=[nonnegative],
    )
    return kernel.cases(nothing, both)


def change_one(n):
    """The same at α = 1."""
    return (q(n) - softmax(mixed(1))(n)) - (q(n) - p(n))


def change(n):
    """`(q_n − r_n) − α(q_n − p_n)`."""
    return (q(n) - r(n)) - alpha * (q(n) - p(n))


factors = IndexedBase("s", real=True)
SIGNS = (le(-1, factors[i], i), le(factors[i], 1, i))
RATIO_BOUNDED = (le(low, log_ratio(i), i), le(log_ratio(i), high, i))
LARGEST = alpha * Abs(1 - alpha) * (high - low) ** 2 / (6 * ROOT3)
ALONG = le(Total(factors[i] * change(i), i), LARGEST)


def along_signs(kernel: Argument) -> Theorem:
    """The second divided difference at 0, 1 and α of `Σ s (q − r)`, for any |s| ≤ 1."""
    least, most = kernel.facts[1:3]
    opposite = (
        kernel.combine(le(-1, -factors[i]), (1, most)),
        kernel.combine(le(-factors[i], 1), (1, least)),
    )
    along, cases = Total(factors[i] * (q(i) - tilted(i)), i), []
    for branch, sense, nodes, factor, bounds in (
        (lt(alpha, 1), 1, (0, alpha, 1), -factors[i], opposite),
        (le(1, alpha), -1, (0, 1, alpha), factors[i], (least, most)),
    ):
        case = [kernel.suppose(branch)]
        left, right = (kernel.sign(lt(*pair), using=case) for pair in (nodes[:2], nodes[1:]))
        xi, difference, *_ = kernel.divided_difference(along, t, nodes, left, right)
        tilt = softmax(mixed(xi))
        curve = tilt(i) * ((log_ratio(i) - mean(tilt, log_ratio)) ** 2 - variance(tilt, log_ratio))
        wide = kernel.cite("order-as-weight", "deviation", {third: mixed(xi), direction: log_ratio})
        length = sense * (1 - alpha)
        paired = kernel.sum_over(kernel.times_sign(factor, -curve, *bounds), i)
        modulus = kernel.absolute(length, using=case)
        cases.append(
            kernel.combine(
                ALONG,
                (alpha * (alpha - 1), difference),
                (alpha * length / 2, paired),
                (alpha * length / 2, wide),
                (-alpha * (high - low) ** 2 / (6 * ROOT3), modulus),
                using=case,
            )
        )
    return kernel.cases(*cases)


def bounded(kernel: Argument) -> Theorem:
    """The signs of the change make it a 1-norm."""
    size, least, most = kernel.sign_of(change(i), x, x)
    along = kernel.cite(
        "order-as-weight", "along signs", {factors: lambda n: sign(change(n))}, shown=[least, most]
    )
    return kernel.combine(le(norm1(change), LARGEST), (-1, kernel.sum_over(size, i)), (1, along))


def _goal(name: str, shows: Relation, argument, *given: Relation) -> Goal:
    return Goal(name, given=given, shows=(shows,), argument=argument)


z_far, z_near = y**2 - small * long, y**2 - root**2
PROOF = Proof(
    "order-as-weight",
    goals=(
        _goal(
            "far",
            le(Abs(z_far), 2 * SHARE * (y + small) ** 2 - z_far),
            far,
            *RANGE,
            le(small, short),
            FAR,
        ),
        _goal(
            "far mean",
            le(2 * SHARE * (small * long + small**2), (short + long) ** 2 / (3 * ROOT3)),
            far_mean,
            le(short, long),
            le(small, short),
        ),
        _goal(
            "near",
            le(Abs(z_near), 2 * y**2 * (1 - root**2 / long**2) - z_near),
            near,
            *RANGE,
            le(root, short),
        ),
        _goal(
            "near mean",
            le(2 * (root**2 - root**4 / long**2), (short + long) ** 2 / (3 * ROOT3)),
            near_mean,
            le(short, long),
            le(root, short),
        ),
        _goal("leaning", le(SPREAD, BOUND), leaning, *BOUNDED, lt(low, high), le(2 * centre, low + high)),
        _goal("deviation", le(SPREAD, BOUND), deviation, *BOUNDED),
        _goal("along signs", ALONG, along_signs, ne(alpha, 1), *SIGNS, *RATIO_BOUNDED),
        Goal(
            "bounded",
            given=(ne(alpha, 1), *RATIO_BOUNDED),
            shows=(le(norm1(change), LARGEST),),
            argument=bounded,
        ),
        Goal("order 1", shows=(eq(norm1(change_one), 0),), argument=by_identity),
    ),
    asserts={
        (
            r"\|(q - r_\alpha) - \alpha (q - p)\|_1"
            r" \le \alpha |1-\alpha| \frac{\mathrm{osc}(\log p/q)^2}{6 \sqrt{3}}"
        ): ("bounded", "order 1"),
    },
    domain="0 < α < ∞ and finite logits on the common support",
    neighbour=Neighbour(
        "bounded",
        reduced,
        {
            i.total: 2,
            alpha: 2,
            target: logits_of(215, 785),
            own: logits_of(21, 79),
            low: log(Rational(785, 79)),
            high: log(Rational(215, 21)),
        },
    ),
)
