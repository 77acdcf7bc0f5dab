"""A captured step against the plain one, with a double of CUDA graphs that replays on the CPU what was captured.

Like a graph, it replays operations, not Python: every replay reads and writes the very tensors of the capture, and
whatever would wait for a device ends the capture.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from simulations.networks.captured import captured
from simulations.networks.models import mlp
from simulations.networks.stacked import StackedCohorts

COHORTS, LEARNERS, BATCH = 3, 2, 5
WAITING = {"_local_scalar_dense", "is_nonzero", "nonzero", "equal", "masked_select", "_unique2", "bincount"}
"""Operations that give Python a value, or a shape that depends on one."""


class Capture(TorchDispatchMode):
    """Lists what is done: function, arguments, result."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[tuple[Any, Any, Any, Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func._schema.name.removeprefix("aten::") in WAITING:
            raise RuntimeError(
                f"{func} waits for the device: operation not permitted when stream is capturing"
            )
        made = func(*args, **(kwargs or {}))
        self.done.append((func, args, kwargs or {}, made))
        return made


class Graph:
    """A double of `torch.cuda.CUDAGraph`."""

    def __init__(self) -> None:
        self.capture = Capture()

    def replay(self) -> None:
        fresh = [self._is_fresh(*one) for one in self.capture.done]
        for (*_, made), new in zip(self.capture.done, fresh, strict=True):
            if new and made.is_floating_point():  # what another user of the memory left there
                made.fill_(torch.nan)
        for (func, args, kwargs, made), new in zip(self.capture.done, fresh, strict=True):
            again = func(*args, **kwargs)
            if new:
                made.copy_(again)

    @staticmethod
    def _is_fresh(func: Any, args: Any, kwargs: Any, made: Any) -> bool:
        """Whether the result has memory of its own, which the graph's pool would hold."""
        storages = {leaf.untyped_storage().data_ptr() for leaf in tensors((args, kwargs))}
        return isinstance(made, Tensor) and made.untyped_storage().data_ptr() not in storages


def tensors(tree: Any) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replaces streams and graphs of `torch.cuda`; what was asked of them."""
    asked: list[str] = []

    def stream(name: str) -> SimpleNamespace:
        return SimpleNamespace(
            name=name, wait_stream=lambda other: asked.append(f"{name} waits for {other.name}")
        )

    @contextmanager
    def on(side: SimpleNamespace) -> Iterator[None]:
        asked.append(f"on {side.name}")
        yield

    @contextmanager
    def capturing(graph: Graph) -> Iterator[None]:
        asked.append("capture")
        with graph.capture:
            yield

    for name, double in {
        "Stream": lambda: stream("side"),
        "current_stream": lambda: stream("current"),
        "stream": on,
        "CUDAGraph": Graph,
        "graph": capturing,
    }.items():
        monkeypatch.setattr(torch.cuda, name, double)
    return asked


def engines(count: int, **settings: Any) -> list[StackedCohorts]:
    torch.manual_seed(0)
    made = [[mlp(4, 3, (6,)).double() for _ in range(LEARNERS)] for _ in range(COHORTS)]
    return [StackedCohorts(made, step_size=0.2, **settings) for _ in range(count)]


def batches(count: int, size: int = BATCH) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randn(count, COHORTS, size, 4, generator=generator, dtype=torch.float64)
    return list(zip(inputs, torch.randint(3, (count, COHORTS, size), generator=generator), strict=True))


@pytest.mark.parametrize(
    "settings",
    [
        {"alpha": 1.5},
        {"alpha": 1.0, "momentum": 0.9},
        {"alpha": torch.tensor([0.5, 1.0, 3.0]), "beta": torch.tensor([0.0, 1.0, 0.4]), "temperature": 2.0},
        {"alpha": 1.5, "momentum": 0.8, "nesterov": True, "weight_decay": 0.01},
    ],
    ids=["plain", "momentum", "a setting a cohort", "all"],
)
def test_replays_are_the_plain_steps(graphs: list[str], settings: dict[str, Any]) -> None:
    plain, graphed = engines(2, **settings)
    feed = batches(4)
    step = captured(graphed, *feed[-1])
    assert torch.equal(graphed.logits(feed[0][0][0]), plain.logits(feed[0][0][0]))  # nothing was learned yet
    for batch in feed:
        plain.step(*batch)
        step(*batch)
    torch.testing.assert_close(graphed.logits(feed[0][0][0]), plain.logits(feed[0][0][0]), rtol=1e-12, atol=0)
    assert graphs == [
        "side waits for current",
        "on side",
        "current waits for side",
        "capture",
    ]


def test_a_step_on_another_shape_leaves_the_graph_its_memory(graphs: list[str]) -> None:
    plain, graphed = engines(2, alpha=1.5)
    step = captured(graphed, *batches(1)[0])
    buffers = weakref.ref(graphed.passes)
    for batch in (batches(1, BATCH + 1)[0], batches(2)[1]):
        plain.step(*batch)
    graphed.step(*batches(1, BATCH + 1)[0])
    gc.collect()
    assert buffers() is not None
    step(*batches(2)[1])
    inputs = batches(1)[0][0][0]
    torch.testing.assert_close(graphed.logits(inputs), plain.logits(inputs), rtol=1e-12, atol=0)


def waits_for_a_number(engine: StackedCohorts) -> Callable[[Tensor, Tensor], None]:
    return lambda inputs, labels: (
        None if float(inputs.sum()) > 1e9 else type(engine).step(engine, inputs, labels)
    )


def reads_python_state(engine: StackedCohorts) -> Callable[[Tensor, Tensor], None]:
    taken: list[int] = []

    def step(inputs: Tensor, labels: Tensor) -> None:
        taken.append(1)
        type(engine).step(engine, inputs * len(taken), labels)

    return step


@pytest.mark.parametrize("broken", [waits_for_a_number, reads_python_state])
def test_the_double_finds_what_a_graph_cannot_do(
    graphs: list[str], broken: Callable[[StackedCohorts], Any]
) -> None:
    plain, graphed = engines(2, alpha=1.5)
    plain.step, graphed.step = broken(plain), broken(graphed)  # type: ignore[method-assign]
    feed = batches(2)
    expected = (
        pytest.raises(RuntimeError, match="waits for the device")
        if broken is waits_for_a_number
        else nullcontext()
    )
    with expected:
        step = captured(graphed, *feed[0])
        for batch in feed:
            plain.step(*batch)
            step(*batch)
        assert not torch.allclose(graphed.logits(feed[0][0][0]), plain.logits(feed[0][0][0]))
