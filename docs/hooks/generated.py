"""Pages that are written when the site is built, from the project itself: the commands and the claims."""

import subprocess
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from rdml.claim_pages import write_claim_pages

ROOT = Path(__file__).parents[2]
CLAIMS = ROOT / "out" / "claims"


def on_files(files: Files, config: MkDocsConfig, **_: object) -> Files:
    """Add the generated pages to those that lie in docs/."""
    files.append(File.generated(config, "reference/commands.md", content=_commands()))
    sources = [
        path for package in ("convergence", "proofs", "rdml") for path in (ROOT / package).rglob("*.py")
    ]
    index = CLAIMS / "index.md"
    if not index.exists() or index.stat().st_mtime < max(path.stat().st_mtime for path in sources):
        write_claim_pages(CLAIMS)
    for path in sorted(CLAIMS.iterdir()):
        files.append(File.generated(config, f"claims/{path.name}", abs_src_path=str(path)))
    return files


def _commands() -> str:
    """What `--help` says of every command, as typer writes it."""
    words = ("rdml.cli", "utils", "docs", "--name", "rdml", "--title", "Commands")
    command = (sys.executable, "-m", "typer", *words)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
