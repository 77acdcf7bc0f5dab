"""Checkpoints: a whole training state in one safetensors file, from which a run goes on to the bit."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

FORMAT = "renyi-dml cohort 1"


def check_checkpoint(checkpoint: Path | None, every: int, resume: bool) -> None:
    """Refuse, before data are loaded, a checkpoint that cannot be written every so many steps or gone on from."""
    if every < 0:
        raise ValueError(f"checkpoint_every is {every}; 0 (the end only) or more is needed")
    if checkpoint is None:
        if resume:
            raise ValueError("resume needs a checkpoint to go on from; checkpoint is None")
        return
    if not checkpoint.parent.is_dir():
        raise ValueError(f"checkpoint is {checkpoint}; the folder {checkpoint.parent} does not exist")
    if resume and not checkpoint.exists():
        raise ValueError(f"resume needs a checkpoint to go on from; {checkpoint} does not exist")


def save(
    path: Path,
    models: Sequence[nn.Module],
    optimizers: Sequence[torch.optim.Optimizer],
    *,
    step: int,
    record: Mapping[str, Any],
) -> None:
    """Write the state after `step` steps; the file is replaced in one move, never half-written.

    Args:
        path: of the file.
        models: their parameters and buffers are kept.
        optimizers: their states and settings are kept.
        step: number of steps taken.
        record: anything else, JSON-ready.

    Raises:
        OSError: the file cannot be written; an older one stays.
    """
    tensors = {"random_state": torch.random.get_rng_state()}
    for k, model in enumerate(models):
        for name, tensor in model.state_dict().items():
            tensors[f"learner.{k}.{name}"] = tensor.detach().clone().contiguous()
    groups: list[Any] = []
    scalars: list[dict[str, Any]] = []
    for k, optimizer in enumerate(optimizers):
        state = optimizer.state_dict()
        groups.append(state["param_groups"])
        scalars.append({})
        for index, slots in state["state"].items():
            for name, value in slots.items():
                if isinstance(value, Tensor):
                    tensors[f"optimizer.{k}.{index}.{name}"] = value.detach().clone().contiguous()
                else:
                    scalars[k].setdefault(str(index), {})[name] = value
    content = {"step": step, "groups": groups, "scalars": scalars, "record": record}
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        save_file(tensors, temporary, metadata={"format": FORMAT, "content": json.dumps(content)})
        os.replace(temporary, path)
    except SafetensorError as error:  # its name for what the system refused
        raise OSError(str(error)) from error
    finally:
        temporary.unlink(missing_ok=True)


def contents(path: Path) -> dict[str, Any]:
    """`step`, `record` and the optimisers' settings of a checkpoint, without its tensors.

    Raises:
        ValueError: for a file that is no checkpoint.
    """
    try:
        with safe_open(path, "pt") as archive:
            metadata = archive.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise ValueError(f"{path} cannot be read as a checkpoint: {error}") from error
    if metadata.get("format") != FORMAT:
        raise ValueError(f"{path} has format {metadata.get('format')!r}; {FORMAT!r} is needed")
    return json.loads(metadata["content"])


def restore(
    path: Path, models: Sequence[nn.Module], optimizers: Sequence[torch.optim.Optimizer]
) -> tuple[int, dict[str, Any]]:
    """Put models, optimisers and torch's random state where `save` found them; returns step and record.

    Raises:
        ValueError: for a file that is no checkpoint, or one of another cohort.
    """
    content = contents(path)
    with safe_open(path, "pt") as archive:
        tensors = {name: archive.get_tensor(name) for name in archive.keys()}  # noqa: SIM118
    if len(content["groups"]) != len(optimizers):
        raise ValueError(f"{path} holds {len(content['groups'])} optimizers; the run has {len(optimizers)}")
    for k, model in enumerate(models):
        try:
            model.load_state_dict(_under(tensors, f"learner.{k}."))
        except RuntimeError as error:
            raise ValueError(f"{path} does not fit learner {k}: {error}") from error
    for k, optimizer in enumerate(optimizers):
        state: dict[int, dict[str, Any]] = {}
        for name, tensor in _under(tensors, f"optimizer.{k}.").items():
            index, slot = name.split(".", 1)
            state.setdefault(int(index), {})[slot] = tensor
        for index, slots in content["scalars"][k].items():
            state.setdefault(int(index), {}).update(slots)
        optimizer.load_state_dict({"state": state, "param_groups": content["groups"][k]})
    torch.random.set_rng_state(tensors["random_state"])
    return content["step"], content["record"]


def _under(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
