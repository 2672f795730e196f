from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import LabelBinarizer

from skinit import InitMLPClassifier
from skinit.estimators.targets import make_class_target

LABELS = {
    "whole": np.array([3, -1, 7, 3]),
    "small": np.array([3, 1, 3], np.int8),
    "unsigned": np.array([3, 1, 2], np.uint16),
    "one class": np.array([5, 5]),
    "truth": np.array([True, False, True]),
    "texts": np.array(["b", "a", "c"], dtype="<U8"),
    "two texts": np.array(["yes", "no"]),
    "objects": np.array(["b", "a", "b"], dtype=object),
    "floats": np.array([1.0, 0.0, 2.0]),
    "labels": np.array([[1, 0], [1, 1]]),
}


@pytest.mark.filterwarnings("ignore:The number of unique classes:UserWarning")
@pytest.mark.parametrize("y", LABELS.values(), ids=LABELS)
def test_classes_and_codes_are_those_of_label_binarizer(y):
    target, expected = make_class_target(y), LabelBinarizer().fit(y)
    for name in ("y_type_", "sparse_input_"):
        assert getattr(target.binarizer, name) == getattr(expected, name)
    assert_array_equal(target.classes, expected.classes_)
    assert target.classes.dtype == expected.classes_.dtype
    encoded = target.encode(y, np.float32)
    assert encoded.dtype == np.float32
    assert_array_equal(encoded, expected.transform(y))
    assert_array_equal(target.decode(encoded), y)


@pytest.mark.parametrize("dtype", [int, np.uint8, str, float])
def test_as_many_classes_as_rows_may_be_numbers(dtype):
    y = np.arange(1, 31).astype(dtype)
    with pytest.warns(UserWarning, match="number of unique classes"):
        make_class_target(y)
    make_class_target(np.repeat(y, 2))


def test_classes_of_partial_fit_are_not_taken_for_numbers():
    """Releases of scikit-learn that warn of them do so for its own network too."""
    classes = np.arange(30)
    y = np.repeat(classes, 3)
    said = []
    for network in (InitMLPClassifier, MLPClassifier):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            network((2,), random_state=0).partial_fit(y[:, None] / 30, y, classes=classes)
        said.append({str(warning.message) for warning in caught})
    assert said[0] == said[1]
