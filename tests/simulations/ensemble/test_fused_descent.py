"""The fused loop in Triton's interpreter against the compiled engine: the same streams, the same paths to rounding."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from simulations.ensemble import fused, run
from simulations.ensemble.compiled.engine import advance, by_replica, open_blocks
from simulations.problems import problem

triton = pytest.importorskip("triton", reason="the extra [gpu] is not installed")
if not triton.knobs.runtime.interpret:
    pytest.skip("kernels are compiled here: see tests/gpu", allow_module_level=True)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("name", "dimension"),
    [("double-well", 1), ("double-well", 3), ("rastrigin", 2), ("styblinski-tang", 2), ("pl-sine", 1)],
)
def test_same_paths_as_the_compiled_engine(name: str, dimension: int, dtype: str) -> None:
    made = problem(name) if name == "pl-sine" else problem(name, dimension=dimension)
    assert fused.fits(made)
    assert made.kernel is not None
    options = {"seed": 5, "first_replica": 3}
    lanes = fused.open_lanes(made.start, 40, dtype=getattr(torch, dtype), device="cpu", **options)
    blocks = open_blocks(made.start, 40, dtype=dtype, **options)
    step_sizes = (made.largest_step_size * np.array([0.5, 1.0, 0.5])).tolist()
    for first in (0, 3):
        fused.advance(made.kernel, lanes, step_sizes, first=first)
        advance(made.kernel, blocks, step_sizes, first=first)
    assert np.array_equal(lanes.states.numpy().view(np.uint64).T, by_replica(blocks.states, 40))
    tolerance = 1e-12 if dtype == "float64" else 2e-5
    expected = torch.from_numpy(by_replica(blocks.points, 40)).T
    torch.testing.assert_close(lanes.points, expected, rtol=tolerance, atol=tolerance)
    totals = torch.from_numpy(by_replica(blocks.totals, 40)).T
    torch.testing.assert_close(lanes.totals, totals, rtol=10 * tolerance, atol=tolerance)


def test_divergence_is_noted_at_its_step() -> None:
    made = problem("styblinski-tang", dimension=1)
    assert made.kernel is not None
    options = {"seed": 1, "first_replica": 0}
    lanes = fused.open_lanes([30.0], 8, dtype=torch.float64, device="cpu", **options)
    blocks = open_blocks([30.0], 8, dtype="float64", **options)
    for each, moved in ((fused.advance, lanes), (advance, blocks)):
        each(made.kernel, moved, [0.1] * 4, first=7, limit=1e12)
    assert lanes.diverged_at.tolist() == by_replica(blocks.diverged_at, 8).tolist()
    assert (lanes.diverged_at >= 7).all()


def test_what_it_does_not_take() -> None:
    assert not fused.fits(problem("double-well", dimension=9))
    assert not fused.fits(problem("rosenbrock"))


@pytest.mark.parametrize("twin", [False, True])
def test_a_whole_run(monkeypatch: pytest.MonkeyPatch, twin: bool) -> None:
    options = {"step_size": 0.05, "steps": 40, "replicas": 30, "seed": 2, "windows": 4, "twin": twin}
    made = problem("quadratic", dimension=2) if twin else problem("double-well")
    expected = run.simulate(made, engine="compiled", **options)
    monkeypatch.setattr(
        run,
        "InBlocks",
        lambda *a, threads, dtype, **k: fused.InLanes(*a, dtype=run.DTYPES[dtype], device="cpu", **k),
    )
    found = run.simulate(made, engine="compiled", **options)
    np.testing.assert_allclose(found.final, expected.final, rtol=1e-11)
    np.testing.assert_allclose(found.window_means, expected.window_means, rtol=1e-11)
    np.testing.assert_allclose(found.moments.mean, expected.moments.mean, rtol=1e-10, atol=1e-13)
    np.testing.assert_array_equal(found.diverged_at, expected.diverged_at)
    if twin:
        np.testing.assert_allclose(found.twin_means, expected.twin_means, rtol=1e-11)
