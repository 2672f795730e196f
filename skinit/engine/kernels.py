"""One epoch of a stack of networks as compiled loops; `skinit.engine.compiled` calls them.

The same mathematics as in `passes`, `losses` and `optimizers`, in the same order, but fused: a
layer's bias and activation are one pass over its outputs, a step of Adam is one pass over the
parameters. The networks of a stack are trained one after the other, so that the parameters and
moments of one stay in the cache.

Importing this file imports numba. Only products of matrices leave it, to scipy's BLAS.

Arrays, for a network with L weight layers and a batch of n rows:

- ``w``, ``g``, ``m``, ``v``: parameters, gradient and moments, flat as in `stack.Parameters`: all
  weight matrices (fan_in, fan_out) one after the other, then all biases;
- ``a``: outputs of a hidden layer, (n, units); ``delta`` the loss's gradient at its sums ``z``;
- ``raw``: outputs of the last layer, samples last, (n_outputs, n); so is ``y``.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit, types
from numba.extending import intrinsic, overload

# Numbers for the names, because compiled code cannot look names up.
IDENTITY, LOGISTIC, TANH, RELU, LEAKY_RELU, ELU = range(6)
SOFTMAX, LOG_LOSS, SQUARED_ERROR, POISSON = range(4)
ADAM, SGD, LOOK = range(3)  # LOOK takes no steps, it only sums up losses

LEAK = 0.01  # of leaky_relu
SMALL_PRODUCT = 1_000_000  # multiply-adds; see skinit._blas

# A product may be fused with a sum (contract). NaN and infinity keep their meaning: they tell that
# a network diverged.
compiled = njit(nogil=True, error_model="numpy", fastmath={"contract"})
inlined = njit(nogil=True, error_model="numpy", inline="always")
# Sums may also be taken in another order: several at a time.
compiled_sum = njit(nogil=True, error_model="numpy", fastmath={"contract", "reassoc"})


# --- What an epoch is told --------------------------------------------------------------------


class Rows(NamedTuple):
    """The training rows: what all networks of a stack see."""

    X: np.ndarray  # (n, d), or (d, n) where rows lie in columns
    in_columns: bool
    y: np.ndarray  # (n_outputs, n)
    weight: np.ndarray  # (n,), or empty
    order: np.ndarray  # (n,): the rows in the order of this epoch; empty: as they are
    batch_size: int


class Network(NamedTuple):
    """What the networks of a stack share."""

    sizes: np.ndarray  # units of every layer, input and output included
    n_weights: int  # parameters before the biases
    n_hidden: int  # units of all hidden layers
    activation: int
    loss: int
    halves: bool  # whether products just above SMALL_PRODUCT are faster in halves


class Rule(NamedTuple):
    """How a gradient becomes a step: Adam's betas and epsilon, or the momentum of SGD."""

    solver: int
    first: float  # beta_1, or momentum
    second: float  # beta_2
    epsilon: float
    nesterov: bool


class Buffers(NamedTuple):
    """Working memory for one network and one batch."""

    rows: np.ndarray  # (batch_size, d)
    y: np.ndarray
    weight: np.ndarray
    outputs: np.ndarray  # of all hidden layers, one after the other
    deltas: np.ndarray  # of two hidden layers
    raw: np.ndarray
    row_sums: np.ndarray  # (2, batch_size)
    # The same memory as `rows` and `outputs`, which numba knows as read-only, as it does X: the
    # inputs of a layer are then of one type, wherever they come from.
    rows_seen: np.ndarray
    outputs_seen: np.ndarray


# --- exp and tanh -----------------------------------------------------------------------------
#
# numba calls the C library for these, one number at a time. The following are straight lines of
# arithmetic, which the compiler applies to eight numbers at once. With x = n ln 2 + r, |r| <= ln 2
# / 2, exp(x) = 2^n exp(r), and exp(r) - 1 is a polynomial. Errors: below two units in the last
# place (tests/engine/test_kernels.py).

