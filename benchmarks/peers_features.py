"""What each peer offers, from its documentation and source."""

PEERS = ["renyi-dml", "published loss", "F.kl_div", "pytorch-dml", "dit", "PEPit", "JAX by hand"]

FEATURES = [
    ["orders α of the divergence", "[0, ∞]", "(0, ∞]", "1", "1", "[0, ∞)", "–", "–"],
    [
        "gradients to own, target, order",
        "all three",
        "by autograd",
        "own, target",
        "own, target",
        "none",
        "–",
        "–",
    ],
    ["masks (logits of −∞)", "exact", "clamped", "NaN", "NaN", "dropped", "–", "–"],
    ["a training loop", "yes", "yes", "–", "yes", "–", "–", "–"],
    ["ledger of what drives a run", "yes", "–", "–", "–", "–", "–", "–"],
    ["exact worst cases of SGD", "certified", "–", "–", "–", "–", "floating point", "–"],
    ["other first-order methods and function classes", "–", "–", "–", "–", "–", "many", "–"],
    ["ensembles of SGD", "14 problems, intervals", "–", "–", "–", "–", "–", "any, self-made"],
    ["proofs that are checked", "every claim", "–", "–", "–", "–", "–", "–"],
    ["other information measures", "a few", "–", "–", "–", "dozens", "–", "–"],
    ["other ways to distil (features, attention)", "–", "–", "–", "yes", "–", "–", "–"],
]
