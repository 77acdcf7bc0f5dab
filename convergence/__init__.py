"""The mathematics of Rényi-divergence deep mutual learning, as functions.

The divergences and the sharpest bound are exported here and imported when first used, so that `import
convergence` alone loads nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convergence.bounds.sharpest import stationarity_bound
    from convergence.divergence import (
        MutualLoss,
        arrays,
        bhattacharyya,
        chi_square,
        cohort_divergence,
        escort,
        gradient_own,
        gradient_target,
        kullback_leibler,
        order_derivative,
        renyi_divergence,
        renyi_hvp,
        squared_hellinger,
        tsallis,
    )

__all__ = [
    "MutualLoss",
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
    "stationarity_bound",
    "tsallis",
]


def __getattr__(name: str) -> Any:
    if name == "stationarity_bound":
        from convergence.bounds import sharpest

        return sharpest.stationarity_bound
    if name in __all__:
        from convergence import divergence

        return getattr(divergence, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
