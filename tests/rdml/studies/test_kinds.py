"""The kinds of run: settings that are complete, results that don't depend on where a run is cut."""

from dataclasses import asdict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from processes import here, rdml

import simulations
from rdml.config import validate
from rdml.kinds import KINDS, simulate
from rdml.kinds.kind import Conclusion, Kind, Row, State
from rdml.store import HeldRun, hold, make_store, parquet_bytes
from simulations.ensemble import run as ensemble_run
from simulations.networks import cohort, result
from simulations.networks.settings import Settings
from simulations.networks.training import train

SIMULATE = {"kind": "simulate", "problem": "quadratic", "step_size": 0.2, "steps": 64, "replicas": 20}
TRAIN = {
    "kind": "train", "step_size": 0.1, "alpha": 1.5, "hidden": [4], "steps": 6, "record_every": 2, "momentum": 0.9,
}  # fmt: skip


def settings(data: dict[str, Any]) -> dict[str, Any]:
    return validate(KINDS[data["kind"]].configuration, data, "run").model_dump(mode="json")


def computed(
    kind: Kind, chosen: dict[str, Any], cuts: list[int], held: HeldRun | None = None
) -> tuple[bytes, Conclusion, State]:
    """Through a checkpoint on disk and a fresh computation at every cut."""
    computation = kind.open(chosen)
    state: State = computation.start()
    rows: list[Row] = []
    for until in [*cuts, computation.steps]:
        state, new = computation.advance(state, until)
        rows += new
        if held and until < computation.steps:
            held.save_checkpoint(state, rows, {"status": "unfinished", "configuration": chosen})
            state, rows = held.load_checkpoint() or pytest.fail("no checkpoint")
            computation = kind.open(chosen)
    return parquet_bytes(rows), computation.conclude(state, rows), state


@pytest.mark.parametrize(("data", "cuts"), [(SIMULATE, [1, 3]), (SIMULATE, [2]), (TRAIN, [1, 2, 5])])
def test_a_run_goes_on_to_the_same_bits(
    tmp_path: Path, data: dict[str, Any], cuts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulate, "BLOCK", 5)
    chosen = settings(data)
    kind = KINDS[data["kind"]]
    with hold(make_store(tmp_path / "store"), "ab" * 16) as held:
        one, two = computed(kind, chosen, []), computed(kind, chosen, cuts, held)
    assert one[0] == two[0]
    assert one[1] == two[1]
    assert one[2].arrays.keys() == two[2].arrays.keys()
    assert all(one[2].arrays[name].tobytes() == array.tobytes() for name, array in two[2].arrays.items())


