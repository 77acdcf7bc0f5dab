"""Identities and inequalities of the Rényi divergence, valid for every number of classes."""

ORDER = (
    "jensen_gap",
    "nonneg",
    "order_monotone",
    "skew",
    "kl_limit",
    "bhattacharyya",
    "chi2",
    "tsallis_hellinger",
    "additive",
    "data_processing",
    "pinsker",
    "pinsker_best",
    "order_inversion",
    "mean_value",
    "variational",
    "convex_in_q",
    "fisher_local",
)
