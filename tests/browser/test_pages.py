"""Pages as a browser draws them: on phones and screens, in the dark, on paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.pages import PAGES

LOOKS = (Path(__file__).parent / "looks.js").read_text(encoding="utf-8")
WIDTHS = [390, 800, 1200]
# Fonts of other systems are wider than ours.
WIDE_FONTS = "body { letter-spacing: .07em; word-spacing: .1em; }"


def inspect(page, *questions, is_open=True):
    """Return the offenders of each question that has any, with the whole page disclosed."""
    if is_open:
        page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    page.evaluate(LOOKS)
    found = {question: page.evaluate(f"looks.{question}()") for question in questions}
    return {question: offenders for question, offenders in found.items() if offenders}


ALL = (
    "too_wide", "overlapping", "lost_cells", "unnamed_cells", "faint", "shrunk", "squeezed",
)  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_fits_its_window(visit, name, width):
    page = visit(name, width)
    assert inspect(page, *ALL, is_open=False) == {}
    assert inspect(page, *ALL) == {}
    assert page.requests == [page.url, *[url for url in page.requests[1:] if url[:5] == "data:"]]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read_in_the_dark(visit, name):
    page = visit(name, 1200, "dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert inspect(page, "faint", "overlapping") == {}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_column_is_lost_where_fonts_are_wider(visit, name, width):
    page = visit(name, width)
    page.add_style_tag(content=WIDE_FONTS)
    questions = ("too_wide", "overlapping", "lost_cells")
    assert inspect(page, *questions) == {}


@pytest.mark.parametrize("name", PAGES)
def test_on_paper_no_page_but_the_last_is_more_than_half_blank(visit, pdfium, name, tmp_path):
    path = tmp_path / "page.pdf"
    visit(name).pdf(path=path, format="A4", prefer_css_page_size=True)
    document = pdfium.PdfDocument(path)
    filled = [_filled(sheet.render(scale=0.5).to_numpy()) for sheet in document]
    document.close()
    assert all(share > 0.5 for share in filled[:-1]), filled


@pytest.mark.parametrize("name", PAGES)
def test_on_paper_no_heading_is_left_behind_at_the_foot(visit, pdfium, name, tmp_path):
    path, page = tmp_path / "page.pdf", visit(name)
    page.pdf(path=path, format="A4", prefer_css_page_size=True)
    headings = {text.strip() for text in page.locator("h2, summary").all_inner_texts()}
    document = pdfium.PdfDocument(path)
    feet = [sheet.get_textpage().get_text_range().strip().splitlines()[-1] for sheet in document]
    document.close()
    assert headings and not headings & {foot.strip(" \u25b6\u25b8") for foot in feet}


def _filled(pixels) -> float:
    """Return how far down a sheet something is printed, as a share of its height."""
    rows = (pixels.reshape(len(pixels), -1) < 200).any(axis=1).nonzero()[0]
    return (rows.max() + 1) / len(pixels) if rows.size else 0.0


def test_a_code_opens_its_explanation(visit):
    page = visit("four", 800)
    assert not page.locator("#init01").is_visible()
    page.locator("a[href='#init01']").first.click()
    assert page.locator("#init01").is_visible()
    assert "zero" in page.locator("#init01").inner_text()
