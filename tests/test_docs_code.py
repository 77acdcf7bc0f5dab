"""Every code block on the pages runs: Python in one namespace a page, commands one by one, studies as studies.

`SETUP` is what a page takes for granted (a model, some data, a smaller study); `NOT_RUN` names the commands that
install something or start a service, with the reason.
"""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
LANGUAGES = {"python", "console", "toml", "text"}
SLOW = {"index.md", "tutorial.md", "runs.md", "training.md", "cluster.md", "gpu.md"}

NOT_RUN = {
    "python3 -m venv": "installs",
    ".venv/bin/pip install": "installs",
    ". .venv/bin/activate": "changes the reader's shell",
    "dask scheduler": "starts a service",
    "dask worker": "starts a service",
    "rdml sweep study.toml --scheduler tcp": "needs that service; tests/rdml/studies/test_executors.py runs one",
    "sbatch": "needs Slurm",
    "pip install": "installs",
    "rdml verify --witness network --device cuda": "needs a device; tests/gpu runs it",
    "python benchmarks/gpu.py": "needs a device",
    "pytest -m gpu": "needs a device",
}

SETUP = {
    "divergence.md": """
import torch
from convergence import MutualLoss
x, y = torch.randn(32, 4), torch.randint(3, (32,))
models = [torch.nn.Linear(4, 3) for _ in range(2)]
teacher_logits, logits = torch.randn(32, 3), torch.randn(32, 3, requires_grad=True)
""",
    "ledger.md": """
import torch
from convergence import MutualLoss
from convergence.estimators import Ledger
x, y = torch.randn(64, 4), torch.randint(3, (64,))
models = [torch.nn.Linear(4, 3).double() for _ in range(2)]
x = x.double()
optimizers = [torch.optim.SGD(model.parameters(), lr=0.1) for model in models]
mutual_loss = MutualLoss(alpha=1.5, beta=1.0)
batches = [torch.randint(64, (16,)) for _ in range(12)]
""",
    "training.md": """
import torch
MyNet = MyOtherNet = lambda: torch.nn.Linear(4, 3)
loader = [(torch.randn(8, 4), torch.randint(3, (8,))) for _ in range(5)]
""",
    "runs.md": """
import shutil
from pathlib import Path
study = (ROOT / "examples" / "bias-floor.toml").read_text()
smaller = study.replace("steps = 20_000", "steps = 200").replace("replicas = 512", "replicas = 8")
assert smaller != study
Path("examples").mkdir()
Path("examples/bias-floor.toml").write_text(smaller)
""",
    "cluster.md": """
import builtins
dask_kubernetes = pytest.importorskip("dask_kubernetes.operator", reason="dask-kubernetes is not installed")
pytest.importorskip("dask_jobqueue", reason="dask-jobqueue is not installed")
monkeypatch.setattr(builtins, "input", lambda words: "")
class KubeCluster:
    scheduler_address = "tcp://nowhere:8786"
    def __init__(self, custom_cluster_spec):
        assert custom_cluster_spec["spec"]["worker"]["spec"]["volumes"]
monkeypatch.setattr(dask_kubernetes, "KubeCluster", KubeCluster)
""",
}


def text(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def pages() -> list[str]:
    names = [str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")]
    return sorted(name for name in names if "```" in text(name))


def blocks(page: str) -> list[tuple[str, str]]:
    return re.findall(r"^```(.*?)\n(.*?)^```$", text(page), re.DOTALL | re.MULTILINE)


def test_there_are_pages() -> None:
    assert len(pages()) >= 10


@pytest.mark.parametrize("page", pages())
def test_each_block_says_what_it_is(page: str) -> None:
    found = blocks(page)
    assert {language for language, _ in found} <= LANGUAGES
    assert 2 * len(found) == text(page).count("```")  # none is indented, and so overlooked


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=pytest.mark.slow) if page in SLOW else page for page in pages()]
)
def test_the_code_on_the_page_runs(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"ROOT": ROOT, "pytest": pytest, "monkeypatch": monkeypatch}
    exec(compile(SETUP.get(page, ""), f"setup of {page}", "exec"), names)
    for language, block in blocks(page):
        run(language, block, page, names)


def run(language: str, block: str, page: str, names: dict[str, Any]) -> None:
    if language == "console":
        for line in block.splitlines():
            command(line)
    elif language == "toml":
        from rdml.config import load_study

        Path("study.toml").write_text(block)
        load_study(Path("study.toml"))
    elif block.startswith(">>>"):
        examples = doctest.DocTestParser().get_doctest(block, names, page, page, 0)
        assert doctest.DocTestRunner().run(examples).failed == 0
    elif language == "python":
        exec(compile(block, page, "exec"), names)


def command(line: str) -> None:
    if not line.startswith("$ ") or any(line.startswith(f"$ {start}") for start in NOT_RUN):
        return
    words = shlex.split(line[2:], comments=True)
    here = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    result = subprocess.run(words, env=here, capture_output=True, text=True, timeout=280)
    assert result.returncode == 0, f"{line}\n{result.stdout[-2000:]}\n{result.stderr[-2000:]}"
