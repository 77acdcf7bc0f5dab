"""What the Triton kernels become for an H100 that is not there: `python benchmarks/gpu_static.py` needs no device.

Everything runs as on one up to the launch, on tensors without memory; the machine code is then read: registers,
stack for spilled ones, instructions of the loops. Nothing is measured, and the times are floors: instructions or bytes
over what the data sheet says. Exit code 1: a kernel spills registers.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

os.environ["TRITON_INTERPRET"] = "0"  # read when Triton is first imported

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.runtime import driver

from convergence.divergence import triton_launch
from simulations.ensemble import fused
from simulations.problems import problem

# NVIDIA's data sheet of the H100 SXM: 3.35 TB/s, 67 float32 TFLOPS = 2·128 a cycle of each of 132 multiprocessors; the
# CUDA programming guide, table of throughputs for compute capability 9.0: 16 exponentials a cycle.
BYTES_A_SECOND, LANES_A_SECOND = 3.35e12, 67e12 / 2
EXPONENTIALS_A_SECOND = LANES_A_SECOND / 8
TOOLS = Path(triton.__file__).parent / "backends" / "nvidia" / "bin"


class Loop(NamedTuple):
    """Instructions of a loop's body, and of those exponentials and accesses to spilled registers."""

    instructions: float
    exponentials: float
    spilled: int

    def unrolled(self, exponentials: int) -> Loop:
        """One turn, of as many exponentials, of what the compiler made several of."""
        turns = self.exponentials / exponentials
        if turns != round(turns):
            raise ValueError(
                f"{self.exponentials} exponentials are no multiple of {exponentials}: not that loop"
            )
        return self._replace(instructions=self.instructions / turns, exponentials=exponentials)


class Code(NamedTuple):
    """A kernel's registers, bytes of stack a lane, and innermost loops in order."""

    registers: int
    stack: int
    loops: list[Loop]


class AbsentDevice:
    """Stands for Triton's driver: takes what is compiled, and launches nothing."""

    def __init__(self) -> None:
        self.codes: list[Code] = []
        self.utils = SimpleNamespace(
            get_device_properties=lambda device: {"max_shared_mem": 227 * 1024}, load_binary=self._load
        )

    def get_current_device(self) -> int:
        """The only one."""
        return 0

    def get_current_stream(self, device: int) -> int:
        """The default."""
        return 0

    def get_current_target(self) -> GPUTarget:
        """An H100's."""
        return GPUTarget("cuda", 90, 32)

    def launcher_cls(self, source: Any, metadata: Any) -> Any:
        """What launches a kernel: nothing does."""
        return lambda *arguments: None

    def _load(self, name: str, binary: bytes, *_: Any) -> tuple[Any, ...]:
        self.codes.append(read(binary))
        return None, None, self.codes[-1].registers, self.codes[-1].stack, 1024


def read(binary: bytes) -> Code:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "kernel.cubin"
        file.write_bytes(binary)

        def told(option: str) -> str:
            command = [str(TOOLS / "cuobjdump"), option, str(file)]
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout

        usage, listing = told("-res-usage"), told("-sass")
    found = {name: int(value) for name, value in re.findall(r"(REG|STACK):(\d+)", usage)}
    return Code(found["REG"], found["STACK"], innermost_loops(listing))


def innermost_loops(listing: str) -> list[Loop]:
    """Loops are jumps backwards; the last instruction of a kernel, a jump to itself, is none."""
    lines = [
        (int(at, 16), words) for at, words in re.findall(r"^\s+/\*([0-9a-f]{4,})\*/\s+(.*?);", listing, re.M)
    ]
    place = {at: index for index, (at, _) in enumerate(lines)}
    spans = []
    for end, (at, words) in enumerate(lines):
        jump = re.search(r"\bBRA\b.* 0x([0-9a-f]+)", words)
        if jump and int(jump[1], 16) < at:
            spans.append((place[int(jump[1], 16)], end))
    inner = [s for s in spans if not any(s != t and s[0] <= t[0] and t[1] <= s[1] for t in spans)]
    loops = []
    for start, end in inner:
        words = Counter(re.sub(r"^@!?U?P\w+ ", "", text).split()[0] for _, text in lines[start : end + 1])
        spilled = sum(count for word, count in words.items() if word.startswith(("LDL", "STL")))
        loops.append(Loop(sum(words.values()), words["MUFU.EX2"], spilled))
    return loops


