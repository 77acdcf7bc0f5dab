"""Files that are written whole or not at all."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from pathlib import Path


def write_atomically(path: Path, content: str | bytes) -> None:
    """Replace `path` by `content` so that a crash at any instant leaves either the old or the new file."""
    write_together({path: content})


def write_together(contents: Mapping[Path, str | bytes]) -> None:
    """Write several files atomically, each as by `write_atomically`, and put them in place in their order.

    All are on the disk before the first is renamed, and they are flushed at the same time: a file system
    commits two flushes that wait for it together in about the time of one.
    """
    prepared: list[tuple[int, str, Path]] = []
    try:
        for path, content in contents.items():
            descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            prepared.append((descriptor, temporary, path))
            _write(descriptor, content.encode() if isinstance(content, str) else content)
            os.fchmod(descriptor, 0o644)
        descriptors = [descriptor for descriptor, _, _ in prepared]
        list(_flushers().map(os.fsync, descriptors) if len(prepared) > 1 else map(os.fsync, descriptors))
        for _, temporary, path in prepared:
            os.replace(temporary, path)
    except BaseException:
        for _, temporary, _ in prepared:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
        raise
    finally:
        for descriptor, _, _ in prepared:
            os.close(descriptor)


def json_text(value: object) -> str:
    """JSON that every parser reads: what is not finite becomes a string (`"inf"`, `"nan"`)."""
    return json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def compact_json(value: object) -> str:
    """The same in one line; several times faster."""
    return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False)


def write_json(path: Path, value: object) -> None:
    """Write `json_text` of a value, making the folders above where they are missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json_text(value))


@lru_cache(maxsize=1)
def _flushers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(2, thread_name_prefix="flush")


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _finite(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
