"""A comparison in the kernel of a real notebook: progress that moves, and a clean cell."""

from __future__ import annotations

import re

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")
pytest.importorskip("ipykernel")

# What those libraries warn of is not ours.
pytestmark = pytest.mark.filterwarnings("ignore")

CELL = """
import warnings
from sklearn.datasets import load_digits
from skinit import InitMLPClassifier, compare_initializers

warnings.simplefilter("ignore")
X, y = load_digits(return_X_y=True)
network = InitMLPClassifier((100,), max_iter=150, tol=0, n_iter_no_change=150, engine="numpy")
compare_initializers(network, X, y, init=["he", "zeros"], cv=4, random_state=0)
"""


def run_in_a_notebook(code):
    """Return the outputs of a cell, and all messages about them in their order."""
    messages = []

    class Client(nbclient.NotebookClient):
        def process_message(self, message, cell, cell_index):
            messages.append(message)
            return super().process_message(message, cell, cell_index)

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    Client(notebook, timeout=120, kernel_name="python3").execute()
    return notebook.cells[0].outputs, messages


def test_progress_moves_and_leaves_a_clean_cell():
    outputs, messages = run_in_a_notebook(CELL)
    shown = [
        message["content"]["data"]["text/html"]
        for message in messages
        if message["msg_type"] in ("display_data", "update_display_data")
    ]
    assert re.search(r"Training · \d of 8 trainings · time left", shown[0])
    assert len(set(shown)) > 2, shown
    assert shown[-1] == ""
    *before, result = outputs
    assert [output["data"]["text/html"] for output in before] == [""]
    assert result["output_type"] == "execute_result"
    assert {"text/html", "text/plain"} == set(result["data"])
