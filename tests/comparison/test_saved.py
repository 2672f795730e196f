"""A comparison as one JSON file."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from skinit import InitComparison, InitMLPClassifier
from tests.comparison.comparison_tools import compare


def test_save_and_load(comparison, tmp_path):
    path = tmp_path / "comparison.json"
    comparison.save(path)
    json.loads(path.read_text(), parse_constant=pytest.fail)
    loaded = InitComparison.load(path)
    pd.testing.assert_frame_equal(loaded.to_frame(), comparison.to_frame())
    pd.testing.assert_frame_equal(loaded.curves(), comparison.curves())
    pd.testing.assert_frame_equal(loaded.summary(), comparison.summary())
    assert loaded.sentence() == comparison.sentence()
    with pytest.raises(ValueError, match="not a checkpoint of a comparison: give another"):
        InitComparison.load(__file__)


def test_numbers_of_numpy_are_numbers(tmp_path):
    network = InitMLPClassifier((8,), max_iter=np.int64(4), alpha=np.float32(0.5))
    kwargs = {"cv": 2, "rope": np.float32(0.5), "target": np.float32(0.25)}
    comparison = compare(network, init=["he", "zeros"], checkpoint=tmp_path / "c", **kwargs)
    comparison.save(tmp_path / "saved.json")
    assert InitComparison.load(tmp_path / "saved.json").rope == 0.5


def test_another_file_is_not_loaded(tmp_path):
    path = tmp_path / "other.json"
    path.write_text('{"settings": {}, "records": []}')
    with pytest.raises(ValueError, match="not a checkpoint"):
        InitComparison.load(path)
