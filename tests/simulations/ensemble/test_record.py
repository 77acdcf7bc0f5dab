"""What is kept of an ensemble, against what it was."""

import tracemalloc

import numpy as np
import pytest
import torch

from simulations.ensemble.engine import Observation
from simulations.ensemble.record import MomentRecorder
from simulations.ensemble.run import simulate
from simulations.ensemble.twin import Twin
from simulations.problems import problem


def test_sums_of_float32_runs_do_not_drift():
    made, steps = problem("quadratic", dimension=1), 3000
    x, gradient, bias = torch.tensor([[0.1, 0.2, 0.3]], dtype=torch.float32).T[:, :, None].expand(3, 2, 1)
    recorder = MomentRecorder(made, steps, 1, x)
    for t in range(steps):
        recorder.update(t, Observation(x, gradient, bias, x), 0.3)
    expected = {
        name: v[0].square().item() for name, v in (("norm", x), ("gradient", gradient), ("bias", bias))
    }
    gradients, norms = recorder.window_means()[:, :, 0]
    assert gradients == pytest.approx(expected["gradient"], rel=1e-11)
    assert norms == pytest.approx(expected["norm"], rel=1e-11)
    assert (recorder.total / recorder.time).tolist() == pytest.approx([expected["gradient"]] * 2, rel=1e-11)
    found = (recorder.bias_norm_squared / recorder.time).tolist()
    assert found == pytest.approx([expected["bias"]] * 2, rel=1e-11)


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-14), ("float32", 1e-6)])
@pytest.mark.parametrize("replicas", [20, 60])
def test_small_distances_to_a_minimiser_keep_their_digits_among_many_replicas(dtype, tolerance, replicas):
    made = problem("styblinski-tang", noise_variance=1e-5)
    options = {"step_size": 0.01, "replicas": replicas, "dtype": dtype, "engine": "general"}
    moments = simulate(made, steps=500, **options).moments
    last = simulate(made, steps=int(moments.iterations[-1]), **options).final
    at = torch.tensor(made.minimisers, dtype=getattr(torch, dtype)).double().numpy()
    distances = ((last[:, None] - at) ** 2).sum(2).min(1)
    assert moments.column("distance_squared")[0][-1] == pytest.approx(distances.mean(), rel=tolerance, abs=0)


def test_what_twins_are_expected_to_be_needs_memory_that_does_not_grow_with_the_steps():
    made = problem("quadratic", dimension=3, bias_bound=0.0)
    start = torch.tensor([made.start], dtype=torch.float64)
    edges = np.linspace(0, 1_000_000, 65).round().astype(np.int64)
    twin = Twin(made, start, edges)
    tracemalloc.start()
    expected = twin.expected(1e-3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2e6
    by_step, variance = np.zeros(3), np.zeros(edges[2])
    curvatures = np.geomspace(0.1, 1, 3)
    for t in range(edges[2]):  # Var y ← (1 − ηh)² Var y + η²s²
        variance[t] = (curvatures**2 * by_step).sum()
        by_step = (1 - 1e-3 * curvatures) ** 2 * by_step + 1e-6 / 3
    assert expected[:2] == pytest.approx([part.mean() for part in np.split(variance, 2)], rel=1e-9)
