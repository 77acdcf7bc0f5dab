r"""Momentum is plain SGD at the virtual iterate `x̃ = x − κu`; ledger and sandwich are then those of x̃.

`u_{t+1} = γu_t + g_t`; heavy ball moves along `u_{t+1}`, Nesterov's form along `g_t + γu_{t+1}`.
"""

from sympy import IndexedBase, Rational, Symbol

from proofs.goals import Goal, Proof
from proofs.kernel import Relation, Theorem, eq, lt
from proofs.lemmas import Argument
from proofs.refutation import Neighbour
from proofs.sgd import step_size, t
from proofs.stationarity import ledger, pathwise
from proofs.stationarity.ledger import bias, estimate, gradient, j, noise, x

momentum = Symbol("gamma", nonnegative=True)
buffer, gradient_here = IndexedBase("u", real=True), IndexedBase("H", real=True)
BELOW_ONE = lt(momentum, 1)
BUFFER = eq(buffer[t + 1, j], momentum * buffer[t, j] + estimate[t, j], t, j)
HEAVY = eq(x[t + 1, j], x[t, j] - step_size * buffer[t + 1, j], t, j)
NESTEROV = eq(x[t + 1, j], x[t, j] - step_size * (estimate[t, j] + momentum * buffer[t + 1, j]), t, j)
effective = step_size / (1 - momentum)
SHIFTS = {
    "heavy ball": (HEAVY, step_size * momentum / (1 - momentum)),
    "Nesterov": (NESTEROV, step_size * momentum**2 / (1 - momentum)),
}


def virtual(shift):
    """`x̃_t`, coordinate by coordinate."""
    return lambda time, k: x[time, k] - shift * buffer[time, k]


def plain_step(shift) -> Relation:
    """`x̃_{t+1} = x̃_t − η/(1−γ)·g_t`."""
    return eq(virtual(shift)(t + 1, j), virtual(shift)(t, j) - effective * estimate[t, j])


def iterate(kernel: Argument, move: Relation, shift) -> Theorem:
    """A linear combination of the two updates."""
    along = -shift
    weight = step_size if move is HEAVY else step_size * momentum
    return kernel.combine(
        plain_step(shift), (1, kernel.suppose(move)), (along - weight, kernel.suppose(BUFFER))
    )


def at_virtual(shift) -> dict:
    """Everything of the ledger and the sandwich, moved to x̃: bias `b + ∇F(x) − ∇F(x̃)`, step size η/(1−γ).

    `G` is the gradient at x̃ and `H` the gradient at x.
    """
    return {
        x: virtual(shift),
        bias: lambda time, k: bias[time, k] + gradient_here[time, k] - gradient[time, k],
        step_size: effective,
    }


SPLIT_HERE = eq(estimate[t, j], gradient_here[t, j] + bias[t, j] + noise[t, j], t, j)
"""`g = ∇F(x) + b + n`, with the gradient at the iterate."""


def given(move: Relation, shift, relations: tuple[Relation, ...]) -> tuple[Relation, ...]:
    """The updates and the split, and what of the ledger's hypotheses is not among them."""
    images = at_virtual(shift)
    rest = tuple(r.at(images) for r in relations if r not in (ledger.MOVE, ledger.SPLIT))
    return (BELOW_ONE, BUFFER, move, SPLIT_HERE, *rest)


def transferred(kernel: Argument, name: str, claim: str, goal: str):
    """The result of the other claim at x̃."""
    shift = SHIFTS[name][1]
    step = kernel.cite("momentum-iterate", name)
    split = kernel.suppose(SPLIT_HERE)
    moved = kernel.combine(
        eq(
            estimate[t, j],
            gradient[t, j] + (bias[t, j] + gradient_here[t, j] - gradient[t, j]) + noise[t, j],
        ),
        (1, split),
    )
    return kernel.cite(claim, goal, at_virtual(shift), shown=[step, moved])


def goals(name: str) -> tuple[Goal, ...]:
    """Plain step, ledger and sandwich for one form of momentum."""
    move, shift = SHIFTS[name]
    images = at_virtual(shift)
    curved = tuple(r for r in pathwise.GIVEN if r not in (ledger.MOVE, ledger.SPLIT))
    return (
        Goal(
            name,
            given=(BELOW_ONE, BUFFER, move),
            shows=(plain_step(shift),),
            argument=lambda kernel: iterate(kernel, move, shift),
        ),
        Goal(
            f"{name}: ledger",
            given=given(move, shift, (ledger.CURVATURE,)),
            shows=(ledger.CLOSES.at(images),),
            argument=lambda kernel: transferred(kernel, name, "ledger", "closes"),
        ),
        Goal(
            f"{name}: sandwich",
            given=given(move, shift, curved),
            shows=(pathwise.RESIDUAL.at(images),),
            argument=lambda kernel: transferred(kernel, name, "pathwise", "residual"),
        ),
    )


PLAIN = (
    r"\tilde x_{t+1} = \tilde x_t - \frac{\eta}{1-\gamma} g_t,\ \tilde x = x - \kappa u"
    r",\ \kappa = \frac{\eta\gamma}{1-\gamma} \text{ (heavy ball)},"
    r"\ \frac{\eta\gamma^2}{1-\gamma} \text{ (Nesterov)}"
)
(LEDGER, _), (SANDWICH, _) = ledger.PROOF.asserts, pathwise.PROOF.asserts
"""The assertions that are those of other claims, at x̃."""

PROOF = Proof(
    "momentum-iterate",
    goals=(*goals("heavy ball"), *goals("Nesterov")),
    asserts={
        PLAIN: tuple(SHIFTS),
        LEDGER: tuple(f"{name}: ledger" for name in SHIFTS),
        SANDWICH: tuple(f"{name}: sandwich" for name in SHIFTS),
    },
    domain="every run with 0 ≤ γ < 1",
    neighbour=Neighbour(
        "Nesterov",
        lambda _: plain_step(SHIFTS["heavy ball"][1]),
        {
            j.total: 1,
            j: 0,
            t: 0,
            step_size: 1,
            momentum: Rational(1, 2),
            estimate: lambda t, j: 1,
            buffer: lambda t, j: 2 - 2 * Rational(1, 2) ** t,
            x: lambda t, j: 1 - 2 * t - Rational(1, 2) ** t,
        },
    ),
)
