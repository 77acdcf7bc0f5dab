"""Names for what the theme leaves nameless, and tables that the keyboard can scroll."""

import re

NAVIGATION = re.compile(r'aria-labelledby="(\w+)_label"([^>]*>\s*<label class="md-nav__title")')
"""A section that has a page of its own takes its name from a label without text; its title has the text."""


def on_page_content(content: str, **_: object) -> str:
    """Let tables be focused: where one is wider than the page, arrow keys then scroll it."""
    return content.replace("<table>", '<table tabindex="0">')


def on_post_page(output: str, **_: object) -> str:
    """Name the sections of the navigation and the search."""
    output = NAVIGATION.sub(r'aria-labelledby="\1_title"\2 id="\1_title"', output)
    return output.replace('role="dialog"', 'role="dialog" aria-label="Search"')


def on_post_template(output_content: str, **_: object) -> str:
    """The same for the page of what is not found."""
    return on_post_page(output_content)
