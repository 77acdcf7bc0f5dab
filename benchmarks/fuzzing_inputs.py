"""Inputs for `fuzzing.py`: studies, options and claim files that are nearly right."""

from __future__ import annotations

import copy
import dataclasses
import inspect
from typing import Any

import tomli_w
from hypothesis import strategies as st

from convergence.claims.claim import Claim
from simulations.problems import PROBLEMS

RUNS: list[dict[str, Any]] = [
    {
        "kind": "simulate",
        "problem": "quadratic",
        "step_size": 0.1,
        "steps": 100,
        "parameters": {"dimension": 3},
    },
    {
        "kind": "simulate",
        "problem": "rdml-logits",
        "step_size": 0.1,
        "parameters": {"alpha": 0.5, "beta": 0.0},
    },
    {"kind": "simulate", "problem": "double-well", "step_size": 0.1, "momentum": 0.9, "dtype": "float32"},
    {"kind": "train", "data": "digits", "step_size": 0.1, "hidden": [8], "steps": 3, "learners": 3},
]
SWEEPS: list[dict[str, Any]] = [
    {"design": "grid", "seeds": 2, "grid": {"step_size": [0.1, 0.2], "parameters": {"alpha": [1.0]}}},
    {"design": "list", "points": [{"step_size": 0.1, "seed": 1}, {"step_size": 1.0, "seed": 2}]},
    {"design": "random", "samples": 3, "ranges": {"step_size": {"low": 0.1, "high": 1.0, "scale": "log"}}},
    {"design": "latin-hypercube", "samples": 3, "ranges": {"replicas": {"low": 2, "high": 9}}},
]
WORDS = [
    "name", "run", "sweep", "kind", "problem", "parameters", "step_size", "steps", "seed", "grid", "points", "ranges",
    "high", "scale", "log", "design", "samples", "list", "random", "latin-hypercube", "simulate", "train", "quadratic",
    "low", "alpha", "beta", "dimension", "a.b", ".", "replicas", "seeds",
]  # fmt: skip
PIECES = [
    *"[]{}=.,#'\"\n\r\t\\-+_eE0 \x00\ufeff", "[[", "]]", "'''", '"""', "1e999", "-inf", "nan", "0x", "0b1", "true",
    "1979-05-27T07:32:00Z", "07:32:00", "\\u00", "\\U0010FFFF", "9" * 5000, "a." * 40, "[" * 50, "{x=" * 20,
    *WORDS,
]  # fmt: skip
NUMBERS = [
    0,
    1,
    2,
    -1,
    3,
    10**9,
    2**63 - 1,
    2**63,
    -(2**63),
    10**30,
    0.0,
    -0.0,
    0.5,
    -0.5,
    1e-320,
    1e-300,
    1e16,
    1e300,
]
"""Those at which something changes."""

scalars = st.one_of(
    st.booleans(),
    st.sampled_from(NUMBERS),
    st.integers(-5, 200),
    st.floats(),
    st.sampled_from(WORDS),
    st.sampled_from(sorted(PROBLEMS)),
    st.text(max_size=6),
)
keys = st.sampled_from(WORDS) | st.text(max_size=6)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)


def patched(draw: st.DrawFn, text: str, pieces: list[str]) -> str:
    """A text with up to four stretches replaced."""
    for _ in range(draw(st.integers(0, 4))):
        begin = draw(st.integers(0, len(text)))
        end = begin + draw(st.integers(0, 8))
        text = text[:begin] + draw(st.sampled_from(pieces)) + text[end:]
    return text


