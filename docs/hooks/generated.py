"""Pages that are written when the site is built, from the project itself: the commands and the claims."""

import subprocess
import sys
from html import escape
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from typer.main import get_command

from rdml.claim_pages import write_claim_pages
from rdml.cli import app

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
    """What `--help` says of every command, as typer writes it, but for its lists, which typer cuts short."""
    words = ("rdml.cli", "utils", "docs", "--name", "rdml", "--title", "Commands")
    command = (sys.executable, "-m", "typer", *words)
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    root = get_command(app)
    for group in (root, *root.commands.values()):
        for listed in getattr(group, "commands", {}).values():
            short, whole = (escape(listed.get_short_help_str(limit)) for limit in (45, 200))
            text = text.replace(f"`: {short}\n", f"`: {whole}\n")
    return text
