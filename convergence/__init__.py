"""The mathematics of Rényi-divergence deep mutual learning, as functions.

The divergences are exported here and imported when first used, so that `import convergence` alone loads
nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    "tsallis",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from convergence import divergence

        return getattr(divergence, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