LOG2_E = 1.4426950408889634
# ln 2 in two parts: the first has few enough digits that its product with n is exact.
LN2_64, LN2_64_REST = 6.93147180369123816490e-01, 1.90821492927058770002e-10
LN2_32, LN2_32_REST = 0.693359375, -2.12194440e-4


@intrinsic
def _float_of_bits(_context, bits=None):
    """Return the float whose bits an integer of the same width has."""
    result = types.float64 if bits == types.int64 else types.float32

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))

    return result(bits), generate


@inlined
def _power_of_two_64(n):
    return _float_of_bits((np.int64(n) + np.int64(1023)) << np.int64(52))


@inlined
def _power_of_two_32(n):
    return _float_of_bits(np.int32((np.int32(n) + np.int32(127)) << np.int32(23)))


@compiled
def _reduce_64(x):
    """Return n and exp(r) - 1, by Taylor's polynomial of degree 13."""
    n = np.floor(x * LOG2_E + 0.5)
    r = (x - n * LN2_64) - n * LN2_64_REST
    p = 1.6059043836821613e-10
    p = p * r + 2.08767569878681e-09
    p = p * r + 2.505210838544172e-08
    p = p * r + 2.755731922398589e-07
    p = p * r + 2.7557319223985893e-06
    p = p * r + 2.48015873015873e-05
    p = p * r + 0.0001984126984126984
    p = p * r + 0.001388888888888889
    p = p * r + 0.008333333333333333
    p = p * r + 0.041666666666666664
    p = p * r + 0.16666666666666666
    p = p * r + 0.5
    return n, p * r * r + r


@compiled
def _reduce_32(x):
    """Return n and exp(r) - 1, by Taylor's polynomial of degree 7."""
    n = np.floor(x * np.float32(LOG2_E) + np.float32(0.5))
    r = (x - n * np.float32(LN2_32)) - n * np.float32(LN2_32_REST)
    p = np.float32(1.9841270e-4)
    p = p * r + np.float32(1.3888889e-3)
    p = p * r + np.float32(8.3333333e-3)
    p = p * r + np.float32(4.1666668e-2)
    p = p * r + np.float32(1.6666667e-1)
    p = p * r + np.float32(0.5)
    return n, p * r * r + r


@compiled
def exp_64(x):
    """Return exp(x); below -708, where it leaves the normal numbers, about 1e-308."""
    n, p = _reduce_64(min(max(x, -708.0), 710.0))
    half = _power_of_two_64(n - 1.0)  # 2^1024 itself overflows, 2 * 2^1023 may be reached
    y = 2.0 * (half * p + half)
    return y if x == x else x


@compiled
def exp_32(x):
    """Return exp(x); below -86, where it leaves the normal numbers, about 1e-38."""
    n, p = _reduce_32(min(max(x, np.float32(-86.0)), np.float32(89.0)))
    half = _power_of_two_32(n - np.float32(1.0))
    y = np.float32(2.0) * (half * p + half)
    return y if x == x else x


@compiled
def expm1_64(x):
    """Return exp(x) - 1 for x <= 80, exact near 0 too."""
    n, p = _reduce_64(min(max(x, -80.0), 80.0))
    s = _power_of_two_64(n)
    y = s * p + (s - 1.0)
    return y if x == x else x


@compiled
def expm1_32(x):
    """Return exp(x) - 1 for x <= 40, exact near 0 too."""
    n, p = _reduce_32(min(max(x, np.float32(-40.0)), np.float32(40.0)))
    s = _power_of_two_32(n)
    y = s * p + (s - np.float32(1.0))
    return y if x == x else x


def exp(x):
    """Stand for `exp_64` or `exp_32` in compiled code."""
    raise NotImplementedError


def expm1(x):
    """Stand for `expm1_64` or `expm1_32` in compiled code."""
    raise NotImplementedError


@overload(exp, inline="always")
def _choose_exp(x):
    return (lambda x: exp_64(x)) if x == types.float64 else (lambda x: exp_32(x))


@overload(expm1, inline="always")
def _choose_expm1(x):
    return (lambda x: expm1_64(x)) if x == types.float64 else (lambda x: expm1_32(x))


# --- Activations ------------------------------------------------------------------------------