@pytest.mark.parametrize(
    ("place", "name"),
    [(cohort, "train_cohort"), (result, "final_scores"), (ensemble_run, "simulate")],
    ids=str,
)
def test_a_run_is_computed_on_one_thread(
    place: ModuleType, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that its bits do not depend on the machine, whatever executor computes it."""
    before, right, seen = torch.get_num_threads(), getattr(place, name), []

    def spy(*given: Any, **named: Any) -> Any:
        seen.append(torch.get_num_threads())
        return right(*given, **named)

    monkeypatch.setattr(place, name, spy)
    data = SIMULATE if place is ensemble_run else TRAIN
    torch.set_num_threads(3)
    try:
        computed(KINDS[data["kind"]], settings(data), [])
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
    assert set(seen) == {1}


def test_a_simulated_run_is_the_ensemble_of_all_its_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = settings(SIMULATE)
    whole = computed(KINDS["simulate"], chosen, [])
    monkeypatch.setattr(simulate, "BLOCK", 6)  # 6, 6 and a last block of 8
    blocks = computed(KINDS["simulate"], chosen, [])
    for name, array in whole[2].arrays.items():
        if name != "replicas":
            np.testing.assert_allclose(blocks[2].arrays[name], array, rtol=1e-12, atol=1e-12)
    assert blocks[2].arrays["replicas"].tolist() == [6, 6, 8]


def test_a_simulated_run_has_its_floor_bound_and_verdicts() -> None:
    _, found, _ = computed(KINDS["simulate"], settings({**SIMULATE, "steps": 512, "replicas": 64}), [])
    summary = found.summary
    assert summary["settled"]
    assert summary["floor_low"] < summary["floor"] < summary["floor_high"]
    assert summary["floor_low"] <= summary["floor_exact"] <= summary["floor_high"]
    assert summary["floor"] < summary["floor_bound"]
    statuses = {verdict["claim"]: verdict["status"] for verdict in found.verdicts}
    assert statuses.items() >= {"stationarity": "checked", "noise-floor": "checked"}.items()


def test_divergence_is_a_result() -> None:
    _, found, _ = computed(KINDS["simulate"], settings({**SIMULATE, "step_size": 2.5, "steps": 2000}), [])
    assert found.summary["diverged"] == 20
    _, found, _ = computed(KINDS["train"], settings({**TRAIN, "step_size": 1e200, "momentum": 0.0}), [2])
    assert "loss" in found.summary["trouble"]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"updates": "sequential", "momentum": 0.9, "nesterov": True},
        {"step_size": 1e6, "dtype": "float32"},
    ],
    ids=str,
)
def test_a_study_trains_as_the_command_does(change: dict[str, Any]) -> None:
    chosen = settings(
        {"kind": "train", "step_size": 0.1, "hidden": [4], "steps": 4, "record_every": 2, **change}
    )
    assert chosen["alpha"] == Settings.alpha
    _, found, state = computed(KINDS["train"], chosen, [1])
    one = train(
        Settings(
            step_size=chosen["step_size"],
            hidden=(4,),
            steps=4,
            ledger_every=2,
            updates=chosen["updates"],
            momentum=chosen["momentum"],
            nesterov=chosen["nesterov"],
            precision=chosen["dtype"],
            device="cpu",
        )
    )
    for k, model in enumerate(one.models):
        for name, tensor in model.state_dict().items():
            assert state.arrays[f"model.{k}.{name}"].tobytes() == tensor.numpy().tobytes()
    assert found.summary["trouble"] == one.run.trouble
    diverges = chosen["step_size"] == 1e6
    assert ("learner 0 has diverged: test loss" in (one.run.trouble or "")) is diverges
    verdicts = [asdict(verdict) | {"seconds": 0.0} for own in one.verdicts.values() for verdict in own]
    assert found.verdicts == verdicts
    judged = next(verdict["evidence"] for verdict in verdicts if verdict["claim"] == "nonneg")
    assert "240 samples" in judged  # every sixth of 1437, at most MONITORED = 256


def test_a_default_that_is_written_out_is_the_same_run() -> None:
    plain = settings(SIMULATE)
    assert plain == settings(
        {**SIMULATE, "parameters": {"dimension": 10, "smoothness": 1, "condition": 10.0}}
    )
    assert plain["parameters"]["smoothness"] == 1.0
    assert plain != settings({**SIMULATE, "parameters": {"dimension": 11}})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"problem": "quadratik"}, "unknown problem 'quadratik'; did you mean 'quadratic'?"),
        ({"parameters": {"dimnsion": 3}}, "did you mean 'dimension'?"),
        ({"parameters": {"condition": 0.5}}, "condition is 0.5; it must be at least 1"),
        ({"step_size": 0.0}, "step_size: Input should be greater than 0"),
        ({"step_size": "0.1"}, "step_size: Input should be a valid number"),
        ({"replicas": 1}, "replicas: Input should be greater than or equal to 2"),
        ({"momentum": 1.0}, "momentum: Input should be less than 1"),
        ({"dtype": "float16"}, "'float64' or 'float32'"),
    ],
)
def test_settings_of_a_simulation_are_checked(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        settings({**SIMULATE, **change})
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"learners": 1}, "a mutual term (beta > 0) needs a peer"),
        ({"nesterov": True, "momentum": 0.0}, "nesterov needs momentum"),
        ({"data": "digit"}, "'digits' or 'mnist1d'"),
        ({"hidden": [0]}, "hidden.0: Input should be greater than or equal to 1"),
    ],
)
def test_settings_of_training_are_checked(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        settings({**TRAIN, **change})
    assert words in str(caught.value)


def test_the_kinds_have_no_name_twice() -> None:
    """A metric that is called like a setting, or a summary, could not stand beside it in a frame."""
    for data in (SIMULATE, TRAIN):
        chosen = settings(data)
        computation = KINDS[data["kind"]].open(chosen)
        state, rows = computation.advance(computation.start(), computation.steps)
        summary = computation.conclude(state, rows).summary
        names = {name for row in rows for name in row}
        assert not set(chosen) & set(summary)
        assert not set(chosen) & names
        assert not {"run", "status", "replicate", "row", "point"} & (set(summary) | names)


@pytest.mark.slow
def test_a_real_study_from_file_to_report(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text(
        'name = "real"\n[run]\nkind = "simulate"\nproblem = "quadratic"\nreplicas = 16\nsteps = 400\n'
        "parameters.dimension = 2\n[sweep]\ndesign = 'grid'\nseeds = 2\n"
        "grid.step_size = [0.1, 0.2, 0.4]\ngrid.parameters.bias_bound = [0.0, 0.5]\n"
    )
    store = tmp_path / "store"
    done = rdml("sweep", file, "--store", store, "-j", 2)
    assert done.returncode == 0, done.stderr
    data = simulations.load("real", store=store)
    floor = data["floor"].mean("replicate")
    at_zero = floor.sel({"parameters.bias_bound": 0.5}) - floor.sel({"parameters.bias_bound": 0.0})
    assert np.abs(at_zero - 0.25).max() < 0.1  # a constant bias adds its square
    report = here("report", "real", "--store", store, "--out", tmp_path)
    assert report.returncode == 0, report.stderr
    text = (tmp_path / "real.html").read_text()
    assert "Extrapolated to step size 0" in text
    assert "stationarity" in text
    again = rdml("sweep", file, "--store", store, "--json", tmp_path / "o.json")
    assert again.returncode == 0
    assert '"present": 12' in (tmp_path / "o.json").read_text()
