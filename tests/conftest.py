from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from skinit.engine import training
from skinit.engine.compiled import choose_engine

CALM = {"deadline": None, "suppress_health_check": [HealthCheck.filter_too_much]}
# quick is for every change; thorough, an hour, for a release: HYPOTHESIS_PROFILE=thorough
settings.register_profile("quick", max_examples=50, derandomize=True, database=None, **CALM)
settings.register_profile("thorough", max_examples=2000, print_blob=True, **CALM)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Escape what UTF-8 cannot hold in a report, which pytest-xdist could not send otherwise."""
    report = yield
    if report.longrepr is not None and escaped(str(report.longrepr)) != str(report.longrepr):
        report.longrepr = escaped(str(report.longrepr))
    report.sections = [(name, escaped(text)) for name, text in report.sections]
    return report


def escaped(text):
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


@pytest.fixture(params=["numpy", "compiled"])
def engine(request, monkeypatch):
    """Train with one engine and then with the other, however little work it is."""
    if request.param == "compiled":
        pytest.importorskip("numba")
    wanted = {"numpy": "numpy", "compiled": "preferred"}[request.param]

    def choose(task, layer_sizes, k, config):
        asked = wanted if config.engine == "auto" else config.engine
        return choose_engine(task, layer_sizes, k, replace(config, engine=asked))

    monkeypatch.setattr(training, "choose_engine", choose)
    return request.param


@pytest.fixture(scope="session")
def pictures_folder():
    """Return the folder of the pictures of Dabbura's blog post (2018), not ours to share."""
    folder = os.environ.get("SKINIT_CATS_VS_DOGS")
    if not folder:
        pytest.skip("set SKINIT_CATS_VS_DOGS to the folder of the blog post's 100 pictures")
    return Path(folder)


@pytest.fixture(scope="session")
def make_problem():
    """Return a function that makes small data sets which can be learned, but not perfectly."""

    def make(kind, n=45, d=6, *, seed=0, dtype=np.float64):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(n, d))
        score = X @ rng.normal(size=(d, 3)) + rng.normal(size=(n, 3))
        y = {
            "binary": lambda: (score[:, 0] > 0).astype(int),
            "multiclass": lambda: score.argmax(axis=1),
            "multilabel": lambda: (score > 0).astype(int),
            "number": lambda: score[:, 0],
            "numbers": lambda: score,
            "count": lambda: rng.poisson(np.exp(score[:, 0] / 4)),
            "counts": lambda: rng.poisson(np.exp(score / 4)),
        }[kind]()
        return X.astype(dtype), y

    return make
