r"""A is at most the root of `A² − ((1−h)A + h√(mA²+ζ²))² = 2hR`.

A step loses at least `[‖∇F‖² − ‖(1−h)∇F − hb‖²]/(2h)` times η, and Cauchy–Schwarz over steps, outcomes and coordinates
bounds the mean of the cross term by that of the means. The inequality that results fails above the root, since its
left side is convex in A² and at most 0 at 0.
"""

from sympy import Integer, Rational, Symbol, sqrt

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, Total, eq, le, lt
from proofs.lemmas import Argument
from proofs.refutation import Neighbour
from proofs.runs import RESTING
from proofs.sgd import (
    BIAS,
    BOUNDED,
    GAP,
    SGD,
    SHORT,
    SQUARE,
    G,
    b,
    bias,
    bias_bound,
    dot,
    h,
    here,
    iterate,
    j,
    mean,
    noise,
    norm2,
    outcome,
    relative_bias,
    smoothness,
    step_size,
    steps,
    t,
    value,
    x,
)

size, root = Symbol("A", nonnegative=True), Symbol("A_+", positive=True)
IS_SIZE = eq(size**2, SQUARE)
remainder = GAP / (step_size * steps) + step_size * smoothness * noise**2 / 2
"""`R`."""


def reach(a):
    """`√(m a² + ζ²)`."""
    return sqrt(relative_bias * a**2 + bias_bound**2)


def curve(a):
    """`a² − ((1−h)a + h√(ma²+ζ²))²`."""
    return a**2 - ((1 - h) * a + h * reach(a)) ** 2


INEQUALITY = le(curve(size), 2 * h * remainder)
IS_ROOT = eq(curve(root), 2 * h * remainder)
SPARE = 2 * h * remainder + h**2 * bias_bound**2
"""Zero only where nothing drives the gradient, and then there is no positive root."""


def inequality(kernel: Argument) -> Theorem:
    """Descent, telescoped; Cauchy–Schwarz for the cross term; the bias bound."""
    summed = kernel.sum_over(kernel.cite("stationarity", "descent"), t)
    telescope = kernel.telescope(mean(value(x(t))), t)
    bottom = kernel.sum_over(kernel.at(kernel.suppose(BOUNDED), {here: x(steps)}), outcome)
    bias = kernel.sum_over(kernel.sum_over(kernel.suppose(BIAS), outcome), t)
    is_size = kernel.suppose(IS_SIZE)
    product = kernel.cauchy_schwarz(G(t)(j), b(t)(j), j, outcome, t)
    along = Total(mean(dot(G(t), b(t))), t)
    bound = steps * size * reach(size)
    squared = kernel.combine(
        le(along**2, bound**2),
        (1, product),
        (steps * size**2, bias),
        (-steps * Total(mean(norm2(b(t))), t) - relative_bias * steps**2 * size**2, is_size),
    )
    angle = kernel.root(-along, squared, bound)
    scale = 2 * h / (step_size * steps)
    return kernel.combine(
        INEQUALITY,
        (scale, summed),
        (-scale, telescope),
        (scale, bottom),
        (2 * h * (1 - h) / steps, angle),
        (h**2 / steps, bias),
        (h * (2 - h) - relative_bias * h**2, is_size),
    )


def bounded(kernel: Argument) -> Theorem:
    """Where A were beyond the root, the left side would exceed 2hR there."""
    beyond, short_of = kernel.suppose(le(root, size)), kernel.suppose(le(size, root))
    here_, at_root = kernel.suppose(INEQUALITY), kernel.suppose(IS_ROOT)
    positive = kernel.combine(lt(0, size), (1, beyond), rest=root)
    known = [beyond, positive]
    share = root**2 / size**2
    squares = kernel.combine(
        le((share * size * reach(size)) ** 2, (root * reach(root)) ** 2),
        rest=(root * bias_bound / size) ** 2 * (size - root) * (size + root),
        using=known,
    )
    concave = kernel.root(share * size * reach(size), squares, root * reach(root), using=known)
    scale = 1 / ((size + root) * SPARE)
    back = kernel.combine(
        le(size, root),
        (-(size**2) * scale, at_root),
        (root**2 * scale, here_),
        (2 * h * (1 - h) * size**2 * scale, concave),
        using=known,
    )
    return kernel.cases(back, kernel.combine(le(size, root), (1, short_of)))


PROOF = Proof(
    "relative-bias",
    goals=(
        Goal(
            "inequality",
            given=(*SGD, SHORT, BIAS, lt(relative_bias, 1), IS_SIZE),
            shows=(INEQUALITY,),
            argument=inequality,
        ),
        Goal(
            "root",
            given=(INEQUALITY, IS_ROOT, SHORT, lt(0, SPARE)),
            shows=(le(size, root),),
            argument=bounded,
        ),
        Goal(
            "bound",
            given=(*SGD, SHORT, BIAS, lt(relative_bias, 1), IS_SIZE, IS_ROOT, lt(0, SPARE)),
            shows=(le(size, root),),
            argument=lambda kernel: kernel.cite(
                "relative-bias", "root", shown=[kernel.cite("relative-bias", "inequality")]
            ),
        ),
    ),
    asserts={
        (
            r"A \le A_+,\ A_+^2 - \left( (1-h) A_+ + h \sqrt{m A_+^2 + \zeta^2} \right)^2 = 2hR"
            r",\ R = \frac{\Delta}{\eta T} + \frac{\eta L \sigma^2}{2}"
        ): ("bound",),
        r"A \le A_+ \text{ for } F = \frac{L}{2} x^2,\ b = -\sqrt{m \|\nabla F\|^2 + \zeta^2}": ("bound",),
    },
    domain=(
        "every dimension, number of steps and constant, 2hR + h²ζ² > 0; where that is 0, the inequality of which A₊ is"
        " the root leaves A = 0, read off by hand"
    ),
    neighbour=Neighbour(
        "bound",
        lambda bound: bound,
        {
            **RESTING,
            relative_bias: Rational(3, 4),
            steps: 4,
            iterate: lambda t, outcome, j: 2,
            bias: lambda t, outcome, j: -2,
            size: 2,
            root: sqrt(2),
        },
        given=(*SGD, SHORT, BIAS, lt(relative_bias, 1), IS_SIZE, IS_ROOT.at({relative_bias: Integer(0)})),
    ),
)
