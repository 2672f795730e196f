from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from skinit.activations import ACTIVATIONS
from skinit.propagation import (
    describe_layers,
)
from tests.propagation.propagation_cases import (
    descent,
    make_case,
    make_layers,
    make_samples,
)


def test_sparse_rows_are_measured_like_dense_ones():
    samples = make_samples()
    samples = samples._replace(X=np.where(samples.X > 0.5, samples.X, 0))
    config = descent(0.1)
    dense, sparse = (
        describe_layers(make_case(samples=samples._replace(X=X), config=config))
        for X in (samples.X, csr_matrix(samples.X))
    )
    for name, values in dense.items():
        np.testing.assert_allclose(sparse[name], values, err_msg=name)


def test_the_table_has_a_row_per_layer_and_known_numbers():
    layers = make_layers((6, 8, 8, 3))
    layers[0][0][:, 1] = layers[0][0][:, 0]
    case = make_case(layers, config=descent(0.1, 0))
    table, start = describe_layers(case), case.propagation
    assert {name: len(values) for name, values in table.items()} == dict.fromkeys(table, 3)
    for i, (W, _) in enumerate(layers):
        singular = np.linalg.svd(W)[1]
        assert table["rank"][i] == np.linalg.matrix_rank(W)
        assert table["stable_rank"][i] == pytest.approx(
            np.linalg.norm(W) ** 2 / np.linalg.norm(W, 2) ** 2
        )
        shares = singular[singular > 0] / singular.sum()
        assert table["effective_rank"][i] == pytest.approx(np.exp(-(shares @ np.log(shares))))
        expected = 0.1 * np.linalg.norm(start.gradient.coefs[i]) / np.linalg.norm(W)
        assert table["update_ratio"][i] == pytest.approx(expected)
    assert table["rank"][0] == 6
    a = start.a[0]
    cosines = (a @ a.T) / np.outer(*[np.linalg.norm(a, axis=1)] * 2)
    assert table["cosine"][0] == pytest.approx(cosines[~np.eye(len(a), dtype=bool)].mean())
    assert table["q_ratio"][1] == pytest.approx(start.q[2] / start.q[1])


def test_without_an_optimizer_there_are_no_updates():
    assert np.isnan(describe_layers(make_case())["update_ratio"]).all()


def test_signal_rank_counts_the_dimensions_that_the_signal_fills():
    samples, layers = make_samples(), make_layers((6, 8, 8, 3))
    layers[1] = (np.outer(np.ones(8), np.ones(8)), np.zeros(8))
    table = describe_layers(make_case(layers, samples, ACTIVATIONS["identity"]))
    singular = np.linalg.svd(samples.X @ layers[0][0], compute_uv=False)[:6]
    shares = singular / singular.sum()
    assert table["signal_rank"][0] == pytest.approx(np.exp(-(shares @ np.log(shares))))
    assert table["signal_rank"][1] == pytest.approx(1)


def test_the_gradient_and_the_loss_are_told_as_quotients():
    case = make_case(make_layers((6, 8, 8, 3)))
    table, start = describe_layers(case), case.propagation
    norms = [np.linalg.norm(G) for G in start.gradient.coefs]
    np.testing.assert_allclose(table["gradient_ratio"], np.array(norms) / norms[-1])
    assert table["loss_ratio"][-1] == pytest.approx(start.loss / np.log(3))
    assert np.isnan(table["loss_ratio"][:-1]).all()


def test_silent_rows_are_those_that_a_layer_says_nothing_about():
    layers = make_layers((6, 4, 3))
    layers[0][1][:] = -1.5
    case = make_case(layers, activation=ACTIVATIONS["relu"])
    silent = (case.batch.X @ layers[0][0] <= 1.5).all(axis=1).mean()
    assert 0 < silent < 1
    assert describe_layers(case)["silent_rows"][0] == pytest.approx(silent)
