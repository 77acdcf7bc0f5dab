"""Reading back: `simulations.load`, `rdml runs`, `rdml plot`, `rdml report`."""

import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import serious
from processes import fill, here, kill_group, records, study, wait_until
from test_sweep_command import Start

import simulations
from simulations.studies.files import StoreError, run_folders


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return study(
        tmp_path_factory.mktemp("study") / "s.toml",
        sweep='seeds = 2\ngrid.x = [0.0, 1.5]\ngrid.steps = [7, 20]\ngrid.label = ["a", "b"]',
    )


@pytest.fixture(scope="module")
def filled(file: Path) -> Path:
    store = file.parent / "store"
    fill(file, store)
    return store


def test_a_grid_is_a_dataset_with_its_keys_as_dimensions(filled: Path) -> None:
    data = simulations.load("count", store=filled)
    assert dict(data.sizes) == {"x": 2, "steps": 2, "label": 2, "replicate": 2, "row": 4}
    for record in records(filled).values():
        settings = record["configuration"]
        here = data.sel(x=settings["x"], steps=settings["steps"], label=settings["label"])
        assert record["summary"]["total"] in here["total"].values
        assert record["id"] in here["run"].values
    short, long = data.sel(steps=7), data.sel(steps=20)
    assert np.isnan(short["total_by_row"].values[..., 2:]).all()
    assert not np.isnan(long["total_by_row"].values).any()
    assert (long["step"].values == [0, 5, 10, 15]).all()


def test_frames_have_a_line_for_each_run_or_row(filled: Path) -> None:
    runs = simulations.load("count", store=filled, form="runs")
    assert len(runs) == 16
    assert set(runs["status"]) == {"finished"}
    for line in runs.itertuples():
        record = records(filled)[line.run]
        assert line.total == record["summary"]["total"]
        assert (line.x, line.steps) == (record["configuration"]["x"], record["configuration"]["steps"])
    metrics = simulations.load("count", store=filled, form="metrics")
    assert len(metrics) == 8 * 2 + 8 * 4
    assert list(metrics[metrics["run"] == runs["run"][0]]["row"]) == [0, 1]


