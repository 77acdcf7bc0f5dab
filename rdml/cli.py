"""The command line: `rdml COMMAND`. Exit code 0 all holds, 1 something was refuted or failed, 2 bad usage."""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import Any

import typer

from rdml.commands import claims, config, runs, scope, simulate
from rdml.commands.compare import compare
from rdml.commands.doctor import doctor
from rdml.commands.floor import floor
from rdml.commands.plot import plot
from rdml.commands.report import report
from rdml.commands.sweep import sweep
from rdml.commands.train import train
from rdml.commands.verify import verify
from rdml.commands.worst_case import worst_case

UsageError: Any = typer.BadParameter.__base__
"""What Typer raises for arguments that it cannot read; it exports no name for it."""

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
app.command()(worst_case)
app.command()(simulate.problems)
app.command()(simulate.simulate)
app.command()(floor)
app.command()(scope.scope)
app.command()(scope.basins)
app.command()(scope.tightness)
app.command()(scope.phase)
app.command()(train)
app.command()(compare)
app.command()(sweep)
app.add_typer(runs.app, name="runs")
app.add_typer(config.app, name="config")
app.command()(plot)
app.command()(report)
app.command()(doctor)


@cache
def command() -> Any:
    """The application as its parser sees it; building it takes tens of milliseconds, so once."""
    return typer.main.get_command(app)


def spread(arguments: list[str]) -> list[str]:
    """Let an option take several numbers where its command does: `--alpha 0.5 1` is `--alpha 0.5 --alpha 1`.

    Raises:
        ValueError: an option that takes one value is given twice, of which the parser would take the last.
    """
    takes_several = options_of(arguments)
    result: list[str] = []
    option, given = None, set()
    for argument in arguments:
        if option and is_number(argument):
            result += [argument] if result[-1] == option else [option, argument]
            continue
        name = argument.partition("=")[0]
        if name in given and not takes_several[name]:
            raise ValueError(f"{name} is given twice; it takes one value")
        given |= {name} & takes_several.keys()
        option = argument if takes_several.get(argument) else None
        result.append(argument)
    return result


def options_of(arguments: list[str]) -> dict[str, bool]:
    """Options of the command that the arguments name: spelling -> whether it may be given several times."""
    named = command()
    for argument in arguments:
        named = getattr(named, "commands", {}).get(argument, named)
    return {name: one.multiple for one in named.params for name in one.opts if name.startswith("-")}


def is_number(text: str) -> bool:
    """Whether `float` reads the text."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def in_words(error: Any) -> str:
    """What is wrong with an option or argument, with its value where the parser leaves that out."""
    # newer versions of Typer check by pydantic, whose errors hold the value
    found: list[Any] = getattr(error.__cause__, "errors", list)()
    if not found:
        return str(error.format_message())
    return f"{' / '.join(error.param.opts)} is {found[0]['input']}; {found[0]['msg'].removeprefix('Value error, ')}"


def run(arguments: list[str]) -> tuple[int, str]:
    """Run the application: its exit code, 2 if the user got it wrong, and in one line what went wrong."""
    try:
        return command()(args=spread(arguments), standalone_mode=False) or 0, ""
    except UsageError as error:
        return 2, in_words(error)
    except ValueError as error:
        return 2, str(error)
    except typer.Abort:
        return 1, "aborted"
    except OSError as error:
        return 1, str(error)


def main() -> None:
    """Run the application; what goes wrong is one line on stderr."""
    code, message = run(sys.argv[1:])
    try:
        if sys.stdout is not None:  # closed by the shell, `>&-`
            sys.stdout.flush()
    except OSError as error:  # a full disk, a closed pipe
        code, message = 1, f"stdout: {error.strerror}"
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python tries again at its end
    if message:
        typer.echo(f"Error: {message}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
