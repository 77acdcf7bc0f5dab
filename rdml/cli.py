"""The command line: `rdml COMMAND`. Exit code 0 all holds, 1 something was refuted or failed, 2 bad usage."""

from __future__ import annotations

import sys

import typer

from rdml.commands import claims
from rdml.commands.verify import verify

app = typer.Typer(
    name="rdml",
    help="Theory and convergence of Rényi-divergence deep mutual learning, checked.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _root() -> None:
    """Without this, Typer makes a lone command the application itself."""


app.command()(verify)
app.add_typer(claims.app, name="claims")


def main() -> None:
    """Run the application; what a user got wrong is one line on stderr and exit code 2."""
    try:
        app()
    except ValueError as error:
        typer.echo(f"Error: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
