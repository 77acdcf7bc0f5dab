"""Deterministic runs of worst cases: bound and run agree to rounding."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import torch
from torch import Tensor

from simulations.ensemble.run import Ensemble, simulate
from simulations.experiments.evidence import Evidence
from simulations.experiments.sources.averages import constants
from simulations.problems.noise_floor import noise_floor
from simulations.problems.quadratic import quadratic
from simulations.problems.rdml_logits import rdml_logits
from simulations.problems.rdml_waves import rdml_waves
from simulations.problems.relative_bias import relative_bias

CONSTANTS = ((0.5, 1.0, 0.0), (0.5, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0), (0.0, 1.0, 1.5))
"""ζ, σ² and M of the path averages."""

CONTRACTIONS = 60
"""After so many steps of contraction 1/e the distance to the minimiser has converged to rounding."""


def worst_cases(full: bool) -> list[Evidence]:
    """All of this file."""
    return noise_floors(full) + bias_floors() + path_averages() + noiseless_paths()


def noise_floors(full: bool) -> list[Evidence]:
    """The plane with bias along and noise across x, `h = ηL(M+1)` from 1/10 to 1."""
    contractions = (0.1, 0.25, 0.5, 0.75, 1.0) if full else (0.1, 0.5, 1.0)
    cases = itertools.product(contractions, (0.0, 0.5, 2.0), (0.0, 1.5))
    runs = []
    for contraction, bias, growth in cases:
        made = noise_floor(smoothness=2.0, bias_bound=bias, noise_growth=growth)
        steps = math.ceil(CONTRACTIONS * (1 + growth) / contraction)
        runs.append(simulate(made, step_size=contraction * made.largest_step_size, steps=steps, replicas=2))
    return [_settled(("noise-floor",), run, "the worst case of noise-floor in the plane") for run in runs]


def bias_floors() -> list[Evidence]:
    """A quadratic with bias against the gradient, without noise."""
    runs = []
    for contraction, relative in itertools.product((0.2, 0.6, 1.0), (0.0, 0.3, 0.6)):
        made = relative_bias(relative=relative, smoothness=2.0)
        steps = math.ceil(CONTRACTIONS / (contraction * (1 - relative)))
        runs.append(simulate(made, step_size=contraction / 2, steps=steps, replicas=2))
    return [_settled(("bias-floor-tight",), run, "bias against the gradient on a quadratic") for run in runs]


def path_averages() -> list[Evidence]:
    """Averages over short and long paths, where the bounds for finite T are nearly or fully used."""
    found = []
    for contraction, (bias, noise, growth) in itertools.product((0.25, 1.0), CONSTANTS):
        made = noise_floor(bias_bound=bias, noise_variance=noise, noise_growth=growth, start_distance=2.0)
        step_size = contraction * made.largest_step_size
        run = simulate(made, step_size=step_size, steps=300, replicas=2)
        ids = ["stationarity", "stationarity-sharp", "relative-bias"]
        ids += ["unbiased-exact"] if not bias else []
        ids += ["biased-exact"] if not noise else []
        ids += ["last-step"] if not noise and contraction == 1 else []
        found.append(averages(run, tuple(ids)))
    return found


def noiseless_paths() -> list[Evidence]:
    """Gradients along runs without noise, of convex and nonconvex objectives under bias."""
    found = []
    for made in (
        noise_floor(noise_variance=0.0),
        quadratic(noise_variance=0.0),
        rdml_logits(alpha=2.0, noise_variance=0.0),
        rdml_waves(noise_variance=0.0),
    ):
        for contraction in (0.25, 1.0):
            shifted = replace(made, start=tuple(0.4 + value for value in made.start))
            step_size = contraction * made.largest_step_size
            run = simulate(shifted, step_size=step_size, steps=100, replicas=2, path=True)
            path = {"gradient_norm_squared": run.path["gradient_norm_squared"]}
            words = f"noiseless paths of {made.name}"
            found.append(Evidence(("biased-programme",), constants(run, 2) | path, words))
    return found


def averages(run: Ensemble, ids: tuple[str, ...]) -> Evidence:
    """Path averages of a deterministic run at every recorded T."""
    mean, _ = run.moments.column("average_gradient_norm_squared")
    bias, _ = run.moments.column("average_bias_norm_squared")
    steps = torch.from_numpy(run.moments.iterations + 1).double()
    average = torch.from_numpy(mean)
    instance = constants(run, len(steps)) | {
        "steps": steps,
        "mean_gradient_norm_squared": average,
        "mean_bias_norm_squared": torch.from_numpy(bias),
        "extremal_gradient_norm_squared": average,
    }
    return Evidence(ids, instance, "path averages of the worst cases")


def _settled(ids: tuple[str, ...], run: Ensemble, words: str) -> Evidence:
    """The last ‖∇F‖² of a deterministic run, as a floor and as that of the worst case."""
    last = torch.tensor(run.moments.mean[-1:, 0])
    floors: dict[str, Tensor] = {"floor": last, "extremal_floor": last}
    return Evidence(ids, constants(run, 1) | floors, words)
