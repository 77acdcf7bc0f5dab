"""The mathematics of Rényi-divergence deep mutual learning, as functions.

The divergences are exported here and imported when first used, so that `import convergence` alone loads
nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from convergence.divergence import (
        escort as escort,
    )
    from convergence.divergence import (
        gradient_own as gradient_own,
    )
    from convergence.divergence import (
        gradient_target as gradient_target,
    )
    from convergence.divergence import (
        order_derivative as order_derivative,
    )
    from convergence.divergence import (
        renyi_divergence as renyi_divergence,
    )

__all__ = ["escort", "gradient_own", "gradient_target", "order_derivative", "renyi_divergence"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from convergence import divergence

        return getattr(divergence, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