@compiled
def activate(z, b, kind):
    """Write f(z + b) over z, (n, units)."""
    n, units = z.shape
    T = z.dtype.type
    zero, one, two, leak = T(0), T(1), T(2), T(LEAK)
    for i in range(n):
        row = z[i]
        if kind == RELU:
            for c in range(units):
                x = row[c] + b[c]
                row[c] = zero if x < zero else x
        elif kind == TANH:  # tanh(x) = e / (e + 2) with e = exp(2x) - 1
            for c in range(units):
                e = expm1(two * (row[c] + b[c]))
                row[c] = e / (e + two)
        elif kind == LOGISTIC:
            for c in range(units):
                row[c] = one / (one + exp(-(row[c] + b[c])))
        elif kind == LEAKY_RELU:
            for c in range(units):
                x = row[c] + b[c]
                row[c] = leak * x if x < zero else x
        elif kind == ELU:
            for c in range(units):
                x = row[c] + b[c]
                e = expm1(x)
                row[c] = e if x < zero else x
        else:
            for c in range(units):
                row[c] += b[c]


@compiled
def multiply_slope(delta, a, gb, kind):
    """Write delta * f'(z) over delta, (n, units), by a = f(z); sum its columns into gb."""
    n, units = a.shape
    T = a.dtype.type
    zero, one, leak = T(0), T(1), T(LEAK)
    gb[:] = zero
    for i in range(n):
        d, out = delta[i], a[i]
        if kind == RELU:
            for c in range(units):
                d[c] = d[c] if out[c] > zero else zero * d[c]
                gb[c] += d[c]
        elif kind == TANH:
            for c in range(units):
                d[c] *= one - out[c] * out[c]
                gb[c] += d[c]
        elif kind == LOGISTIC:
            for c in range(units):
                d[c] *= out[c] * (one - out[c])
                gb[c] += d[c]
        elif kind == LEAKY_RELU:
            for c in range(units):
                d[c] = d[c] if out[c] > zero else leak * d[c]
                gb[c] += d[c]
        elif kind == ELU:
            for c in range(units):
                d[c] = d[c] * (out[c] + one) if out[c] < zero else d[c]
                gb[c] += d[c]
        else:
            for c in range(units):
                gb[c] += d[c]


# --- Losses -----------------------------------------------------------------------------------
#
# Each adds the bias to raw, (n_outputs, n), overwrites it with the gradient of the mean loss, and
# returns the summed loss. `share` holds each row's weight / (sum of all weights).


@compiled
def softmax_loss(raw, b, y, weight, share, top):
    """log(sum(exp(z))) - z of the class, where z are a row's outputs."""
    n_outputs, n = raw.shape
    zero = raw.dtype.type(0)
    value = 0.0
    for i in range(n):
        top[i] = raw[0, i] + b[0]
    for c in range(n_outputs):
        for i in range(n):
            raw[c, i] += b[c]
            top[i] = raw[c, i] if raw[c, i] > top[i] else top[i]
    for c in range(n_outputs):
        for i in range(n):
            raw[c, i] -= top[i]
    # From here on `top` is free: first for z of the class, then for sums over the classes.
    top[:n] = zero
    for c in range(n_outputs):
        for i in range(n):
            top[i] += raw[c, i] * y[c, i]
    for i in range(n):
        value -= top[i] * weight[i]
        top[i] = zero
    for c in range(n_outputs):
        for i in range(n):
            raw[c, i] = exp(raw[c, i])
            top[i] += raw[c, i]
    for i in range(n):
        value += math.log(top[i]) * weight[i]
        top[i] = share[i] / top[i]
    for c in range(n_outputs):
        for i in range(n):
            raw[c, i] = raw[c, i] * top[i] - y[c, i] * share[i]
    return value


