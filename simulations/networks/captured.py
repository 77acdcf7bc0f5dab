"""Steps of stacked cohorts on a device without the cost of launching them one kernel at a time."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from simulations.networks.stacked import StackedCohorts

WARM_UP = 3


def fixed_step(engine: StackedCohorts, inputs: Tensor, labels: Tensor) -> Callable[[Tensor, Tensor], None]:
    """`engine.step` for batches of the shape of these alone: on a CUDA device, a graph captured once.

    The engine's weights are as they were; the batches given here are not learned from.
    """
    return captured(engine, inputs, labels) if inputs.is_cuda else engine.step


def captured(engine: StackedCohorts, inputs: Tensor, labels: Tensor) -> Callable[[Tensor, Tensor], None]:
    """The step as a CUDA graph: what it reads and writes has the addresses it had when captured."""
    kept_inputs, kept_labels = inputs.clone(), labels.clone()
    with engine.untouched():
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):  # allocations and workspaces must exist before a capture
            for _ in range(WARM_UP):
                engine.step(kept_inputs, kept_labels)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            engine.step(kept_inputs, kept_labels)
    held = graph, engine.passes  # whose memory a step on another shape would give away

    def step(inputs: Tensor, labels: Tensor) -> None:
        kept_inputs.copy_(inputs)
        kept_labels.copy_(labels)
        held[0].replay()

    return step
