"""`rdml doctor`: what is installed, which device, whether the run store is healthy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rdml.options import JsonFile
from rdml.store_options import Quiet, StoreDir

if TYPE_CHECKING:
    from rdml.health import Health

LIBRARIES = (
    "renyi-dml", "torch", "numpy", "scipy", "sympy", "numba", "pyarrow", "pandas", "xarray", "distributed",
    "safetensors", "matplotlib",
)  # fmt: skip
OPTIONAL = {"triton": "not installed; it compiles the divergence on a CUDA device (the extra gpu)"}


def doctor(
    store: StoreDir = Path("runs"),
    repair: Annotated[
        bool, typer.Option("--repair", help="Put damaged runs aside, delete what killed processes left.")
    ] = False,
    json: JsonFile = None,
    quiet: Quiet = False,
) -> None:
    """Say what is installed, which device there is, and whether the run store is healthy.

    Exit code 0: healthy, or put right. 1: there is trouble; --repair puts right what can be.
    """
    from rdml.files import write_json
    from rdml.health import examine
    from rdml.printable import printable

    found = machine()
    health = examine(store, repair=repair) if store.is_dir() else None
    lines = [f"{name}: {value}" for name, value in found.items()]
    lines += store_lines(store, health)
    if json is not None:
        write_json(json, {"machine": found, "store": str(store), "health": health and vars(health)})
    if not quiet:
        typer.echo(printable("\n".join(lines)))
    raise typer.Exit(0 if health is None or health.healthy else 1)


def machine() -> dict[str, Any]:
    """Versions and resources, JSON-ready."""
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from rdml import engines
    from rdml.store import code_version

    found: dict[str, Any] = {"python": platform.python_version(), "system": platform.platform()}
    for library in (*LIBRARIES, *OPTIONAL):
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = OPTIONAL.get(library, "missing: install renyi-dml again")
    found["code version"] = code_version()
    found["device"] = device()
    found["free memory"] = f"{engines.free_memory() / 1e9:.1f} GB"
    found["default workers"] = engines.worker_count(None, 0.0)
    return found


def device() -> str:
    """Where runs can be computed."""
    import torch

    if torch.cuda.is_available():
        names = [torch.cuda.get_device_name(k) for k in range(torch.cuda.device_count())]
        return f"cuda ({', '.join(names)}), cpu"
    return f"cpu ({torch.get_num_threads()} threads); no CUDA device"


def store_lines(store: Path, health: Health | None) -> list[str]:
    """What is to be said of the store."""
    if health is None:
        return [f"run store: none at {store}"]
    counts = ", ".join(f"{count} {name}" for name, count in sorted(health.counts.items())) or "no runs"
    lines = [f"run store: {store}: {counts}", *(f"  trouble: {line}" for line in health.troubles)]
    lines += [f"  repaired: {line}" for line in health.repaired]
    if not health.troubles:
        lines += ["  healthy"]
    elif not health.healthy:
        lines += [f"  {len(health.troubles) - len(health.repaired)} of these are not put right"]
    return lines
