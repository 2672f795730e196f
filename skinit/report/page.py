"""One HTML file that needs nothing else."""

from __future__ import annotations

import base64
import io
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from skinit._files import write_atomically
from skinit._wording import printable
from skinit.report.blocks import Block, Disclosure, Markdown, Section

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.figure import Figure

# A vector drawing larger than this (in bytes) is embedded as pixels.
LARGEST_SVG = 400_000

CODE = re.compile(r"\bINIT\d\d\b")


def render_page(
    path: str | os.PathLike | None,
    *,
    title: str,
    sentences: Sequence[str],
    sections: Sequence[Section],
    subtitle: str = "",
) -> str:
    """Render a page that loads nothing and runs no script.

    Codes of verdicts, such as INIT03, become links where the page has a `Markdown` block with
    their name in lower case as its anchor.

    Parameters
    ----------
    path : path-like or None
        Where to write the page; None only returns it.
    title : str
        Title and first heading.
    sentences : sequence of str
        The conclusion; the first sentence is printed large.
    sections : sequence of Section
        All that follows. Those without blocks are left out.
    subtitle : str, default=""
        A line below the first heading.

    Returns
    -------
    str
        The page.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    sections = [section for section in sections if section.blocks]
    page = (
        _environment(_anchors(sections))
        .get_template("page.html")
        .render(title=title, subtitle=subtitle, sentences=list(sentences), sections=sections)
    )
    if path is not None:
        write_atomically(path, page)
    return page


def _environment(anchors: set[str]):
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("skinit", "report"),
        autoescape=True,
        finalize=_finalize,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["link_codes"] = lambda text: _link_codes(text, anchors)
    environment.filters["markdown"] = lambda text: _render_markdown(text, anchors)
    environment.filters["embed"] = embed
    return environment


def _finalize(value: Any) -> Any:
    """Escape what a page should not hold in a text from outside; markup of our own stays."""
    is_plain = isinstance(value, str) and not hasattr(value, "__html__")
    return printable(value, keep="\n\t") if is_plain else value


def _anchors(sections: Iterable[Section]) -> set[str]:
    blocks = (block for section in sections for block in _flatten(section.blocks))
    return {block.anchor for block in blocks if isinstance(block, Markdown)}


def _flatten(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        yield block
        if isinstance(block, Disclosure):
            yield from _flatten(block.blocks)


def _link_codes(text: str, anchors: set[str]) -> Markup:
    """Return a text as markup in which codes of verdicts are links to their pages."""
    from markupsafe import escape

    def link(match: re.Match) -> str:
        code = match[0]
        return f'<a href="#{code.lower()}">{code}</a>' if code.lower() in anchors else code

    escaped = escape(_finalize(text))
    return type(escaped)(CODE.sub(link, str(escaped)))


def _render_markdown(source: str, anchors: set[str]) -> Markup:
    """Return a page of the documentation as markup: headings small, links only within the file."""
    from markdown_it import MarkdownIt
    from markupsafe import Markup

    # The page's title is that of the disclosure that it stands in.
    source = re.sub(r"\A# .*\n", "", source)
    source = re.sub(r"^## ", "#### ", source, flags=re.MULTILINE)
    links = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")

    def keep(match: re.Match) -> str:
        anchor = match[2].removesuffix(".md")
        return f"[{match[1]}](#{anchor})" if anchor in anchors else match[1]

    return Markup(MarkdownIt("commonmark", {"html": False}).render(links.sub(keep, source)))


def embed(figure: Figure, *, transparent: bool = True) -> dict[str, Any]:
    """Return a figure as the attributes of an image: source, and size in CSS pixels."""
    kind, data = "svg+xml", _draw(figure, "svg", transparent)
    if len(data) > LARGEST_SVG:
        kind, data = "png", _draw(figure, "png", transparent)
    width, height = (round(96 * inches) for inches in figure.get_size_inches())
    source = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    return {"src": source, "width": width, "height": height}


def _draw(figure: Figure, kind: str, transparent: bool) -> bytes:
    import matplotlib

    file = io.BytesIO()
    # No date and no random ids: the same comparison gives the same page.
    metadata = {"Date": None} if kind == "svg" else None
    with matplotlib.rc_context({"svg.hashsalt": "skinit", "svg.fonttype": "path"}):
        figure.savefig(file, format=kind, dpi=200, transparent=transparent, metadata=metadata)
    return file.getvalue()