@compiled
def log_loss(raw, b, y, weight, share, small):
    """log(1 + exp(z)) - y z, summed over outputs; with e = exp(-|z|) nothing overflows."""
    n_outputs, n = raw.shape
    T = raw.dtype.type
    zero, one = T(0), T(1)
    value = 0.0
    for c in range(n_outputs):
        for i in range(n):
            raw[c, i] += b[c]
            small[i] = exp(-abs(raw[c, i]))
        for i in range(n):
            z = raw[c, i]
            positive = zero if z < zero else z
            value += (math.log1p(small[i]) + positive - z * y[c, i]) * weight[i]
        for i in range(n):
            e = small[i]
            p = (e if raw[c, i] < zero else one) / (one + e)
            raw[c, i] = (p - y[c, i]) * share[i]
    return value


@compiled
def squared_error(raw, b, y, weight, share):
    """Half of (z - y)², a mean over outputs; the gradient is that of the sum, see `losses`."""
    n_outputs, n = raw.shape
    value = 0.0
    for c in range(n_outputs):
        for i in range(n):
            error = raw[c, i] + b[c] - y[c, i]
            value += error * error * weight[i]
            raw[c, i] = error * share[i]
    return value / (2 * n_outputs)


@compiled
def poisson_deviance(raw, b, y, weight, share):
    """exp(z) - y z + y log(y) - y, summed over outputs."""
    n_outputs, n = raw.shape
    zero = raw.dtype.type(0)
    value = 0.0
    for c in range(n_outputs):
        for i in range(n):
            z, target = raw[c, i] + b[c], y[c, i]
            mean = exp(z)
            entropy = target * math.log(target) if target > zero else zero
            value += (mean - target * z + entropy - target) * weight[i]
            raw[c, i] = (mean - target) * share[i]
    return value


@inlined
def apply_loss(raw, b, y, weight, share, kind, spare):
    """Write the gradient over raw and return the summed loss."""
    if kind == SOFTMAX:
        return softmax_loss(raw, b, y, weight, share, spare)
    if kind == LOG_LOSS:
        return log_loss(raw, b, y, weight, share, spare)
    if kind == SQUARED_ERROR:
        return squared_error(raw, b, y, weight, share)
    return poisson_deviance(raw, b, y, weight, share)


# --- Steps ------------------------------------------------------------------------------------


@compiled
def adam_step(w, g, m, v, decay, rate, beta_1, beta_2, epsilon):
    """Move w by rate m / (sqrt(v) + epsilon); m and v are sums, not yet times 1 - beta."""
    T = w.dtype.type
    decay, rate, epsilon = T(decay), T(rate), T(epsilon)
    beta_1, beta_2 = T(beta_1), T(beta_2)
    for i in range(w.size):
        x = g[i] + decay * w[i]
        m[i] = beta_1 * m[i] + x
        v[i] = beta_2 * v[i] + x * x
        w[i] -= rate * (m[i] / (math.sqrt(v[i]) + epsilon))


@compiled
def sgd_step(w, g, v, decay, rate, momentum, nesterov):
    """Move w by v = momentum v - rate g, or with a look ahead by momentum v - rate g."""
    T = w.dtype.type
    decay, rate, momentum = T(decay), T(rate), T(momentum)
    if v.size == 0:
        for i in range(w.size):
            w[i] -= rate * (g[i] + decay * w[i])
    elif nesterov:
        for i in range(w.size):
            step = rate * (g[i] + decay * w[i])
            v[i] = momentum * v[i] - step
            w[i] += momentum * v[i] - step
    else:
        for i in range(w.size):
            v[i] = momentum * v[i] - rate * (g[i] + decay * w[i])
            w[i] += v[i]


@inlined
def step(w, g, m, v, n_weights, decay, rate, rule, t):
    """Take step number t; the L2 penalty acts on the first ``n_weights`` parameters alone."""
    if rule.solver == ADAM:
        # Adam's own formula with m (1 - beta_1), v (1 - beta_2) in place of its moments.
        root = math.sqrt(1 - rule.second)
        correction = math.sqrt(1 - rule.second**t) / (1 - rule.first**t)
        rate *= correction * (1 - rule.first) / root
        epsilon = rule.epsilon / root
    for start, stop, l2 in ((0, n_weights, decay), (n_weights, w.size, 0.0)):
        part, slope, first = w[start:stop], g[start:stop], m[start:stop]
        if rule.solver == ADAM:
            second = v[start:stop]
            adam_step(part, slope, first, second, l2, rate, rule.first, rule.second, epsilon)
        else:
            sgd_step(part, slope, first, l2, rate, rule.first, rule.nesterov)


