"""Ensembles whose path averages, floors and objectives are held against the bounds."""

from __future__ import annotations

import torch
from torch import Tensor

from convergence.statistics.plateau import plateau
from simulations.ensemble.run import Ensemble, simulate
from simulations.ensemble.schedules import Decaying
from simulations.experiments.evidence import CONFIDENCE, Evidence, measured
from simulations.experiments.step_sizes import settled_run
from simulations.experiments.tightness import initial_gap
from simulations.problems import problem
from simulations.problems.problem import Problem


def constants(run: Ensemble, count: int) -> dict[str, Tensor]:
    """Constants of the run by the names that the claims use, `(count,)` each."""
    made = run.problem
    values = {
        "step_size": run.step_size,
        "smoothness": made.smoothness,
        "noise_variance": made.noise_variance,
        "noise_growth": made.noise_growth,
        "bias_bound": made.bias_bound,
        "relative_bias": made.relative_bias,
        "steps": float(run.steps),
        "initial_gap": initial_gap(made),
        "pl_constant": made.pl_constant,
    }
    if made.coercivity:
        values["coercivity"] = made.coercivity.rate
        values["slack"] = made.coercivity.slack
        values["gradient_at_origin"] = made.coercivity.gradient_at_origin
    known = {name: value for name, value in values.items() if value is not None}
    return {name: torch.full((count,), float(value), dtype=torch.float64) for name, value in known.items()}


def path_average(run: Ensemble, words: str) -> Evidence:
    """Path averages of `E‖∇F‖²` at every recorded T, with intervals over replicas."""
    ids = ["stationarity", "relative-bias"]
    if not run.problem.relative_bias:
        ids += ["stationarity-sharp"] + ([] if run.problem.bias_bound else ["unbiased-exact"])
    steps = torch.from_numpy(run.moments.iterations + 1).double()
    instance = constants(run, len(steps)) | {"steps": steps}
    low, high = {}, {}
    for name, column, favourable in (
        ("mean_gradient_norm_squared", "average_gradient_norm_squared", 0),
        ("mean_bias_norm_squared", "average_bias_norm_squared", 1),
    ):
        mean, variance = (torch.from_numpy(values) for values in run.moments.column(column))
        ends = [end.clamp(min=0) for end in measured(mean, variance, run.replicas)]  # means of squares
        instance[name], low[name], high[name] = mean, ends[favourable], ends[1 - favourable]
    return Evidence(tuple(ids), instance, words, low, high)


def stationary_floor(run: Ensemble, words: str) -> Evidence:
    """The plateau of `E‖∇F‖²`."""
    made = run.problem
    ids = ["noise-floor"] if not made.relative_bias else []
    ids += ["bias-floor-tight"] if not made.noise else []
    instance = constants(run, 1)
    if made.name == "quadratic":
        ids.append("quadratic-floor")
        ones = torch.ones(1, made.dimension, dtype=torch.float64)
        bias = made.bias.function(ones, ones) if made.bias else torch.zeros_like(ones)
        share = made.noise_variance / made.dimension
        instance |= {"curvatures": made.gradient(ones), "bias": bias, "noise_variances": share * ones}
    level = plateau(run.window_means, confidence=CONFIDENCE).level
    value, low, high = (torch.tensor([end], dtype=torch.float64) for end in level)
    return Evidence(tuple(ids), instance | {"floor": value}, words, {"floor": low}, {"floor": high})


def final_gap(run: Ensemble, words: str) -> Evidence:
    """`E F(x_t) − F*` at every recorded t, T = t steps having been taken."""
    mean, variance = (torch.from_numpy(values) for values in run.moments.column("objective"))
    gap, steps = mean - (run.problem.minimum or 0.0), torch.from_numpy(run.moments.iterations).double()
    low, high = measured(gap, variance, run.replicas)
    later = slice(1, None)  # the bounds want T ≥ 1
    instance = constants(run, len(steps) - 1) | {"steps": steps[later], "final_gap": gap[later]}
    return Evidence(("pl",), instance, words, {"final_gap": low[later]}, {"final_gap": high[later]})


def scope_of(run: Ensemble, words: str) -> Evidence:
    """The plateau of `E‖x‖²`."""
    level = plateau(run.window_norms, confidence=CONFIDENCE).level
    value, low, high = (torch.tensor([end], dtype=torch.float64) for end in level)
    name = "mean_square_distance"
    return Evidence(("scope",), constants(run, 1) | {name: value}, words, {name: low}, {name: high})


def ensembles(seed: int, replicas: int) -> list[Evidence]:
    """Problems of every kind at two step sizes, from the start to past the transient."""
    found = []
    for made in _problems():
        for fraction in (0.5, 0.25):
            run = _run(made, fraction * made.largest_step_size, seed, replicas)
            words = f"{made.name} (d={made.dimension})"
            found += [path_average(run, words), stationary_floor(run, words)]
            if made.pl_constant:
                found.append(final_gap(run, words))
    return found


def _problems() -> list[Problem]:
    return [
        problem("quadratic"),
        problem("quadratic", bias_bound=0.0, condition=3.0),
        problem("relative-bias", noise_variance=1.0),
        problem("double-well", dimension=2),
        problem("rastrigin"),
        problem("pl-sine"),
        problem("rdml-logits", alpha=1.5),
        problem("rdml-logits", beta=0.0),
    ]


def _run(made: Problem, step_size: float, seed: int, replicas: int) -> Ensemble:
    return settled_run(made, step_size, window_time=2.0, replicas=replicas, seed=seed)


def scopes(seed: int, replicas: int) -> list[Evidence]:
    """Stationary clouds at the largest step sizes that both bounds of `scope` speak of."""
    found = []
    for made in (
        problem("noise-floor"),
        problem("quadratic", condition=3.0),
        problem("double-well", tilt=0.2),
    ):
        if made.coercivity is None:
            raise ValueError(f"{made.name} has no constants of its scope")
        run = _run(made, made.coercivity.rate / (4 * made.smoothness**2), seed, replicas)
        found.append(scope_of(run, made.name))
    return found


def diminishing(seed: int, replicas: int) -> list[Evidence]:
    """Step sizes that decay: the average weighted by them."""
    found = []
    for made in (problem("quadratic"), problem("double-well"), problem("rdml-logits", alpha=1.5)):
        schedule = Decaying(made.largest_step_size, timescale=20.0, power=0.75)
        run = simulate(made, step_size=schedule, steps=2000, replicas=replicas, seed=seed)
        sizes = torch.tensor([schedule(t) for t in range(run.steps)], dtype=torch.float64)
        evidence = path_average(run, f"{made.name}, decaying step sizes")
        last = {name: values[-1:] for name, values in evidence.instance.items()}
        name = "weighted_gradient_norm_squared"
        last |= {"step_sizes": sizes[None], name: last["mean_gradient_norm_squared"]}
        ends = [{name: side["mean_gradient_norm_squared"][-1:]} for side in (evidence.low, evidence.high)]
        found.append(Evidence(("diminishing",), last, evidence.words, *ends))
    return found
