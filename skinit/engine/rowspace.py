"""Train wide data in its own row space: fewer columns, the same network.

Take n samples of d features with n much smaller than d, say 100 pictures of 67,500 pixels, and
watch what gradient descent does to the weights W of the first layer. The gradient is X^T delta,
a combination of the rows of X. So W never leaves W0 + span(rows of X), at most n directions out
of d; all the others are carried along for nothing. Choose coordinates for these directions,

    X = R Q^T        Q (d, r) with orthonormal columns, R (n, r), r <= n,

and train the same network on R from C0 = Q^T W0. Pre-activations are the same, for
R C0 = X Q Q^T W0 = X W0, and the gradient R^T delta is the old one in the new coordinates.
Every solver that commutes with rotations takes the same steps: SGD, momentum, Nesterov, on any
batches, and L-BFGS. (Adam scales each coordinate by itself and does not.) Biases are untouched.

The part of W0 outside the row space, W0 - Q C0, gets no gradient from the data. Only weight decay
acts on it, on all its entries alike, so it can only be rescaled: by one factor s for each unit.
One number per unit follows it, the norm of that part. It becomes one more row of C, and R gets
one more column of zeros. The L2 penalty is exact as well, and after training

    W = Q C + s (W0 - Q C0) = s W0 + Q (C - s C0),        s = last row of C / last row of C0.

There are two ways to find Q. The fast one never forms it: X X^T = V L V^T gives R = V L^(1/2)
and Q = X^T V L^(-1/2). It squares the condition number, so that Q is orthonormal to about
eps l_max / l only. Training is spared this (Q R^T delta = X^T V V^T delta, whatever L is), the
penalty is not. And it is blind: rows that differ by 1e-9 have the eigenvalue of equal ones.
Hence it is used where each kept eigenvalue is clearly large and each dropped direction v is
absent from X itself, v^T X = 0. All other data take the unpivoted Householder QR of X^T, nothing
dropped: slower, exact for every X. No d x d array is formed; memory is O(n d + n^2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import scipy.linalg

SMALLEST_KEPT = 1e-8  # of l_max; 1e-10 trains as exactly, but costs the penalty two more digits
ABSENT = 1e-12  # of l_max^(1/2); in float32 data a direction is rounding below that type's eps


class RowSpace:
    """An exact change of coordinates for data with fewer rows than features.

    Parameters
    ----------
    *parts : ndarrays of shape (n_i, d), float32 or float64
        All rows that training touches or watches: training, validation and held-out rows belong
        into one basis. Must be finite, and stay unchanged: they are referenced, not copied.

    Attributes
    ----------
    rows : ndarray of shape (n, r + 1), dtype of the first part
        Row i stands for row i of all parts below each other; the last column is zero; r is at
        most min(n, d).

    Examples
    --------
    >>> import numpy as np
    >>> from skinit.engine.rowspace import RowSpace
    >>> rng = np.random.default_rng(0)
    >>> X, W = rng.normal(size=(3, 500)), rng.normal(size=(500, 4))
    >>> space = RowSpace(X[:2], X[2:])
    >>> start = space.project(W)
    >>> space.rows.shape, start.shape, np.allclose(space.rows @ start, X @ W)
    ((3, 4), (4, 4), True)
    """

    def __init__(self, *parts: np.ndarray):
        # Q = vstack(span).T @ mix, in both cases
        coordinates, self._span, self._mix = _factorize_gram(parts) or _factorize_qr(parts)
        self.rows = np.pad(coordinates, ((0, 0), (0, 1))).astype(parts[0].dtype, order="C")

    def project(self, W: np.ndarray) -> np.ndarray:
        """Give the coordinates in which training starts.

        W (d, h), the initial weights, becomes (r + 1, h) of the same dtype: Q^T W, and below it
        the norm of each column's part outside the row space. Columns are independent, so that
        several networks may stand side by side.

        The norm is what Pythagoras leaves, ||W||^2 - ||Q^T W||^2, so the penalty is kept by
        construction. Where rounding alone is left (r = d), it is set to 1e-8 ||W||: invisible in
        the penalty (1e-16), yet enough to read off s. Columns of zeros have 0.
        """
        inside = self._mix.T @ sum(
            np.concatenate([B @ W[block] for B in blocks]) for block, blocks in _blocks(self._span)
        )
        squared = np.einsum("ij,ij->j", W, W, dtype=np.float64)
        outside = np.maximum(squared - np.square(inside).sum(axis=0), 1e-16 * squared)
        return np.vstack([inside, np.sqrt(outside)]).astype(W.dtype)

    @np.errstate(over="ignore", invalid="ignore")  # what diverged stays non-finite, in silence
    def lift(self, trained: np.ndarray, start: np.ndarray, W: np.ndarray) -> np.ndarray:
        """Give the trained weights in the coordinates of the features.

        W (d, h) are the initial weights, start (r + 1, h) is ``project(W)``, and trained is what
        training has made of it. Returns (d, h), dtype of W; W itself where nothing was trained.
        """
        s = np.divide(trained[-1], start[-1], out=np.zeros(W.shape[1]), where=start[-1] > 0)
        moved = self._mix @ (trained[:-1] - s * start[:-1])
        pieces = [moved[place] for place in _places(self._span)]
        lifted = np.empty_like(W)
        for block, blocks in _blocks(self._span):
            lifted[block] = s * W[block] + _combine(pieces, blocks)
        return lifted


def is_worthwhile(n: int, d: int, n_units: int, n_visits: int) -> bool:
    """Whether a row space at least halves the cost of the first layer.

    Costs are multiply-adds at the speed of a large product; 16 units more stand for the memory
    traffic of thin ones. On the left: training, factorization, and the ways there and back.

    Parameters
    ----------
    n, d : int
        Rows and features of X.
    n_units : int
        Units of the first hidden layer, times the number of networks side by side.
    n_visits : int
        Rows seen in training: epochs times training rows.
    """
    width = n_units + 16
    reduced = 4 * n_visits * n * width + n**2 * (d + 20 * n) + 5 * n * d * width
    return 2 * reduced < 4 * n_visits * d * width


def _blocks(parts: Sequence[np.ndarray]) -> Iterator[tuple[slice, list[np.ndarray]]]:
    """Yield the parts by blocks of columns, so that float64 copies of float32 stay near 8 MB."""
    step = max(256, 2**20 // sum(map(len, parts)))
    for i in range(0, parts[0].shape[1], step):
        block = slice(i, i + step)
        yield block, [part[:, block].astype(np.float64, copy=False) for part in parts]


def _combine(weights: Sequence[np.ndarray], blocks: Sequence[np.ndarray]) -> np.ndarray:
    """Return B^T w, summed over the parts."""
    return sum(B.T @ w for B, w in zip(blocks, weights, strict=True))


def _places(parts: Sequence[np.ndarray]) -> list[slice]:
    """Return where the parts are when they stand below each other."""
    return [slice(*ends) for ends in pairwise(np.cumsum([0, *map(len, parts)]))]


def _factorize_gram(parts):
    """Give R, X and the mix with Q = X.T @ mix; None where X X^T has lost digits that matter.

    X, the parts below each other, is never put together: that would cost as much as reading it.
    """
    n, d = sum(map(len, parts)), parts[0].shape[1]
    if n > d:
        return None
    gram, places = np.zeros((n, n)), _places(parts)
    with np.errstate(over="ignore", invalid="ignore"):
        for _, blocks in _blocks(parts):
            for i, A in enumerate(blocks):
                for j, B in enumerate(blocks[: i + 1]):  # eigh reads the lower triangle alone
                    gram[places[i], places[j]] += A @ B.T
    if not np.isfinite(gram).all():
        return None
    # NumPy's eigh and not scipy's, whose BLAS may be another one: two pools of threads that wait
    # for each other would take ten times as long.
    eigenvalues, V = np.linalg.eigh(gram)
    kept = eigenvalues > SMALLEST_KEPT * eigenvalues[-1]
    absent = [V[place][:, ~kept] for place in places]
    dropped = sum(np.square(_combine(absent, blocks)).sum() for _, blocks in _blocks(parts))
    if dropped > max(ABSENT, np.finfo(parts[0].dtype).eps) ** 2 * eigenvalues[-1]:
        return None
    V, roots = V[:, kept], np.sqrt(eigenvalues[kept])
    return V * roots, parts, V / roots


def _factorize_qr(parts):
    """Give R, Q^T and the identity, by unpivoted QR of X^T in float64."""
    X = np.concatenate(parts, dtype=np.float64)
    Q, R = scipy.linalg.qr(X.T, overwrite_a=True, mode="economic")
    return R.T, [Q.T], np.eye(len(R))
