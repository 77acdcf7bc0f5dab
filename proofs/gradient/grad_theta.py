r"""‖∇_θD‖₂ ≤ TV(q, r)·diam(J) ≤ √2·‖PJ‖₂·TV(q, r).

`∇_θD = Jᵀ(q − r)`, and q − r is TV times a mixture of differences of one-hots.
"""

from sympy import Abs, IndexedBase, Rational, Symbol, sqrt

from proofs.goals import Goal, Proof
from proofs.kernel import Index, Slope, Theorem, Total, eq, le, ne
from proofs.lemmas import Argument
from proofs.notation import (
    b,
    direction,
    escort,
    i,
    k,
    kl,
    m,
    n,
    norm1,
    order,
    own,
    p,
    q,
    renyi,
    s,
    softmax,
    target,
)
from proofs.refutation import Neighbour, logits_of, reduced

j = Index("j", Symbol("d", positive=True))
"""Coordinates of θ."""

jacobian, velocity = IndexedBase("J", real=True), IndexedBase("v", real=True)
diameter, gradient_norm, spectral_norm = (Symbol(name, nonnegative=True) for name in ("delta", "N", "S"))
r = escort(order)


def force(at):
    """`q − r`."""
    return q(at) - r(at)


def gradient(at):
    """`Σ_i (q_i − r_i) J_ij`."""
    return Total(force(i) * jacobian[i, at], i)


def gradient_one(at):
    """The same at α = 1."""
    return Total((q(i) - p(i)) * jacobian[i, at], i)


def centred(row, column):
    """`(PJ)_ij`: the mean over the classes taken away."""
    return jacobian[row, column] - Total(jacobian[k, column], k) / i.total


def apart(first, second):
    """Squared distance of two rows of J."""
    return Total((jacobian[first, j] - jacobian[second, j]) ** 2, j)


TV = norm1(force) / 2
MOVED = softmax(lambda at: b(at) + s * Total(jacobian[at, j] * velocity[j], j))
DIAMETER = le(apart(i, k), diameter**2, i, k)
NORM = eq(gradient_norm**2, Total(gradient(j) ** 2, j))
SPECTRAL = le(
    Total(Total(centred(i, j) * velocity[j], j) ** 2, i),
    spectral_norm**2 * Total(velocity[j] ** 2, j),
    velocity,
)


def derivative(kernel: Argument) -> Theorem:
    """The chain rule: moving θ along v moves the own logits along Jv."""
    along = kernel.cite(
        "grad-own", "order not 1", {direction: lambda at: Total(jacobian[at, j] * velocity[j], j)}
    )
    goal = eq(Slope(renyi(order, p, MOVED), s, 0), Total(gradient(j) * velocity[j], j))
    return kernel.combine(goal, (1, along))


def derivative_one(kernel: Argument) -> Theorem:
    """The same at α = 1."""
    moved = {direction: lambda at: Total(jacobian[at, j] * velocity[j], j)}
    goal = eq(Slope(kl(p, MOVED), s, 0), Total(gradient_one(j) * velocity[j], j))
    return kernel.combine(goal, (1, kernel.cite("grad-own", "order 1", moved)))


def projections(kernel: Argument) -> Theorem:
    """`⟨J_i − J_k, g⟩ ≤ diam(J)·‖g‖`."""
    difference = jacobian[i, j] - jacobian[k, j]
    product = kernel.cauchy_schwarz(difference, gradient(j), j)
    along = Total(difference * gradient(j), j)
    norm, within = kernel.suppose(NORM), kernel.suppose(DIAMETER)
    squared = kernel.combine(
        le(along**2, (diameter * gradient_norm) ** 2),
        (1, product),
        (-apart(i, k), norm),
        (gradient_norm**2, within),
    )
    return kernel.root(along, squared)


