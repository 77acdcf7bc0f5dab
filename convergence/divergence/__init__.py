"""The Rényi divergence between softmax distributions, what follows from it, and its relatives."""

from convergence.divergence import arrays
from convergence.divergence.cohort import CohortDivergence, cohort_divergence
from convergence.divergence.mutual import MutualLoss, MutualLosses
from convergence.divergence.related import (
    bhattacharyya,
    chi_square,
    kullback_leibler,
    squared_hellinger,
    tsallis,
)
from convergence.divergence.renyi import (
    escort,
    gradient_own,
    gradient_target,
    order_derivative,
    renyi_divergence,
    renyi_hvp,
)

__all__ = [
    "CohortDivergence",
    "MutualLoss",
    "MutualLosses",
    "arrays",
    "bhattacharyya",
    "chi_square",
    "cohort_divergence",
    "escort",
    "gradient_own",
    "gradient_target",
    "kullback_leibler",
    "order_derivative",
    "renyi_divergence",
    "renyi_hvp",
    "squared_hellinger",
    "tsallis",
]
