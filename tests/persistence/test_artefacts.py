"""Files of every release are loaded, and give the numbers that they gave then."""

from __future__ import annotations

import json
import re
from pathlib import Path

import joblib
import numpy as np
import pytest

import skinit
from skinit import InitComparison
from tests.artefacts.make import FOLDER, ROWS, write

VERSIONS = sorted(path.stem.removeprefix("numbers-") for path in FOLDER.glob("numbers-*.json"))


def read(folder: Path, version: str):
    return json.loads((folder / f"numbers-{version}.json").read_text(encoding="utf-8"))


def test_this_version_has_artefacts():
    assert skinit.__version__ in VERSIONS


# A pickle of another version of scikit-learn warns, and holds what skinit needs all the same.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
@pytest.mark.skipif(
    np.__version__.startswith("1."), reason="NumPy 1 cannot read what NumPy 2 has pickled"
)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_model_predicts_what_it_predicted(version):
    model, numbers = joblib.load(FOLDER / f"model-{version}.joblib"), read(FOLDER, version)
    assert model.predict(ROWS).tolist() == numbers["classes"]
    np.testing.assert_allclose(model.predict_proba(ROWS), numbers["probabilities"], rtol=1e-12)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.InconsistentVersionWarning")
@pytest.mark.skipif(
    np.__version__.startswith("1."), reason="NumPy 1 cannot read what NumPy 2 has pickled"
)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_regressor_predicts_what_it_predicted(version):
    model, numbers = joblib.load(FOLDER / f"regressor-{version}.joblib"), read(FOLDER, version)
    np.testing.assert_allclose(model.predict(ROWS), numbers["expected"], rtol=1e-12)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_comparison_says_what_it_said(version):
    comparison = InitComparison.load(FOLDER / f"comparison-{version}.json")
    numbers = read(FOLDER, version)
    assert len(comparison.to_frame()) == numbers["n_runs"]
    assert comparison.summary()["mean"].to_dict() == pytest.approx(numbers["means"], rel=1e-12)
    candidates = comparison.candidates()
    assert candidates["p"].dropna().to_dict() == pytest.approx(numbers["p"], rel=1e-9)
    assert candidates["outcome"].to_dict() == numbers["outcomes"]
    # Words may become better from version to version, what they say may not.
    assert figures(comparison.sentence()) == figures(numbers["sentence"])


def figures(sentence: str) -> list[str]:
    """Return the names and the numbers that a text gives, in its order."""
    return re.findall(r"\b(?:zeros|he|xavier)\b|[-+]?\d+\.\d+|[<=] \.\d+|\d+%?", sentence)


def test_the_script_writes_all_of_them(tmp_path):
    write(tmp_path, "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "comparison-new.json",
        "model-new.joblib",
        "numbers-new.json",
        "regressor-new.joblib",
    ]
    # The same rules give the same classes, on whatever machine.
    assert read(tmp_path, "new")["classes"] == read(FOLDER, skinit.__version__)["classes"]
