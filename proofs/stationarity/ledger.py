r"""The descent lemma as an identity: directional smoothness L_t is what makes it one on the step taken."""

from sympy import IndexedBase, Rational, Symbol

from proofs.goals import Goal, Proof
from proofs.kernel import Index, Theorem, Total, eq
from proofs.lemmas import Argument
from proofs.sgd import step_size, steps, t

j = Index("j", Symbol("d", integer=True, positive=True))
x, gradient, bias, noise, estimate = (IndexedBase(name, real=True) for name in ("x", "G", "b", "n", "g"))
value, curvature = IndexedBase("F", real=True), IndexedBase("Lambda", real=True)


def dot(u: IndexedBase, v: IndexedBase, time=t):
    """`⟨u_t, v_t⟩`."""
    return Total(u[time, j] * v[time, j], j)


def over_steps(e):
    """`Σ_{t<T} e_t`."""
    return Total(e, t)


MOVE = eq(x[t + 1, j], x[t, j] - step_size * estimate[t, j], t, j)
SPLIT = eq(estimate[t, j], gradient[t, j] + bias[t, j] + noise[t, j], t, j)
DISPLACEMENT = Total((x[t + 1, j] - x[t, j]) ** 2, j)
ALONG = Total(gradient[t, j] * (x[t + 1, j] - x[t, j]), j)
CURVATURE = eq(curvature[t] * DISPLACEMENT, 2 * (value[t + 1] - value[t] - ALONG), t)
"""`L_t = 2[F_{t+1} − F_t − ⟨∇F_t, Δx⟩]/‖Δx‖²`; where a step vanishes, any L_t will do."""

FALL = value[0] - value[steps]
CLOSES = eq(
    over_steps(dot(gradient, gradient)),
    FALL / step_size
    - over_steps(dot(gradient, bias))
    - over_steps(dot(gradient, noise))
    + step_size / 2 * over_steps(curvature[t] * dot(estimate, estimate)),
)
UNSPLIT = eq(
    over_steps(dot(gradient, gradient)),
    2 * FALL / step_size
    + over_steps(Total((estimate[t, j] - gradient[t, j]) ** 2, j))
    - over_steps((1 - step_size * curvature[t]) * dot(estimate, estimate)),
)


FALLS = eq(
    FALL,
    over_steps(
        step_size * dot(gradient, estimate) - step_size**2 / 2 * curvature[t] * dot(estimate, estimate)
    ),
)


def falls(kernel: Argument) -> Theorem:
    """What F loses on the run, step by step."""
    curved, move = kernel.suppose(CURVATURE), kernel.suppose(MOVE)
    along = kernel.sum_over(move, j, weight=gradient[t, j])
    length = kernel.sum_over(move, j, weight=x[t + 1, j] - x[t, j] - step_size * estimate[t, j])
    one_step = kernel.combine(
        eq(
            value[t] - value[t + 1],
            step_size * dot(gradient, estimate) - step_size**2 / 2 * curvature[t] * dot(estimate, estimate),
        ),
        (Rational(1, 2), curved),
        (-1, along),
        (-curvature[t] / 2, length),
    )
    telescope = kernel.telescope(value[t], t)
    return kernel.combine(FALLS, (1, kernel.sum_over(one_step, t)), (1, telescope))


def closes(kernel: Argument) -> Theorem:
    """With g split into gradient, bias and noise."""
    total = kernel.cite("ledger", "falls")
    split = kernel.sum_over(kernel.sum_over(kernel.suppose(SPLIT), j, weight=gradient[t, j]), t)
    return kernel.combine(CLOSES, (-1 / step_size, total), (-1, split))


def unsplit(kernel: Argument) -> Theorem:
    """`2⟨∇F, g⟩ = ‖∇F‖² + ‖g‖² − ‖g − ∇F‖²`."""
    return kernel.combine(UNSPLIT, (-2 / step_size, kernel.cite("ledger", "falls")))


PROOF = Proof(
    "ledger",
    goals=(
        Goal("falls", given=(MOVE, CURVATURE), shows=(FALLS,), argument=falls),
        Goal(
            "closes",
            given=(MOVE, CURVATURE, SPLIT),
            shows=(CLOSES,),
            argument=closes,
        ),
        Goal(
            "unsplit",
            given=(MOVE, CURVATURE),
            shows=(UNSPLIT,),
            argument=unsplit,
        ),
    ),
    asserts={
        (
            r"\sum_t \|\nabla F_t\|^2 = \frac{F_0 - F_T}{\eta} - \sum_t \langle \nabla F_t, b_t \rangle"
            r" - \sum_t \langle \nabla F_t, n_t \rangle + \frac{\eta}{2} \sum_t L_t \|g_t\|^2"
        ): ("closes",),
        (
            r"\sum_t \|\nabla F_t\|^2 = \frac{2 (F_0 - F_T)}{\eta} + \sum_t \|g_t - \nabla F_t\|^2"
            r" - \sum_t (1 - \eta L_t) \|g_t\|^2"
        ): ("unsplit",),
    },
    domain="every run",
)
