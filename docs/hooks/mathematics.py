"""Mathematics of the pages as MathML, made when the site is built: no script and no font from elsewhere shows it."""

import html
import re

from latex2mathml.converter import convert

FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)
LONG = 25
"""LaTeX of more characters than this may be wider than a phone."""


def on_page_content(content: str, **_: object) -> str:
    r"""Replace what arithmatex marked, `\(…\)` in a line and `\[…\]` on its own, by MathML."""
    return FORMULA.sub(_mathml, content)


def _mathml(found: re.Match[str]) -> str:
    tag, bracket, latex = found.groups()
    display = "inline" if bracket == "(" else "block"
    formula = convert(html.unescape(latex).strip(), display=display)
    focus = ' tabindex="0"' if len(latex) > LONG else ""  # what may scroll can be reached by keyboard
    return f'<{tag} class="formula"{focus}>{formula}</{tag}>'