def loss(device: AbsentDevice, shape: tuple[int, int, int], dtype: torch.dtype) -> list[str]:
    """Rows of the kernel of most rows of narrow logits, and of the other one."""
    learners, batch, _ = shape
    logits = torch.empty(shape, dtype=dtype, device="meta")
    labels = torch.empty(batch, dtype=torch.int64, device="meta")
    orders, weights = torch.empty(2, learners, learners, dtype=torch.float64, device="meta")
    before = len(device.codes)
    triton_launch.launch(logits, labels, orders, 1.5, weights, 1.0, True)
    *quick, rest = device.codes[before:]
    name = f"{shape} {str(dtype)[6:]}"
    # Of every learner t and o at every class, and once more to rescale a lane's sums.
    rows = [_line(f"loss {name}", code, logits, 2 * learners, (0, 2)) for code in quick]
    # Of every learner and ordered pair; rows of float32 logits take the slow way always.
    sweeps = (0, 1) if quick else None
    return [*rows, _line(f"loss of other rows {name}", rest, logits, learners**2, sweeps)]


def _line(name: str, code: Code, logits: torch.Tensor, powers: int, sweeps: tuple[int, int] | None) -> str:
    row = f"| {name} | {code.registers} | {code.stack} |"
    if sweeps is None:
        return f"{row} | | |"
    first, second = (code.loops[place] for place in sweeps)
    each = second.exponentials // powers
    first, second = first.unrolled(powers * (each + 1)), second.unrolled(powers * each)
    instructions = (first.instructions + second.instructions) / each
    exponentials = (first.exponentials + second.exponentials) / each
    copy = 2 * logits.element_size() * len(logits) / BYTES_A_SECOND
    issue, special = instructions / LANES_A_SECOND / copy, exponentials / EXPONENTIALS_A_SECOND / copy
    return f"{row} {instructions:.0f} | {issue:.2f} | {special:.2f} |"


def scaled(device: AbsentDevice) -> str:
    triton_launch.scale(
        torch.empty(2, 4096, 32000, dtype=torch.bfloat16, device="meta"), torch.empty(2, device="meta")
    )
    code = device.codes[-1]
    return f"| another scale of the gradient, bfloat16 | {code.registers} | {code.stack} | | | |"


def ensemble(device: AbsentDevice, dtype: torch.dtype) -> str:
    made = problem("double-well")
    assert made.kernel is not None
    lanes = fused.Lanes(
        points=torch.empty(1, 2**24, dtype=dtype, device="meta"),
        totals=torch.empty(4, 2**24, dtype=torch.float64, device="meta"),
        diverged_at=torch.empty(2**24, dtype=torch.int64, device="meta"),
        states=torch.empty(4, 2**24, dtype=torch.int64, device="meta"),
        spare=torch.empty(2**24, dtype=dtype, device="meta"),
    )
    fused.advance(made.kernel, lanes, [0.01] * 64, first=0)
    code = device.codes[-1]
    steps = f"{code.loops[0].instructions * 128 / fused.BLOCK:.0f} a step and replica"
    return f"| double well, {str(dtype)[6:]} | {code.registers} | {code.stack} | {steps} | | |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bars", action="store_true", help="only the shapes that bars are set for, in bf16")
    bars = parser.parse_args().bars
    device = AbsentDevice()
    driver.set_active(device)
    print(f"Triton {triton.__version__}, compute capability 9.0; compiled, not run")
    heads = (
        "kernel",
        "registers",
        "stack, bytes",
        "instructions a class",
        "these / one copy",
        "exponentials / one copy",
    )
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}", flush=True)
    for dtype in (torch.bfloat16,) if bars else (torch.bfloat16, torch.float16, torch.float32):
        for shape in ((2, 4096, 32000), (3, 2048, 50257), (4, 1024, 128256)):
            if not (bars and shape[0] == 3):
                print("\n".join(loss(device, shape, dtype)), flush=True)
    print(scaled(device), flush=True)
    for dtype in (torch.float32, torch.float64):
        print(ensemble(device, dtype), flush=True)
    return 1 if any(code.stack for code in device.codes) else 0


if __name__ == "__main__":
    sys.exit(main())
