r"""The bias that the peers make is at most their disagreement: ‖b‖² ≤ β² E[‖PJ‖₂² c(α) D̄].

`b = E[Jᵀv]` with `v = β/(K−1) Σ_l (q − r_l)` over the K − 1 peers. Cauchy–Schwarz over samples, the spectral norm (v
sums to 0, so J may be centred), Cauchy–Schwarz over peers, and `self-bounding-best` for each of them.
"""

from functools import partial

from sympy import IndexedBase, Integer, Max, Symbol, log, sqrt

from proofs.cohort import beta
from proofs.divergence.pinsker_best import ONE_HOTS, PAIRS
from proofs.goals import Goal, Proof
from proofs.gradient.self_bounding_best import OF_PAIRS, ROOF, SMALLEST, constant
from proofs.kernel import Index, Theorem, Total, le, lt, ne
from proofs.lemmas import Argument
from proofs.notation import alpha, escort, i, k, kl, own, renyi, softmax, target
from proofs.refutation import Neighbour, reduced
from proofs.supports import WHOLE
from proofs.touching import IN_U, ROOT, u

peers = Symbol("P", positive=True)
"""`K − 1`."""

l = Index("peer", peers)
j = Index("j", Symbol("d", integer=True, positive=True))
sample = Index("omega", 1)
logits, peer_logits = IndexedBase("z", real=True), IndexedBase("y", real=True)
jacobian, vector = IndexedBase("J", real=True), IndexedBase("v", real=True)
norm = IndexedBase("S", nonnegative=True)


def mine(n):
    """Logits of the learner on the sample."""
    return logits[sample, n]


def theirs(n):
    """Logits of a peer on the sample."""
    return peer_logits[l, sample, n]


q = softmax(mine)
FINITE = (escort(alpha, theirs, mine), renyi(alpha, softmax(theirs), q))
ORDERS = {
    "usable": (*FINITE, Max(alpha, SMALLEST), (ne(alpha, 1),)),
    "order 1": (softmax(theirs), kl(softmax(theirs), q), Integer(1), ()),
    "touching": (*FINITE, ROOF, (lt(alpha, 1), *IN_U, ROOT, le(alpha, u))),
    "between": (*FINITE, constant, (lt(alpha, 1), PAIRS.at(OF_PAIRS), ONE_HOTS.at(OF_PAIRS))),
}
"""r, the divergence, c and when, by the goal of `self-bounding-best` that bounds one peer."""


def force(r):
    """`β/(K−1) Σ_l (q − r_l)`."""
    return lambda n: beta / peers * Total(q(n) - r(n), l)


def centred(n):
    """`(PJ)_n`."""
    return jacobian[sample, n, j] - Total(jacobian[sample, k, j], k) / i.total


def bias(r):
    """`‖E[Jᵀv]‖²`."""
    return Total(Total(Total(force(r)(i) * jacobian[sample, i, j], i), sample) ** 2, j)


SPECTRAL = le(
    Total(Total(vector[i] * centred(i), i) ** 2, j),
    norm[sample] ** 2 * Total(vector[i] ** 2, i),
    vector,
    sample,
)


def bound(name: str):
    """`‖b‖² ≤ β² E[‖PJ‖₂² c D̄]`."""
    r, divergence, c, _ = ORDERS[name]
    return le(bias(r), beta**2 * Total(norm[sample] ** 2 * c * Total(divergence, l) / peers, sample))


def bounded(kernel: Argument, name: str) -> Theorem:
    """Over samples, classes and peers in turn."""
    r, divergence, c, _ = ORDERS[name]
    image = Total(force(r)(i) * jacobian[sample, i, j], i)
    jensen = kernel.sum_over(kernel.cauchy_schwarz(image, 1, sample), j)
    spectral = kernel.at(kernel.suppose(SPECTRAL), {vector: force(r)})
    expected = kernel.sum_over(spectral, sample)

    gap = q(i) - r(i)
    over_peers = kernel.sum_over(kernel.cauchy_schwarz(gap, 1, l), i)
    images = {target: theirs, own: mine, **WHOLE}
    each = kernel.sum_over(kernel.cite("self-bounding-best", name, images), l)
    scale = beta**2 / peers
    by_sample = kernel.combine(
        le(Total(force(r)(i) ** 2, i), scale * c * Total(divergence, l)),
        (beta**2 / peers**2, over_peers),
        (scale, each),
    )
    weighted = kernel.sum_over(by_sample, sample, weight=norm[sample] ** 2)
    return kernel.combine(bound(name), (1, jensen), (1, expected), (1, weighted))


PROOF = Proof(
    "self-limiting",
    goals=tuple(
        Goal(
            name,
            given=(*ORDERS[name][-1], SPECTRAL),
            shows=(bound(name),),
            argument=partial(bounded, name=name),
        )
        for name in ORDERS
    ),
    asserts={
        (
            r"\|b_k\|^2 \le \beta^2 \, E[\|PJ\|_2^2 \, c(\alpha) \, \bar D_k]"
            r",\ c(\alpha) \le \max(\alpha, \frac{3\sqrt{5}-5}{2})"
        ): tuple(ORDERS),
    },
    domain="0 < α < ∞ and finite logits, c(α) as in self-bounding-best: the least constant, and so at most the other",
    neighbour=Neighbour(
        "usable",
        reduced,
        {
            i.total: 2,
            j.total: 1,
            sample: 1,
            peers: 1,
            alpha: 2,
            beta: 1,
            jacobian: lambda outcome, i, j: 1 - 2 * i,
            norm: lambda outcome: sqrt(2),
            logits: lambda outcome, i: 0,
            peer_logits: lambda peer, outcome, i: log((51, 49)[int(i)]),
        },
    ),
)
