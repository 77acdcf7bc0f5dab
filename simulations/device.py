"""Which device does the work: what CUDA lacks here and what to do about it, in one line."""

from __future__ import annotations

from functools import cache

import torch

from convergence.divergence.triton_cohort import kernel_trouble


@cache
def cuda_trouble(precision: str = "float32") -> str | None:
    """Why CUDA cannot be used for arithmetic in `precision`, and what to do; None if it can."""
    if torch.version.cuda is None:
        return (
            f"PyTorch {torch.__version__} is a build without CUDA; install one with it from "
            "https://pytorch.org/get-started, or use --device cpu"
        )
    try:
        torch.cuda.init()
    except RuntimeError as error:  # says whether driver, device or a new enough driver is missing
        first = str(error).split(". ")[0].rstrip(".")
        return (
            f"PyTorch {torch.__version__} for CUDA {torch.version.cuda} cannot use a device: {first}; "
            "see what nvidia-smi says, update the driver, or use --device cpu"
        )
    name, (major, minor) = torch.cuda.get_device_name(), torch.cuda.get_device_capability()
    if precision == "bf16" and major < 8:
        return (
            f"{name} has compute capability {major}.{minor}, and bf16 needs 8.0; use --precision float32, "
            "or --device cpu"
        )
    return kernel_trouble()


def chosen_device(name: str, precision: str = "float32") -> torch.device:
    """The device of a name: `auto` is CUDA if it can be used, else the CPU.

    Raises:
        ValueError: `cuda` where it cannot be used; the message says what was found and what to do.
    """
    trouble = None if name == "cpu" else cuda_trouble(precision)
    if name == "cuda" and trouble is not None:
        raise ValueError(f"device is 'cuda': {trouble}")
    return torch.device("cpu" if name == "cpu" or trouble is not None else "cuda")


def fallback_note(name: str, precision: str = "float32") -> str | None:
    """What a command says once where `auto` comes down to the CPU."""
    trouble = cuda_trouble(precision) if name == "auto" else None
    return None if trouble is None else f"device: cpu, as {trouble.removesuffix(', or use --device cpu')}"
