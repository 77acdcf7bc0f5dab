r"""A biased run without noise: the value Q of Lx²/2 with constant bias, and when nothing is worse.

`â_0 = G, â_{t+1} = (1−h)â_t + hζ` is the run on the parabola. The dual multipliers `Λ_t = 1 + Λ_{t+1}k_t`,
`k_t = (1−h)â_{t+1}/â_t`, `Λ_S = 1`, make `Σa² ≤ Σâ²` where all `1 − Λ_{t+1}(1−k_t) ≥ 0`: each step of
`biased-programme`, its roots replaced by their tangents at â, is weighted by Λ. T = S + 1, or 1.
"""

from sympy import Expr, IndexedBase, Integer, Rational, Symbol

from proofs.goals import Goal, Proof
from proofs.kernel import Span, Theorem, Time, Total, eq, le, lt
from proofs.lemmas import Argument
from proofs.quadratic import moves, position
from proofs.refutation import Neighbour, reduced
from proofs.sgd import BOUNDED, SMOOTH, bias_bound, least, smoothness, value
from proofs.sgd import t as time
from proofs.stationarity.biased_programme import AT_REST, GIVEN, IS_SIZE, SHORT, h, size, t, x
from proofs.stationarity.stationarity_sharp import count, last

n = Span("v", last)
"""The steps of the run: 0, …, S − 1."""

ideal, multiplier = IndexedBase("alpha", positive=True), IndexedBase("Lambda", nonnegative=True)
initial = Symbol("G", nonnegative=True)
"""`G = √(2LΔ)`."""


def ratio(at):
    """`k_t`."""
    return (1 - h) * ideal[at + 1] / ideal[at]


IDEAL = eq(ideal[n + 1], (1 - h) * ideal[n] + h * bias_bound, n)
DUAL = (eq(multiplier[n], 1 + multiplier[n + 1] * ratio(n), n), eq(multiplier[last], 1))
FEASIBLE = le(0, 1 - multiplier[n + 1] * (1 - ratio(n)), n)
BUDGET = eq(ideal[0] ** 2, 2 * smoothness * (value(x(0)) - least))
BUDGET_ONE = BUDGET.at({ideal: lambda at: initial})


def squares(family):
    """`Σ_{t≤S} family_t²`."""
    return Total(family[n] ** 2, n) + family[last] ** 2


def bound(kernel: Argument) -> Theorem:
    """A potential falls by `a_t² − Λ_{t+1}hζâ_{t+1}` a step, on the parabola with equality."""
    one_step = kernel.at(kernel.cite("biased-programme", "one step"), {t: n})
    final = kernel.cite("biased-programme", "final")
    here, end = kernel.at(final, {t: n}), kernel.at(final, {t: last})
    run, dual, close = kernel.suppose(IDEAL), kernel.suppose(DUAL[0]), kernel.suppose(DUAL[1])
    weight, feasible = multiplier[n + 1], kernel.suppose(FEASIBLE)
    excess = lambda at: 2 * smoothness * (value(x(at)) - least)  # noqa: E731
    a, ahead, on, next_on = size[n], size[n + 1], ideal[n], ideal[n + 1]
    tangents = (
        (1 - h) * (a * next_on - ahead * on) ** 2 / (2 * on * next_on)
        + h * bias_bound * (ahead - next_on) ** 2 / (2 * next_on)
        + h * (1 - h) * bias_bound * (a - on) ** 2 / (2 * on)
    )
    paid = weight * h * bias_bound * next_on
    falls = kernel.combine(
        le(a**2 + weight * excess(n + 1), multiplier[n] * excess(n) + paid),
        (weight, one_step),
        (1 - weight * (1 - ratio(n)), here),
        (-excess(n), dual),
        (-weight * ((1 - h) * a**2 / on + ahead**2 / next_on + h * bias_bound) / 2, run),
        rest=weight * tangents,
        using=[feasible],
    )
    exact = kernel.combine(
        eq(on**2 + weight * next_on**2, multiplier[n] * on**2 + paid),
        (-(on**2), dual),
        (weight * next_on, run),
    )
    sums = [kernel.sum_over(theorem, n) for theorem in (falls, exact)]
    potentials = (multiplier[n] * excess(n), multiplier[n] * on**2)
    telescopes = [kernel.telescope(potential, n) for potential in potentials]
    return kernel.combine(
        le(squares(size), squares(ideal)),
        (1, sums[0]),
        (-1, telescopes[0]),
        (-1, sums[1]),
        (1, telescopes[1]),
        (1, end),
        (-multiplier[0], kernel.suppose(BUDGET)),
        (ideal[last] ** 2 - excess(last), close),
    )


