r"""q − r is a difference of two distributions, so its norms are at most 2, √2 and 1, for every C and α."""

from sympy import Abs, Integer, Rational, sqrt

from proofs.goals import Goal, Proof
from proofs.kernel import Theorem, le
from proofs.lemmas import Argument
from proofs.notation import escort, i, k, norm1, order, own, q, square, target
from proofs.refutation import Neighbour, logits_of

r = escort(order)


def difference(n):
    """`q_n − r_n`."""
    return q(n) - r(n)


def one_norm(kernel: Argument) -> Theorem:
    """`|q − r| ≤ q + r`."""
    above = kernel.sign(le(q(i) - r(i), q(i) + r(i)))
    below = kernel.sign(le(r(i) - q(i), q(i) + r(i)))
    summed = kernel.sum_over(kernel.within(difference(i), above, below), i)
    return kernel.combine(le(norm1(difference), 2), (1, summed))


def two_norm(kernel: Argument) -> Theorem:
    """`(q − r)² ≤ q² + r² ≤ q + r`."""
    most_q, most_r = (kernel.terms_of_sum(f(k), k, i) for f in (q, r))
    by_class = kernel.combine(
        le(difference(i) ** 2, q(i) + r(i)), (q(i), most_q), (r(i), most_r), rest=2 * q(i) * r(i)
    )
    squared = kernel.combine(le(square(difference), 2), (1, kernel.sum_over(by_class, i)))
    return kernel.root(sqrt(square(difference)), squared)


def largest(kernel: Argument) -> Theorem:
    """Both probabilities lie in [0, 1]."""
    most_q, most_r = (kernel.terms_of_sum(f(k), k, i) for f in (q, r))
    above = kernel.combine(le(q(i) - r(i), 1), (1, most_q), rest=r(i))
    below = kernel.combine(le(r(i) - q(i), 1), (1, most_r), rest=q(i))
    return kernel.within(difference(i), above, below)


PROOF = Proof(
    "grad-own-bounded",
    goals=(
        Goal(
            "1-norm",
            shows=(le(norm1(difference), 2),),
            argument=one_norm,
            asserts=(
                r"\|q - r_\alpha\|_1 \le 2,\ \|q - r_\alpha\|_2 \le \sqrt{2},\ \|q - r_\alpha\|_\infty \le 1",
            ),
        ),
        Goal("2-norm", shows=(le(sqrt(square(difference)), sqrt(Integer(2))),), argument=two_norm),
        Goal("largest", shows=(le(Abs(difference(i)), 1),), argument=largest),
    ),
    neighbour=Neighbour(
        "2-norm",
        lambda bound: le(bound.left, Rational(7, 5)),
        {i.total: 2, order: 1, target: logits_of(999, 1), own: logits_of(1, 999)},
    ),
)