@compiled_sum
def sum_of(x):
    """Return the sum of a vector."""
    total = x.dtype.type(0)
    for i in range(x.size):
        total += x[i]
    return total


@compiled_sum
def sum_of_squares(x):
    """Return the sum of a vector's squares."""
    total = x.dtype.type(0)
    for i in range(x.size):
        total += x[i] * x[i]
    return total


# --- One network ------------------------------------------------------------------------------


@inlined
def multiply(a, W, out, halves):
    """Write a @ W into out; see `skinit._blas.multiply` for the parts."""
    n = a.shape[0]
    parts = 1
    if halves and SMALL_PRODUCT < n * W.size <= 4 * SMALL_PRODUCT:
        parts = (n * W.size + SMALL_PRODUCT - 1) // SMALL_PRODUCT
    for i in range(parts):
        start, stop = n * i // parts, n * (i + 1) // parts
        np.dot(a[start:stop], W, out[start:stop])


@inlined
def take_batch(rows, start, stop, work):
    """Copy the rows of a batch, their targets and weights, into the buffers."""
    n = stop - start
    y = work.y[: rows.y.shape[0] * n].reshape(-1, n)
    for i in range(n):
        row = rows.order[start + i] if rows.order.size else start + i
        if rows.in_columns:
            for f in range(rows.X.shape[0]):
                work.rows[i, f] = rows.X[f, row]
        elif rows.order.size:
            for f in range(rows.X.shape[1]):
                work.rows[i, f] = rows.X[row, f]
        for c in range(rows.y.shape[0]):
            y[c, i] = rows.y[c, row]
        work.weight[i] = rows.weight[row] if rows.weight.size else work.weight.dtype.type(1)
    if rows.in_columns or rows.order.size:
        return work.rows_seen[:n], y
    return rows.X[start:stop], y


@inlined
def forward(network, w, batch, work):
    """Compute all layers; return the outputs of the last one without its bias, (n_outputs, n)."""
    n, sizes = batch.shape[0], network.sizes
    n_layers = sizes.size - 1
    matrix, bias, place = 0, network.n_weights, 0
    inputs = batch
    for layer in range(n_layers - 1):
        fan_in, fan_out = sizes[layer], sizes[layer + 1]
        W = w[matrix : matrix + fan_in * fan_out].reshape(fan_in, fan_out)
        z = work.outputs[place : place + n * fan_out].reshape(n, fan_out)
        multiply(inputs, W, z, network.halves)
        activate(z, w[bias : bias + fan_out], network.activation)
        inputs = work.outputs_seen[place : place + n * fan_out].reshape(n, fan_out)
        matrix, bias, place = matrix + fan_in * fan_out, bias + fan_out, place + n * fan_out
    W = w[matrix : matrix + sizes[-2] * sizes[-1]].reshape(sizes[-2], sizes[-1])
    raw = work.raw[: sizes[-1] * n].reshape(sizes[-1], n)
    np.dot(W.T, inputs.T, raw)
    return raw


@inlined
def backward(network, w, g, batch, raw, work):
    """Write into g what ``raw``, now the loss's gradient, causes; the last biases' is there."""
    n, sizes = batch.shape[0], network.sizes
    last = sizes.size - 2
    matrix, bias = network.n_weights, w.size - sizes[-1]
    place, half = n * network.n_hidden, work.deltas.size // 2
    above = work.deltas[:0].reshape(0, 0)
    for layer in range(last, -1, -1):
        fan_in, fan_out = sizes[layer], sizes[layer + 1]
        matrix -= fan_in * fan_out
        W = w[matrix : matrix + fan_in * fan_out].reshape(fan_in, fan_out)
        slope = g[matrix : matrix + fan_in * fan_out].reshape(fan_in, fan_out)
        inputs = batch
        if layer > 0:
            place -= n * fan_in
            inputs = work.outputs_seen[place : place + n * fan_in].reshape(n, fan_in)
        if layer == last:
            np.dot(inputs.T, raw.T, slope)
        else:
            np.dot(inputs.T, above, slope)
        if layer == 0:
            break
        start = layer % 2 * half
        delta = work.deltas[start : start + n * fan_in].reshape(n, fan_in)
        if layer < last:
            np.dot(above, W.T, delta)
        elif fan_out == 1:
            multiply_outer(raw[0], W[:, 0], delta)
        else:
            np.dot(raw.T, W.T, delta)
        bias -= fan_in
        multiply_slope(delta, inputs, g[bias : bias + fan_in], network.activation)
        above = delta