growth, reverse = IndexedBase("kappa", nonnegative=True), IndexedBase("M", nonnegative=True)
back = Time("q", Symbol("Q", integer=True, positive=True))
"""Steps counted from the end: `κ_q = k_{S−1−q}`, `M_q = Λ_{S−q}`."""

REVERSE = (eq(reverse[back + 1], 1 + reverse[back] * growth[back], back), eq(reverse[0], 1))
SHRINKS = le(growth[back], growth[back + 1], back)


def feasible(kernel: Argument) -> Theorem:
    """Induction from the last step: `M_{q+1}(1−κ_{q+1}) ≤ (1 + M_qκ_q)(1 − κ_q) ≤ 1`."""
    claim = le(reverse[back] * (1 - growth[back]), 1)
    step, start = (kernel.suppose(relation) for relation in REVERSE)
    first = kernel.combine(claim.at({back: Integer(0)}), (1 - growth[0], start), rest=growth[0])
    supposed = kernel.suppose(claim)
    following = kernel.combine(
        claim.at({back: back + 1}),
        (reverse[back + 1], kernel.suppose(SHRINKS)),
        (1 - growth[back], step),
        (growth[back], supposed),
    )
    return kernel.induction(back, first, following, claim)


ALWAYS = eq(ideal[time + 1], (1 - h) * ideal[time] + h * bias_bound, time)
FAR = le(ideal[0], bias_bound)


def shrinks(kernel: Argument) -> Theorem:
    """Below ζ the run grows towards it, and k_t = (1−h)² + (1−h)hζ/â_t falls."""
    run = kernel.suppose(ALWAYS)
    claim = le(ideal[time], bias_bound)
    supposed = kernel.suppose(claim)
    following = kernel.combine(claim.at({time: time + 1}), (1, run), (1 - h, supposed))
    below = kernel.induction(time, kernel.suppose(FAR), following, claim)
    rises = kernel.combine(le(ideal[time], ideal[time + 1]), (-1, run), (h, below))
    again = kernel.at(run, {time: time + 1})
    scale = (1 - h) / ideal[time + 1]
    return kernel.combine(
        le(ratio(time + 1), ratio(time)),
        (scale, again),
        (-(1 - h) / ideal[time], run),
        ((1 - h) * h * bias_bound / (ideal[time] * ideal[time + 1]), rises),
    )


run = IndexedBase("v", real=True)
RUN = (eq(run[time + 1], (1 - h) * run[time] + h * bias_bound, time), eq(run[0], initial))


def worst(iterates: Expr) -> Expr:
    """`Q` for that many iterates."""
    linear = (1 - (1 - h) ** iterates) / (h * iterates)
    quadratic = (1 - (1 - h) ** (2 * iterates)) / (h * (2 - h) * iterates)
    offset = initial - bias_bound
    return bias_bound**2 + 2 * bias_bound * offset * linear + offset**2 * quadratic


VALUE, VALUE_ONE = worst(count), worst(Integer(1))


def closed_form(kernel: Argument) -> Theorem:
    """`v_t = ζ + (G − ζ)(1−h)^t`, and geometric sums."""
    step, start = (kernel.suppose(relation) for relation in RUN)
    offset, power = initial - bias_bound, (1 - h) ** time
    claim = eq(run[time], bias_bound + offset * power)
    first = kernel.combine(claim.at({time: Integer(0)}), (1, start))
    following = kernel.combine(claim.at({time: time + 1}), (1, step), (1 - h, kernel.suppose(claim)))
    solved = kernel.induction(time, first, following, claim)
    positive = kernel.combine(lt(0, 2 - h), (1, kernel.suppose(SHORT)), rest=1)
    at_end = kernel.at(solved, {time: last})
    here = kernel.at(solved, {time: n})
    powers = kernel.telescope((1 - h) ** n, n)
    squares_ = kernel.telescope((1 - h) ** (2 * n), n)
    summed = kernel.sum_over(here, n, weight=run[n] + bias_bound + offset * (1 - h) ** n)
    final = run[last] + bias_bound + offset * (1 - h) ** last
    return kernel.combine(
        eq(squares(run) / count, VALUE),
        (1 / count, summed),
        (final / count, at_end),
        (-2 * bias_bound * offset / (h * count), powers),
        (-(offset**2) / (h * (2 - h) * count), squares_),
        using=[positive],
    )


PARABOLA = (moves(-bias_bound), eq(smoothness * position[0], initial))
BOUND = (
    r"\zeta^2 + 2\zeta(G-\zeta) \frac{1-(1-h)^T}{hT} + (G-\zeta)^2 \frac{1-(1-h)^{2T}}{h(2-h)T}"
    r",\ G = \sqrt{2L\Delta}"
)


