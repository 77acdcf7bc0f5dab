"""Pages of the gallery: each script is run, and its question, figure, output and code become a page."""

import ast
import subprocess
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "examples" / "gallery"
MADE = ROOT / "out" / "gallery"
ORDER = (
    "potential", "clamp", "floor_against_order", "order_as_weight", "cohort_mean", "tight", "worst_case_and_bounds",
    "noise_and_bias_on_digits", "generalisation", "trained_order", "double_well",
)  # fmt: skip


def on_files(files: Files, config: MkDocsConfig, **_: object) -> Files:
    """Run what has changed since it last ran; add a page for each script and the page that lists them."""
    names = [*ORDER, *sorted({path.stem for path in SCRIPTS.glob("*.py")} - set(ORDER))]
    MADE.mkdir(parents=True, exist_ok=True)
    rows = []
    for name in names:
        _run(name)
        files.append(File.generated(config, f"gallery/{name}.md", content=_page(name)))
        for path in (p for p in MADE.glob(f"{name}.*") if p.suffix in (".svg", ".gif")):
            files.append(File.generated(config, f"gallery/{path.name}", abs_src_path=str(path)))
        rows.append(f"| [{_words(name)[0]}]({name}.md) | {_answer(name)} |")
    files.append(File.generated(config, "gallery/index.md", content="\n".join((*HEAD, *rows)) + "\n"))
    return files


HEAD = (
    "# Gallery",
    "",
    "One question a script, each short enough to read and to change (`examples/gallery/`). Scripts are run when",
    "this site is built; figures and answers are theirs.",
    "",
    "| question | answer |",
    "|---|---|",
)


def _run(name: str) -> None:
    script, output = SCRIPTS / f"{name}.py", MADE / f"{name}.txt"
    sources = [
        p for package in ("convergence", "proofs", "simulations") for p in (ROOT / package).rglob("*.py")
    ]
    if output.exists() and output.stat().st_mtime > max(p.stat().st_mtime for p in (script, *sources)):
        return
    done = subprocess.run([sys.executable, str(script)], cwd=MADE, check=True, capture_output=True, text=True)
    output.write_text(done.stdout, encoding="utf-8")


def _words(name: str) -> tuple[str, str, str]:
    """The question, the text, and what the figure shows, from the script's docstring."""
    tree = ast.parse((SCRIPTS / f"{name}.py").read_text(encoding="utf-8"))
    question, text = (ast.get_docstring(tree) or "").split("\n", 1)
    text, figure = text.split("Figure: ")
    return question, text.strip(), " ".join(figure.split())


def _answer(name: str) -> str:
    answer = (MADE / f"{name}.txt").read_text(encoding="utf-8").split("Answer: ")[1].strip()
    return answer[0].upper() + answer[1:]


def _page(name: str) -> str:
    question, text, figure = _words(name)
    moving = (MADE / f"{name}.gif").exists()  # a film can't be stopped, so it waits until it is asked for
    film = f'\n??? note "The ensemble in motion"\n    ![Film of the ensemble]({name}.gif)\n' if moving else ""
    code = (SCRIPTS / f"{name}.py").read_text(encoding="utf-8").split('"""\n', 1)[1].strip()
    output = (MADE / f"{name}.txt").read_text(encoding="utf-8").split("Answer: ")[0]
    return (
        f"# {question}\n\n{text}\n\n![{figure}]({name}.svg)\n{film}\n**{_answer(name)}**\n\n"
        f"## What the script prints\n\n```text\n{output}```\n\n## The script\n\n```python\n{code}\n```\n"
    )