@st.composite
def studies(draw: st.DrawFn) -> tuple[bytes, list[str]]:
    """The content of a study file, and `--set` options."""
    study = {"name": "fuzz", "run": draw(st.sampled_from(RUNS)), "sweep": draw(st.sampled_from(SWEEPS))}
    study = copy.deepcopy(study)
    for _ in range(draw(st.integers(0, 3))):
        table: dict[str, Any] = study
        inner = [part for part in table.values() if isinstance(part, dict)]
        while inner and draw(st.booleans()):
            table = draw(st.sampled_from(inner))
            inner = [part for part in table.values() if isinstance(part, dict)]
        key = draw(st.sampled_from([*table, *WORDS[:4]]))
        if draw(st.integers(0, 3)):
            table[key] = draw(values)
        else:
            table.pop(key, None)
    content = tomli_w.dumps(study)
    if draw(st.booleans()):
        content = patched(draw, content, PIECES)
    path = st.lists(keys, min_size=1, max_size=3).map(".".join)
    shown = scalars.map(str) | st.sampled_from(PIECES)
    changes = st.lists(st.builds("{}={}".format, path, shown) | st.text(max_size=9), max_size=2)
    return content.encode() + draw(st.sampled_from([b"", b"", b"", b"\xff", b"\xed\xa0\x80"])), draw(changes)


@st.composite
def options(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A problem and `--set` options for it."""
    name = draw(st.sampled_from(sorted(PROBLEMS)))
    known = [*inspect.signature(PROBLEMS[name]).parameters, "degrees"]
    key = st.sampled_from(known) if draw(st.integers(0, 9)) else keys
    return name, draw(st.lists(st.builds("{}={}".format, key, scalars.map(str)), max_size=3))


CLAIM = """\
from dataclasses import replace
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.divergence.{base} import CLAIM as BASE
from proofs.divergence.{base} import PROOF as BASE_PROOF
from proofs.goals import Goal, Proof
{statement}
CLAIM = replace(BASE, {claim})
PROOF = replace(BASE_PROOF, {proof})
"""
STATEMENTS = [
    "", "", "", "raise SystemExit(3)", "raise MemoryError", "import nothing_there",
    "def f(n): return f(n)\nf(1)", "1/0", "assert False", "x = (", "x = " + "(" * 300, "__name__ = None",
    "from proofs.kernel.terms import Rejected\nraise Rejected('x')", "del replace",
]  # fmt: skip
EXPRESSIONS = [
    "None", "3", "1.5", "''", "'mine'", "'nonneg'", "b'x'", "()", "[]", "{}", "{1}", "('nonneg',)", "('mine',)", "True",
    "('nothing',)", "(None,)", "([],)", "(3,)", "lambda *a, **k: None", "lambda *a, **k: {}", "lambda *a: 1/0", "-1",
    "BASE.assertions", "BASE.assertions[0]", "BASE", "BASE_PROOF", "BASE_PROOF.goals", "BASE_PROOF.goals[0]", "10**9",
    "lambda x: BASE.instances(x) | {'alpha': x[:, 0] * float('nan')}", "lambda x: BASE.instances(x[:, :1])", "'nonneg'",
    "lambda x: {k: v.float() for k, v in BASE.instances(x).items()}", "lambda x: BASE.instances(x) | {'target': None}",
    "(Assertion('x', '<', lambda target: Sides(target, target)),)", "(Assertion('x', '<=', lambda target: 3),)",
    "Assertion('x', '<=', lambda nothing: Sides(nothing, nothing))", "'<script>'", "'\\udc80'", "'a' * 10**5",
    "object()",
]  # fmt: skip
BASES = ["jensen_gap", "bhattacharyya", "skew"]


@st.composite
def claim_files(draw: st.DrawFn) -> str:
    """A Python file with a claim and a proof, of which some fields are something else."""
    given = st.sampled_from(EXPRESSIONS)
    fields = st.sampled_from([field.name for field in dataclasses.fields(Claim)])
    claim = {"id": "'mine'"} | draw(st.dictionaries(fields, given, max_size=2))
    proof = {"claim": "'mine'"} | draw(
        st.dictionaries(st.sampled_from(["claim", "goals", "missing", "counterexample"]), given, max_size=1)
    )
    text = CLAIM.format(
        base=draw(st.sampled_from(BASES)),
        statement=draw(st.sampled_from(STATEMENTS)),
        claim=", ".join(f"{key}={value}" for key, value in claim.items()),
        proof=", ".join(f"{key}={value}" for key, value in proof.items()),
    )
    return patched(draw, text, ["(", ")", "\n", " ", "=", ",", ".", "'", "x", "0", "\x00", "é", "\t", "def"])
