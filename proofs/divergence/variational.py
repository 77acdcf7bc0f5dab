r"""(1−α)D_α is the least of αKL(s‖p) + (1−α)KL(s‖q), attained at the escort."""

from sympy import Rational

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, eq, le, ne
from proofs.lemmas import Argument, by_identity
from proofs.notation import c, escort, i, kl, mixed, order, own, p, q, renyi, softmax, target, third
from proofs.refutation import Neighbour, logits_of

r = escort(order)

mixture = softmax(c)
VALUE = order * kl(mixture, p) + (1 - order) * kl(mixture, q)


def least(kernel: Argument) -> Theorem:
    """The excess over the minimum is KL(s‖r) ≥ 0."""
    split = kernel.cite("variational", "split")
    positive = kernel.cite("nonneg", "order 1", {target: c, own: mixed(order)})
    return kernel.combine(le((1 - order) * renyi(order), VALUE), (-1, split), (1, positive))


PROOF = Proof(
    "variational",
    goals=(
        Goal(
            "split",
            given=(ne(order, 1),),
            shows=(eq(VALUE, kl(mixture, r) + (1 - order) * renyi(order)),),
            argument=by_identity,
        ),
        Goal(
            "attained",
            given=(ne(order, 1),),
            shows=(eq((1 - order) * renyi(order), order * kl(r, p) + (1 - order) * kl(r, q)),),
            argument=by_identity,
        ),
        Goal(
            "least",
            given=(ne(order, 1),),
            shows=(le((1 - order) * renyi(order), VALUE),),
            argument=least,
        ),
    ),
    asserts={
        (
            r"\alpha \mathrm{KL}(s\|p) + (1-\alpha) \mathrm{KL}(s\|q)"
            r" = \mathrm{KL}(s\|r_\alpha) + (1-\alpha) D_\alpha(p\|q)"
        ): ("split",),
        (
            r"(1-\alpha) D_\alpha(p\|q) = \alpha \mathrm{KL}(r_\alpha\|p) + (1-\alpha) \mathrm{KL}(r_\alpha\|q)"
        ): ("attained",),
        r"(1-\alpha) D_\alpha(p\|q) \le \alpha \mathrm{KL}(s\|p) + (1-\alpha) \mathrm{KL}(s\|q)": ("least",),
    },
    domain="every real α ≠ 1 and finite logits",
    neighbour=Neighbour(
        "least",
        lambda least: le(least.left, (1 - order) * kl(softmax(c), p) + order * kl(softmax(c), q)),
        {
            i.total: 2,
            order: Rational(1, 4),
            target: logits_of(1, 81),
            own: logits_of(1, 1),
            third: lambda i: Rational(3, 4) * logits_of(1, 81)(i),
        },
    ),
)