def test_other_designs_have_points(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text(
        'name="r"\nrun.kind="counting"\n[sweep]\ndesign="random"\nsamples=3\nseeds=2\n'
        "ranges.x={low=0.0,high=1.0}\n"
    )
    fill(file, tmp_path / "store")
    data = simulations.load("r", store=tmp_path / "store")
    assert dict(data.sizes) == {"point": 3, "replicate": 2, "row": 4}
    for record in records(tmp_path / "store").values():
        there = data["total"].sel(point=np.flatnonzero(data["x"] == record["configuration"]["x"])[0])
        assert record["summary"]["total"] in there.values


def test_a_study_that_is_not_finished_can_be_read(tmp_path: Path, store: Path, start: Start) -> None:
    file = study(tmp_path / "s.toml", run="pause = 0.05", sweep="seeds = 6")
    process = start("sweep", file, "--store", store, "-j", 1)
    wait_until(lambda: len(list(store.glob("??/*/metrics.parquet"))) >= 2, process)
    kill_group(process)
    runs = simulations.load("count", store=store, form="runs")
    assert len(runs) == 6
    assert {"finished", "absent"} <= set(runs["status"])
    assert runs[runs["status"] == "absent"]["total"].isna().all()
    assert simulations.load("count", store=store)["total"].isnull().any()


def test_what_is_not_there_is_named(filled: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no study 'cuont' in .*; there: count"):
        simulations.load("cuont", store=filled)
    with pytest.raises(StoreError, match="there is no run store"):
        simulations.load("count", store=tmp_path / "none")
    with pytest.raises(StoreError, match="is not allowed"):
        simulations.load("../count", store=filled)
    with pytest.raises(ValueError, match="form is 'x'; one of dataset, runs, metrics is needed"):
        simulations.load("count", store=filled, form="x")  # type: ignore[call-overload]


def test_runs_are_filtered_sorted_and_shown(filled: Path, tmp_path: Path) -> None:
    done = here("runs", "--store", filled, "--where", "x>=1", "--where", "steps=7", "--sort", "-total",
                "--columns", "run,x,steps,total", "--json", tmp_path / "o.json")  # fmt: skip
    assert done.returncode == 0
    found = json.loads((tmp_path / "o.json").read_text())["runs"]
    assert len(found) == 4
    assert all((run["x"], run["steps"]) == (1.5, 7) for run in found)
    totals = [run["total"] for run in found]
    assert totals == sorted(totals, reverse=True)
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["run", "x", "steps", "total"]
    assert [line.split()[0] for line in lines[1:5]] == [run["run"][:12] for run in found]
    assert "13 more with --limit 0" in here("runs", "--store", filled, "--limit", 3).stdout
    assert "8 runs" in here("runs", "--store", filled, "--where", "label=a").stdout
    assert "0 runs" in here("runs", "--store", filled, "--status", "failed").stdout
    assert "16 runs" in here("runs", "--store", filled, "--study", "count").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--where", "xx=1"), "unknown key 'xx'"),
        (("--where", "stepz=1"), "did you mean 'steps'?"),
        (("--where", "x"), "KEY=VALUE is needed"),
        (("--sort", "totl"), "did you mean 'total'?"),
        (("--columns", "run,totl"), "did you mean 'total'?"),
        (("--status", "done"), "unfinished, finished, failed"),
        (("--study", "none"), "no study 'none'"),
    ],
)
def test_a_wrong_question_is_one_line(filled: Path, arguments: tuple[str, ...], words: str) -> None:
    done = here("runs", "--store", filled, *arguments)
    assert done.returncode == 2
    assert words in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_a_run_is_shown_by_the_beginning_of_its_id(filled: Path) -> None:
    run = next(iter(run_folders(filled))).name
    done = here("runs", "show", run[:10], "--store", filled)
    assert json.loads(done.stdout)["id"] == run
    assert here("runs", "--store", filled, "show", run[:10]).stdout == done.stdout
    assert "0 runs in" in here("runs", "show", "0" * 12, "--store", filled).stderr
    assert "is not the beginning of a run id" in here("runs", "show", "../x", "--store", filled).stderr


def test_rm_asks_first_and_leaves_what_is_held(tmp_path: Path, store: Path, start: Start) -> None:
    file = study(tmp_path / "s.toml", sweep="grid.x = [0.0, 1.0, 2.0]")
    fill(file, store)
    refused = here("runs", "rm", "--store", store, "--where", "x>=1")  # no terminal to ask at
    assert refused.returncode == 2
    assert len(records(store)) == 3
    assert here("runs", "rm", "--store", store).returncode == 2
    done = here("runs", "rm", "--store", store, "--where", "x>=1", "--yes")
    assert done.returncode == 0
    assert "2 runs removed" in done.stderr
    assert [record["configuration"]["x"] for record in records(store).values()] == [0.0]
    slow = study(tmp_path / "slow.toml", name="slow", run="steps = 2000\npause = 0.01")
    process = start("sweep", slow, "--store", store, "-j", 1, "--checkpoint-every", 0.1)
    wait_until(lambda: len(records(store)) == 2, process)
    done = here("runs", "rm", "--store", store, "--where", "steps=2000", "--yes")
    assert done.returncode == 1
    assert "is being computed; left" in done.stderr
    assert len(records(store)) == 2


def test_plot_draws_runs(filled: Path, tmp_path: Path) -> None:
    runs = [folder.name[:12] for folder in run_folders(filled)]
    done = here("plot", *runs[:3], "--store", filled, "--out", tmp_path / "p.svg")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "p.svg").read_text().count("<svg") == 1
    assert here("plot", runs[0], "--store", filled, "--metric", "total").returncode == 0
    assert len(list(filled.glob("??/*/figures/total.svg"))) == 1
    assert here("plot", *runs[:2], "--store", filled).returncode == 2
    assert "does not end in .svg" in here("plot", runs[0], "--store", filled, "--out", "x.png").stderr
    assert "did you mean 'total'?" in here("plot", runs[0], "--store", filled, "--metric", "totel").stderr