@compiled
def multiply_outer(column, row, out):
    """Write column[i] row[j] into out: BLAS is slow at it."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = column[i] * row[j]


@inlined
def train_network(rows, network, rule, w, g, m, v, alpha, rate, t, first, stop, work, sums):
    """Train one network on the batches from ``first`` on; return the number of its steps so far.

    The share of each batch in the epoch's mean loss and mean penalty is added to ``sums``; where
    the rule is to LOOK, its summed loss.
    """
    n_rows = rows.y.shape[1]
    n_weights = network.n_weights
    biases = g[w.size - network.sizes[-1] :]
    for start in range(first, stop, rows.batch_size):
        batch, y = take_batch(rows, start, min(start + rows.batch_size, n_rows), work)
        n = batch.shape[0]
        weight, share = work.weight[:n], work.row_sums[0, :n]
        total = float(n) if rows.weight.size == 0 else float(sum_of(weight))
        if total == 0:  # nothing moves
            continue
        for i in range(n):
            share[i] = weight[i] * w.dtype.type(1 / total)
        raw = forward(network, w, batch, work)
        bias = w[w.size - network.sizes[-1] :]
        value = apply_loss(raw, bias, y, weight, share, network.loss, work.row_sums[1])
        if rule.solver == LOOK:
            sums[0] += value
            continue
        for c in range(raw.shape[0]):
            biases[c] = sum_of(raw[c])
        backward(network, w, g, batch, raw, work)
        decay = alpha / total
        sums[0] += n / n_rows * (value / total)
        if decay != 0:
            sums[1] += n / n_rows * (decay / 2 * sum_of_squares(w[:n_weights]))
        t += 1
        step(w, g, m, v, n_weights, decay, rate, rule, t)
    return t


def train_stack(rows, network, rule, w, g, m, v, alphas, rates, t, first, stop, work, sums):
    """Train every network of a stack on the batches that begin at rows ``first`` to ``stop``.

    Parameters
    ----------
    rows, network, rule
        See their classes.
    w, m, v : ndarray of shape (k, n_parameters)
        Parameters and moments of every network, changed in place. Moments that the rule does not
        have are of shape (k, 0).
    g : ndarray of shape (n_parameters,)
        Memory for a gradient.
    alphas, rates : ndarray of shape (k,)
        Strength of the L2 penalty, and learning rate.
    t : int
        Steps that were taken before.
    first, stop : int
        The first row of the first batch, and a row behind that of the last one.
    work : Buffers
        Working memory.
    sums : ndarray of shape (k, 2)
        Mean loss and mean penalty of the epoch so far; summed loss, where the rule is to LOOK.

    Returns
    -------
    int
        Steps taken: without those that all weights of a batch forbid.
    """
    steps = t
    for j in range(w.shape[0]):
        steps = train_network(
            rows, network, rule, w[j], g, m[j], v[j], alphas[j], rates[j], t, first, stop, work,
            sums[j],
        )  # fmt: skip
    return steps


def cached(function):
    """Compile a function and keep the result on disk, where numba finds a place to write.

    It looks at the environment variable NUMBA_CACHE_DIR, beside this file, and in the user's
    cache; without any of them, every process compiles anew.
    """
    try:
        return njit(nogil=True, error_model="numpy", cache=True)(function)
    except RuntimeError:
        return njit(nogil=True, error_model="numpy")(function)


train = cached(train_stack)
