"""Pages that are written when the site is built, from the project itself: so far the commands."""

import subprocess
import sys

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files


def on_files(files: Files, config: MkDocsConfig, **_: object) -> Files:
    """Add the generated pages to those that lie in docs/."""
    files.append(File.generated(config, "reference/commands.md", content=_commands()))
    return files


def _commands() -> str:
    """What `--help` says of every command, as typer writes it."""
    words = ("rdml.cli", "utils", "docs", "--name", "rdml", "--title", "Commands")
    command = (sys.executable, "-m", "typer", *words)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout
