r"""‖∇D‖² ≤ max(1, α) D: a step of length 1/L against the gradient would else make D negative.

`L = max(1, α)/2` bounds the curvature (`smooth-own`), and D ≥ 0 wherever that step ends (`nonneg`).
"""

from sympy import Integer, Max

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, le, ne
from proofs.lemmas import Argument
from proofs.notation import alpha, b, direction, i, kl, order, own, p, q, r, renyi, s, softmax, square, target
from proofs.refutation import Neighbour, logits_of, reduced


def gradient(n):
    """`q_n − r_n`."""
    return q(n) - r(n)


def gradient_one(n):
    """`q_n − p_n`."""
    return q(n) - p(n)


def bounded(kernel: Argument, force, name: str, value) -> Theorem:
    """Taylor's formula along the negative gradient, from s = 0 to 1/L."""
    factor = Max(1, alpha) if name == "order not 1" else Integer(1)
    line = lambda at: lambda n: b(n) - at * force(n)  # noqa: E731
    xi, expansion, _ = kernel.taylor(value(softmax(line(s))), s, 0, 2 / factor, order=2)
    tilted = {order: alpha} if name == "order not 1" else {}
    descent = {**tilted, direction: lambda n: -force(n)}
    first = kernel.cite("grad-own", name, descent)
    _, curvature = kernel.cite("smooth-own", name, {**descent, own: line(xi)})
    positive = kernel.cite("nonneg", name, {own: line(2 / factor)})
    return kernel.combine(
        le(square(force), factor * value(q)),
        (factor, positive),
        (factor, expansion),
        (2, first),
        (2 / factor, curvature),
    )


PROOF = Proof(
    "self-bounding",
    goals=(
        Goal(
            "order not 1",
            given=(ne(alpha, 1),),
            shows=(le(square(gradient), Max(1, alpha) * renyi(alpha)),),
            argument=lambda kernel: bounded(kernel, gradient, "order not 1", lambda f: renyi(alpha, p, f)),
            asserts=(r"\|\nabla_{z_q} D_\alpha(p\|q)\|_2^2 \le \max(1, \alpha) \, D_\alpha(p\|q)",),
        ),
        Goal(
            "order 1",
            shows=(le(square(gradient_one), kl()),),
            argument=lambda kernel: bounded(kernel, gradient_one, "order 1", lambda f: kl(p, f)),
        ),
    ),
    neighbour=Neighbour(
        "order not 1", reduced, {i.total: 2, alpha: 2, target: logits_of(51, 49), own: logits_of(1, 1)}
    ),
)
