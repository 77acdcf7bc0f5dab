"""Ensembles of SGD runs on problems with known constants, and networks trained in cohorts.

`simulations.problem(name, **parameters)` makes a problem, `simulations.simulate(problem, …)` runs it,
`simulations.load(study)` gives the results of a study that `rdml sweep` ran.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulations.ensemble.run import Ensemble, simulate
    from simulations.problems import Bias, Noise, Problem, problem
    from simulations.studies.load import load

__all__ = ["Bias", "Ensemble", "Noise", "Problem", "load", "problem", "simulate"]

_HOMES = {
    "Ensemble": "simulations.ensemble.run",
    "simulate": "simulations.ensemble.run",
    "load": "simulations.studies.load",
}


def __getattr__(name: str) -> Any:
    """Import on first use, so that `import simulations` does not import torch."""
    if name not in __all__:
        raise AttributeError(f"module 'simulations' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES.get(name, "simulations.problems")), name)
