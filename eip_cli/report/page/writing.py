"""The page -> HTML, by the templates beside this file."""

from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from .contents import Page

# Should ever a text get around the escaping: no script runs, and nothing is fetched.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
TEMPLATES = files("eip_cli.report.page").joinpath("templates")


def write_html(page: Page) -> str:
    """The page as one file of HTML."""
    return render("page.html.j2", page=page)


def render(template: str, **contents: Any) -> str:
    """A page by one of the templates.

    Every text is escaped where it stands. Ours alone are the pictures, the style and the data, which are
    made such that they can stand in a page: only these does a template call ``safe``.
    """
    environment = Environment(
        loader=FunctionLoader(_read),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(policy=POLICY, style=_read("style.css"), **contents)


def _read(name: str) -> str:
    return TEMPLATES.joinpath(name).read_text(encoding="utf-8")