def reached(kernel: Argument) -> Theorem:
    """On the parabola the gradient Lx_t is such a run."""
    move, start = (kernel.suppose(relation) for relation in PARABOLA)
    gradient = lambda at: smoothness * position[at]  # noqa: E731
    step = kernel.combine(
        eq(gradient(time + 1), (1 - h) * gradient(time) + h * bias_bound), (smoothness, move)
    )
    return kernel.cite("biased-exact", "closed form", {run: gradient}, shown=[step, start])


def one_iterate(kernel: Argument) -> Theorem:
    """For T = 1 only the gradient at x_0 counts, and Q = G²."""
    first = kernel.at(kernel.cite("biased-programme", "final"), {t: Integer(0)})
    budget = kernel.suppose(BUDGET_ONE)
    positive = kernel.combine(lt(0, 2 - h), (1, kernel.suppose(SHORT)), rest=1)
    return kernel.combine(le(size[0] ** 2, VALUE_ONE), (1, first), (-1, budget), using=[positive])


def one_iterate_reached(kernel: Argument) -> Theorem:
    """The first gradient is G."""
    start = kernel.suppose(PARABOLA[1])
    positive = kernel.combine(lt(0, 2 - h), (1, kernel.suppose(SHORT)), rest=1)
    gradient = smoothness * position[0]
    return kernel.combine(eq(gradient**2, VALUE_ONE), (gradient + initial, start), using=[positive])


PROOF = Proof(
    "biased-exact",
    goals=(
        Goal(
            "bound by the run",
            given=(*GIVEN, IDEAL, *DUAL, FEASIBLE, BUDGET),
            shows=(le(squares(size), squares(ideal)),),
            argument=bound,
        ),
        Goal(
            "closed form",
            given=(*RUN, SHORT),
            shows=(eq(squares(run) / count, VALUE),),
            argument=closed_form,
        ),
        Goal(
            "bound",
            given=(*GIVEN, IDEAL, ALWAYS, eq(ideal[0], initial), *DUAL, FEASIBLE, BUDGET),
            shows=(le(squares(size) / count, VALUE),),
            argument=lambda kernel: kernel.combine(
                le(squares(size) / count, VALUE),
                (1 / count, kernel.cite("biased-exact", "bound by the run")),
                (1, kernel.cite("biased-exact", "closed form", {run: lambda at: ideal[at]})),
            ),
        ),
        Goal(
            "one iterate",
            given=(SMOOTH, BOUNDED, IS_SIZE, SHORT, BUDGET_ONE),
            shows=(le(size[0] ** 2, VALUE_ONE),),
            argument=one_iterate,
        ),
        Goal(
            "feasible where k does not grow",
            given=(*REVERSE, SHRINKS),
            shows=(le(reverse[back] * (1 - growth[back]), 1),),
            argument=feasible,
        ),
        Goal(
            "k does not grow where the bias is larger",
            given=(ALWAYS, FAR, SHORT),
            shows=(le(ratio(time + 1), ratio(time)),),
            argument=shrinks,
        ),
        Goal(
            "reached",
            given=(*PARABOLA, SHORT),
            shows=(eq(squares(run) / count, VALUE).at({run: lambda at: smoothness * position[at]}),),
            argument=reached,
        ),
        Goal(
            "one iterate reached",
            given=(PARABOLA[1], SHORT),
            shows=(eq((smoothness * position[0]) ** 2, VALUE_ONE),),
            argument=one_iterate_reached,
        ),
    ),
    asserts={
        r"A^2 \le Q = " + BOUND + r" \text{ where the dual multipliers are feasible}": (
            "bound",
            "one iterate",
            "feasible where k does not grow",
            "k does not grow where the bias is larger",
        ),
        r"A^2 = Q \text{ for } F = \frac{L}{2} x^2,\ b = -\zeta": ("reached", "one iterate reached"),
    },
    domain=(
        "every dimension, number of steps and constant; the bound for G > 0, where all 1 − λ_t(1−k_t)"
        " ≥ 0, which holds where k does not grow, so for ζ = 0 and h < 1, for h = 1 and ζ > 0, for T ≤ 2 and for ζ ≥ G"
    ),
    neighbour=Neighbour(
        "bound",
        reduced,
        {
            **AT_REST,
            last: 1,
            initial: 1,
            ideal: lambda t: 1,
            multiplier: lambda v: 2 - Rational(1, 2) ** (1 - v),
        },
    ),
)
