"""Write the artefacts of this version: ``python tests/artefacts/make.py``, once per release.

Later versions must load them and find the numbers that are written beside them. Those of older
releases are never written again.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import joblib
import numpy as np
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skinit

FOLDER = Path(__file__).parent
X, y = load_iris(return_X_y=True)
# A row of each class, and two that lie outside of the training data.
ROWS = np.vstack([X[[0, 60, 120]], np.zeros(4), np.full(4, 9.0)])


def make_model():
    """Return a small fitted pipeline."""
    network = skinit.InitMLPClassifier((3,), "tanh", init="he", max_iter=20, random_state=0)
    return make_pipeline(StandardScaler(), network).fit(X, y)


def make_regressor():
    """Return a small fitted regressor of counts, with two outputs."""
    network = skinit.InitMLPRegressor("poisson", (3,), "tanh", max_iter=20, random_state=0)
    return make_pipeline(StandardScaler(), network).fit(X, np.c_[y, X[:, 0]])


def make_comparison():
    """Return a small comparison, without the curves, which are long."""
    network = skinit.InitMLPClassifier((3,), "tanh", max_iter=20, learning_rate_init=0.01)
    return skinit.compare_initializers(
        make_pipeline(StandardScaler(), network),
        X,
        y,
        init=["zeros", "he", "xavier"],
        cv=5,
        curves=False,
        random_state=0,
        progress=False,
    )


def write(folder: Path = FOLDER, version: str = skinit.__version__) -> None:
    """Write two models, a comparison, and the numbers that they give."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model, regressor, comparison = make_model(), make_regressor(), make_comparison()
    joblib.dump(model, folder / f"model-{version}.joblib", compress=3)
    joblib.dump(regressor, folder / f"regressor-{version}.joblib", compress=3)
    comparison.save(folder / f"comparison-{version}.json")
    summary = comparison.summary()
    numbers = {
        "probabilities": model.predict_proba(ROWS).tolist(),
        "classes": model.predict(ROWS).tolist(),
        "expected": regressor.predict(ROWS).tolist(),
        "sentence": comparison.sentence(),
        "means": summary["mean"].to_dict(),
        "outcomes": comparison.candidates()["outcome"].to_dict(),
        "p": {name: p for name, p in comparison.candidates()["p"].items() if p == p},
        "n_runs": len(comparison.to_frame()),
    }
    text = json.dumps(numbers, indent=1, ensure_ascii=False) + "\n"
    (folder / f"numbers-{version}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