def by_diameter(kernel: Argument) -> Theorem:
    """Pair the classes that gain with those that lose: `TV·‖g‖² ≤ diam·‖g‖·TV²`, then divide."""
    pairs = projections(kernel)
    signs = [kernel.absolute(force(at)) for at in (i, k)] + [kernel.absolute(-force(at)) for at in (i, k)]
    gain, loss = (Abs(force(i)) + force(i)) / 2, (Abs(force(k)) - force(k)) / 2
    summed = kernel.sum_over(pairs, i, k, weight=gain * loss, using=signs)
    norm = kernel.suppose(NORM)
    goal = le(gradient_norm, TV * diameter)

    apart_from_zero = kernel.suppose(ne(TV, 0))
    quadratic = kernel.combine(
        le(gradient_norm**2, TV * diameter * gradient_norm),
        (1 / TV, summed),
        (1, norm),
        using=[apart_from_zero],
    )
    squared = kernel.combine(
        le(gradient_norm**2, (TV * diameter) ** 2), (2, quadratic), rest=(TV * diameter - gradient_norm) ** 2
    )
    moving = kernel.root(gradient_norm, squared)

    none = kernel.vanishing(kernel.combine(eq(norm1(force), 0), (2, kernel.suppose(eq(TV, 0)))))
    nothing = kernel.combine(le(force(i) ** 2, 0), (Abs(force(i)), none))
    still = kernel.antisymmetry(
        kernel.root(force(i), nothing),
        kernel.combine(le(0, force(i)), (1, kernel.root(-force(i), nothing))),
    )
    flat = kernel.sum_over(still, i, weight=jacobian[i, j])
    zero = kernel.sum_over(flat, j, weight=gradient(j))
    at_rest = kernel.root(gradient_norm, kernel.combine(le(gradient_norm**2, 0), (1, norm), (1, zero)))
    resting = kernel.combine(goal, (1, at_rest), rest=TV * diameter)
    return kernel.cases(resting, kernel.combine(goal, (1, moving)))


def by_spectral_norm(kernel: Argument) -> Theorem:
    """Apply PJ to the difference of the two rows that are farthest apart."""
    row = lambda at: jacobian[m, at] - jacobian[n, at]  # noqa: E731
    attained = kernel.suppose(eq(diameter**2, apart(m, n)))
    image = lambda at: Total(centred(at, j) * row(j), j)  # noqa: E731
    two = kernel.terms_of_sum(image(i) ** 2, i, m, n)
    norm = kernel.at(kernel.suppose(SPECTRAL), {velocity: row})
    fourth = kernel.combine(
        le(diameter**4, 2 * spectral_norm**2 * diameter**2),
        (2, two),
        (2, norm),
        (diameter**2 + apart(m, n) - 2 * spectral_norm**2, attained),
        rest=(image(m) + image(n)) ** 2,
    )
    wide, flat = kernel.suppose(ne(diameter, 0)), kernel.suppose(eq(diameter, 0))
    goal = le(TV * diameter, sqrt(2) * spectral_norm * TV)
    squared = kernel.combine(le(diameter**2, 2 * spectral_norm**2), (1 / diameter**2, fourth), using=[wide])
    large = kernel.combine(goal, (TV, kernel.root(diameter, squared)))
    small = kernel.combine(goal, (TV, flat), rest=sqrt(2) * spectral_norm * TV)
    return kernel.cases(small, large)


PROOF = Proof(
    "grad-theta",
    goals=(
        Goal(
            "gradient",
            given=(ne(order, 1),),
            shows=(eq(Slope(renyi(order, p, MOVED), s, 0), Total(gradient(j) * velocity[j], j)),),
            argument=derivative,
        ),
        Goal(
            "gradient, order 1",
            shows=(eq(Slope(kl(p, MOVED), s, 0), Total(gradient_one(j) * velocity[j], j)),),
            argument=derivative_one,
        ),
        Goal(
            "diameter",
            given=(NORM, DIAMETER),
            shows=(le(gradient_norm, TV * diameter),),
            argument=by_diameter,
        ),
        Goal(
            "spectral norm",
            given=(ne(m, n), eq(diameter**2, apart(m, n)), SPECTRAL),
            shows=(le(TV * diameter, sqrt(2) * spectral_norm * TV),),
            argument=by_spectral_norm,
        ),
    ),
    asserts={
        r"\|\nabla_\theta D_\alpha\|_2 \le \mathrm{TV}(q, r_\alpha) \, \mathrm{diam}(J)": (
            "gradient",
            "gradient, order 1",
            "diameter",
        ),
        (
            r"\mathrm{TV}(q, r_\alpha) \, \mathrm{diam}(J)"
            r" \le \sqrt{2} \, \|PJ\|_2 \, \mathrm{TV}(q, r_\alpha)"
        ): ("spectral norm",),
    },
    domain="finite α ≥ 0 and finite logits",
    beyond="α = ∞",
    neighbour=Neighbour(
        "diameter",
        reduced,
        {
            i.total: 2,
            j.total: 1,
            order: 1,
            target: logits_of(3, 1),
            own: logits_of(1, 3),
            jacobian: lambda i, j: int(i == 0),
            diameter: 1,
            gradient_norm: Rational(1, 2),
        },
    ),
)
