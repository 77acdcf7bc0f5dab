"""The Rényi divergence is a Jensen gap of the log-partition function."""

from proofs.goals import Goal, Proof
from proofs.kernel import eq, ne
from proofs.lemmas import by_identity
from proofs.notation import a, b, log_partition, mixed, order, renyi

GAP = (log_partition(mixed(order)) - order * log_partition(a) - (1 - order) * log_partition(b)) / (order - 1)

PROOF = Proof(
    "jensen-gap",
    goals=(
        Goal(
            "gap",
            given=(ne(order, 1),),
            shows=(eq(renyi(order), GAP),),
            argument=by_identity,
        ),
    ),
    asserts={
        (
            r"D_\alpha(p\|q) ="
            r" \frac{A(\alpha z_p + (1-\alpha) z_q) - \alpha A(z_p) - (1-\alpha) A(z_q)}{\alpha - 1}"
        ): ("gap",),
    },
    domain="every real α ≠ 1 and finite logits",
)
