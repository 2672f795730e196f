"""The way of rows through the steps before a network."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skinit.estimators.pipelines import fit_steps, transform_steps

X, y = load_iris(return_X_y=True)


class Stateless(TransformerMixin, BaseEstimator):
    """A step that learns nothing, as many do that people write."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X * 2


class Odd(Stateless):
    def transform(self, X):
        return X[::2]


@pytest.mark.parametrize(
    "steps",
    [
        make_pipeline(StandardScaler(), PCA(2, random_state=0)),
        make_pipeline(PCA(3, random_state=0), "passthrough", None, StandardScaler()),
        make_pipeline(make_pipeline(StandardScaler()), PCA(2, random_state=0)),
    ],
    ids=["two", "passthrough", "nested"],
)
def test_rows_are_those_of_the_pipeline_itself(steps):
    prepared = fit_steps(steps, X[:100], y[:100])
    np.testing.assert_array_equal(prepared.X, steps.fit_transform(X[:100], y[:100]))
    np.testing.assert_array_equal(
        transform_steps(prepared.steps, X[100:]), steps.transform(X[100:])
    )
    assert prepared.y is not None and (prepared.y == y[:100]).all()


def test_steps_are_left_as_they_are_and_cached_where_the_pipeline_says(tmp_path):
    scaler = StandardScaler()
    steps = Pipeline([("scale", scaler)], memory=str(tmp_path))
    first = fit_steps(steps, X, y)
    assert not hasattr(scaler, "mean_")
    assert list(tmp_path.rglob("output.pkl"))
    np.testing.assert_array_equal(fit_steps(steps, X, y).X, first.X)


def test_a_step_that_learns_nothing_transforms_other_rows_too():
    prepared = fit_steps(make_pipeline(StandardScaler(), Stateless()), X[:100], y[:100])
    expected = 2 * StandardScaler().fit(X[:100]).transform(X[100:])
    np.testing.assert_array_equal(transform_steps(prepared.steps, X[100:]), expected)


def test_parameters_go_to_their_step():
    weight = np.arange(150.0)
    steps = make_pipeline(StandardScaler())
    expected = StandardScaler().fit(X, sample_weight=weight).transform(X)
    found = fit_steps(steps, X, y, {"standardscaler__sample_weight": weight}).X
    np.testing.assert_array_equal(found, expected)
    with config_context(enable_metadata_routing=True):
        found = fit_steps(steps, X, y, {"standardscaler__sample_weight": weight}).X
        np.testing.assert_array_equal(found, expected)
        unasked = fit_steps(steps, X, y, {"sample_weight": weight}).X
        np.testing.assert_array_equal(unasked, StandardScaler().fit_transform(X))
        steps = make_pipeline(StandardScaler().set_fit_request(sample_weight=True))
        found = fit_steps(steps, X, y, {"sample_weight": weight}).X
        np.testing.assert_array_equal(found, expected)


def test_a_step_that_drops_rows_alone_is_refused_by_its_name():
    with pytest.raises(ValueError, match="Step 'odd' makes 75 rows of 150"):
        fit_steps(make_pipeline(StandardScaler(), Odd()), X, y)


def test_a_step_without_transform_is_refused_by_its_name():
    steps = Pipeline([("first", StandardScaler()), ("model", BaseEstimator())])
    with pytest.raises(ValueError, match=r"Step 'model' \(BaseEstimator\) has no transform"):
        fit_steps(steps, X, y)


def test_resamplers_change_training_rows_and_their_labels_alone():
    pytest.importorskip("imblearn")
    from imblearn import FunctionSampler
    from imblearn.pipeline import make_pipeline as make_resampling_pipeline

    steps = make_resampling_pipeline(
        StandardScaler(), FunctionSampler(func=lambda X, y: (X[::-2], y[::-2])), PCA(4)
    )
    prepared = fit_steps(steps, X, y)
    scaled = StandardScaler().fit_transform(X)
    np.testing.assert_array_equal(prepared.y, y[::-2])
    pca = PCA(4).fit(scaled[::-2])
    np.testing.assert_allclose(prepared.X, pca.transform(scaled[::-2]), atol=1e-12)
    np.testing.assert_allclose(
        transform_steps(prepared.steps, X), pca.transform(scaled), atol=1e-12
    )
    plain = Pipeline([("scale", StandardScaler()), ("thin", FunctionSampler())])
    with pytest.raises(ValueError, match=r"Step 'thin' resamples rows.*imblearn\.pipeline"):
        fit_steps(plain, X, y)
