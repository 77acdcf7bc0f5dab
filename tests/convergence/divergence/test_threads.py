"""Rows in parts on several threads: the same numbers, all threads at work, errors and forks survived."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest
import torch

from convergence.divergence import backend, threads
from convergence.divergence.threads import in_threads


@pytest.fixture(params=["OpenMP", "Python"])
def three_threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if request.param == "Python":
        monkeypatch.setattr(threads, "_openmp", lambda: None)
    elif threads._openmp() is None:
        pytest.skip("PyTorch is not linked with an OpenMP library that has GOMP_parallel")
    monkeypatch.setattr(threads, "GRAIN", 50)
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield request.param
    torch.set_num_threads(before)


def results() -> tuple[torch.Tensor, ...]:
    """Of both kernels, on 50 rows of 3 learners."""
    logits = torch.randn(3, 50, 6, generator=torch.Generator().manual_seed(1))
    alpha, weights = torch.full((50,), 1.5, dtype=torch.float64), torch.full((3, 3), 0.5)
    pair = backend.rows(logits[0], logits[1], alpha[:, None], True)
    return *pair, *backend.cohort(logits, 1.0, alpha, weights, True)


def test_threads_do_not_matter(three_threads: str) -> None:
    together = results()
    torch.set_num_threads(1)
    for one, other in zip(results(), together, strict=True):
        assert torch.equal(one, other)


def test_every_row_once_and_every_thread_at_work(three_threads: str) -> None:
    all_here, ranges, workers = threading.Barrier(3, timeout=60), [], set()

    def kernel(start: int, stop: int) -> None:
        if (name := threading.current_thread().name) not in workers:
            workers.add(name)
            all_here.wait()  # breaks with fewer than three threads
        ranges.append((start, stop))

    in_threads(kernel, (), rows=1000, work=10**6)
    assert len(workers) == 3
    assert any(name.startswith("renyi-rows") for name in workers) == (three_threads == "Python")
    assert sorted(row for start, stop in ranges for row in range(start, stop)) == list(range(1000))


def test_errors_come_through(three_threads: str) -> None:
    def kernel(start: int, stop: int) -> None:
        raise KeyboardInterrupt(f"row {start}")

    with pytest.raises(KeyboardInterrupt, match="row"):
        in_threads(kernel, (), rows=1000, work=10**6)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own(three_threads: str) -> None:
    results()  # the threads of this process are there
    read, write = os.pipe()
    if not (child := os.fork()):
        signal.alarm(60)  # for a wait without end
        os.write(write, repr(results()[2].tolist()).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        assert pipe.read() == repr(results()[2].tolist())
    assert os.waitpid(child, 0)[1] == 0
