"""Self-contained HTML reports: no network, no script that is needed to read them, figures as inline SVG."""

from __future__ import annotations

import json
import platform
import re
from importlib.metadata import version
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from latex2mathml.converter import convert
from markupsafe import Markup

from rdml.figures import svg_text

if TYPE_CHECKING:
    from convergence.claims.verdict import Picture
    from rdml.verify import Verification

LIBRARIES = ("renyi-dml", "torch", "numpy", "scipy", "sympy", "python-flint")


def render_verification(result: Verification) -> str:
    """The report of `rdml verify` as one HTML page."""
    return (
        environment()
        .get_template("verification.html.j2")
        .render(
            result=result,
            witnesses=result.witnesses,
            claims=result.to_json()["claims"],
            statements={c.id: [part.statement for part in c.assertions] for c in result.claims},
            troubles=result.troubles(),
            pictures=[(picture, svg(picture)) for picture in result.pictures],
            versions={name: version(name) for name in LIBRARIES},
            python=platform.python_version(),
        )
    )


def svg(picture: Picture) -> Markup:
    """The figure as an SVG element with its description as text alternative; its ids are its own on the page."""
    element = svg_text(picture.figure, picture.name)
    element = element[element.index("<svg") :]
    own = re.sub(r"\W", "-", picture.name)
    element = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{own}-", element)
    head, body = element[:4], element[4:]
    label = Markup.escape(picture.description)
    return Markup(f'{head} role="img" aria-label="{label}"{body}')


def mathml(latex: str) -> Markup:
    """LaTeX as inline MathML, which every current browser shows without a script."""
    style = "display: inline math; math-style: normal"  # fractions as large as on a line of their own
    return Markup(convert(latex).replace("<math ", f'<math style="{style}" ', 1))


def lines(instance: dict[str, object]) -> str:
    """A counterexample with one quantity a line; the assertion that it refutes stands beside it already."""
    return "\n".join(
        f"{name} = {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for name, value in instance.items()
        if name != "assertion"
    )


def environment() -> Environment:
    """Where the templates are found, and what they can call."""
    environment = Environment(
        loader=PackageLoader("rdml"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["mathml"] = mathml
    environment.filters["lines"] = lines
    return environment
