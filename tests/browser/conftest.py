"""One browser for all tests, and the pages that it opens."""

from __future__ import annotations

import shutil
import warnings
from importlib import import_module

import pytest

from tests.browser.pages import PAGES

NAMES = ("chromium", "chromium-browser", "google-chrome")


def _require(module):
    """Return a module of the extra "browser", or skip."""
    try:
        return import_module(module)
    except ImportError:
        pytest.skip(f'needs {module}: pip install "skinit[browser]"')


@pytest.fixture(scope="session")
def pdfium():
    """Return what reads the pages of a PDF, or skip."""
    return _require("pypdfium2")


@pytest.fixture(scope="session")
def browser():
    """Return a running Chromium of the system, or skip."""
    sync_api = _require("playwright.sync_api")
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=flags)
        yield running
        running.close()


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """Return a function that writes a page once, and returns its path."""
    folder, paths = tmp_path_factory.mktemp("pages"), {}

    def write(name):
        if name not in paths:
            path = paths[name] = folder / f"{name}.html"
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                PAGES[name](path)
        return paths[name]

    return write


@pytest.fixture
def visit(browser, written):
    """Return a function that opens a page; it has ``requests``, the addresses asked for."""
    opened = []

    def open_page(name, width=1200, scheme="light"):
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.requests = []
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto(written(name).as_uri())
        opened.append(page)
        return page

    yield open_page
    for page in opened:
        page.close()