def test_plot_refuses_a_store_that_it_cannot_write_into(
    filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    run = next(iter(run_folders(filled))).name[:12]
    done = here("plot", run, "--store", filled)
    assert done.returncode == 2
    assert "is not writable: Permission denied" in done.stderr


class Page(HTMLParser):
    """What a browser would load from elsewhere or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_report_is_whole_and_needs_no_network(filled: Path, tmp_path: Path) -> None:
    done = here("report", "count", "--store", filled, "--out", tmp_path, "--json", tmp_path / "o.json")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "count.html").read_text()
    page = Page(text)
    assert not [a for _, a in page.tags if re.match("(https?:)?//", a.get("src") or a.get("href") or "")]
    assert sum(tag == "svg" and a.get("role") == "img" for tag, a in page.tags) == 2
    assert "16 finished" in text
    assert 'kind = "counting"' in html.unescape(text)
    (verdict,) = json.loads((tmp_path / "o.json").read_text())["verdicts"]
    assert verdict["claim"] == "counting"
    assert verdict["statuses"] == {"checked": 16}


@pytest.mark.slow
def test_axe_finds_nothing_serious_in_a_report_that_fits_a_phone(
    filled: Path, tmp_path: Path, browser: Any
) -> None:
    assert here("report", "count", "--store", filled, "--out", tmp_path).returncode == 0
    for scheme in ("light", "dark"):
        size = {"width": 390, "height": 844}
        with browser.new_context(color_scheme=scheme, viewport=size, offline=True) as context:
            tab = context.new_page()
            tab.goto((tmp_path / "count.html").as_uri())
            assert serious(tab) == []
            assert tab.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_the_report_escapes_all_text_that_it_shows(tmp_path: Path, store: Path) -> None:
    evil = "<script>alert(1)</script>$\\frac{&\"'"
    file = tmp_path / "s.toml"
    file.write_text(
        f"name = 'count'\ndescription = '''{evil}'''\n[run]\nkind = 'counting'\n"
        f"[sweep]\ndesign = 'grid'\ngrid.x = [0.0, 1.0]\ngrid.label = ['''{evil}''', 'b']\n"
        "grid.fail_at = [-1, 3]\n"
    )
    fill(file, store)
    failed = next(r for r in records(store).values() if r["status"] == "failed")
    path = store / failed["id"][:2] / failed["id"] / "run.json"
    failed["error"] = {"type": evil, "message": evil, "traceback": evil}
    failed["verdicts"] = [
        {"claim": evil, "status": "refuted", "margin": None, "evidence": evil, "witness": evil}
    ]
    failed["versions"] = {evil: evil}
    path.write_text(json.dumps(failed))
    done = here("report", "count", "--store", store, "--out", tmp_path)
    assert done.returncode == 1
    text = (tmp_path / "count.html").read_text()
    assert [a for tag, a in Page(text).tags if tag == "script"] == [{}]  # the page's own
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_a_damaged_run_is_named_in_the_report(tmp_path: Path, store: Path) -> None:
    file = study(tmp_path / "s.toml", sweep="grid.x = [0.0, 1.0, 2.0]")
    fill(file, store)
    (next(iter(run_folders(store))) / "run.json").write_text("{")
    done = here("report", "count", "--store", store, "--out", tmp_path)
    assert done.returncode == 1
    text = (tmp_path / "count.html").read_text()
    assert "run.json is damaged" in text
    assert "2 finished" in text


def test_escape_sequences_do_not_reach_the_terminal(tmp_path: Path, store: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text('name="count"\nrun.kind="counting"\nrun.label="\\u001b[31mred\\u0007"\n')
    fill(file, store)
    shown = here("runs", "--store", store, "--columns", "run,label").stdout
    assert "\x1b" not in shown
    assert "\\x1b[31mred\\x07" in shown
