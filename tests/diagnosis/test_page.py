"""The page about starts."""

from __future__ import annotations

import pytest
from sklearn.datasets import load_iris

from skinit import InitMLPClassifier, diagnose
from skinit.diagnosis.page import conclude, write_page

X, y = load_iris(return_X_y=True)
X = (X - X.mean(0)) / X.std(0)


@pytest.fixture(scope="module")
def diagnoses():
    return {
        label: diagnose(InitMLPClassifier((8, 8), "tanh", init=init, random_state=0), X, y)
        for label, init in {"<b>he</b>": "he", "zeros": "zeros", "ones": "ones"}.items()
    }


def test_the_conclusion_counts_everybody_once(diagnoses):
    texts = " ".join(conclude(diagnoses))
    assert "zeros" in texts and "ones" in texts and "<b>he</b> has no verdict" in texts
    assert texts.count("not expected to learn") == 1


def test_labels_are_escaped_and_codes_lead_to_their_pages(diagnoses, tmp_path):
    page = write_page(diagnoses, tmp_path / "page.html", data_name="<i>iris</i>", repeat="a < b")
    assert page == (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<b>he" not in page and "<i>iris" not in page and "a &lt; b" in page
    for found in diagnoses.values():
        for verdict in found.verdicts:
            assert f'href="#{verdict.code.lower()}"' in page
            assert f'id="{verdict.code.lower()}"' in page


def test_one_diagnosis_writes_its_page(diagnoses):
    page = diagnoses["zeros"].to_html(title="My start")
    assert "<title>My start</title>" in page and "INIT01" in page
