"""How initializers carry signal and gradient through deep networks (a minute or two).

    python -m benchmarks.signals [--seeds 8]

Standardized inputs of as many features as a hidden layer has units go forward through the hidden
layers, and a random gradient at the last one goes back. For each activation, initializer and
depth it prints two numbers, geometric means over the seeds:

- signal: the variance of the last layer's pre-activations, over that of the first;
- gradient: the mean square of the first layer's gradient (by its pre-activations), over that of
  the last.

Both are 1 where nothing grows or fades.
"""

from __future__ import annotations

import argparse

import numpy as np

from skinit.activations import ACTIVATIONS, Activation, get_activation
from skinit.initializers import EdgeOfChaos, Initializer, Orthogonal, resolve_init, sample_layers

INITS: dict[str, str | Initializer] = {
    "he": "he",
    "xavier": "xavier",
    "glorot_uniform": "glorot_uniform",
    "gain": "gain",
    "orthogonal, gain auto": Orthogonal(gain="auto"),
    "isometric": "isometric",
    "lecun_normal": "lecun_normal",
    "sklearn": "sklearn",
    "torch": "torch",
}
# The smallest stable q, where 1 is not stable.
STABLE_Q = {"gelu": 4.0, "silu": 15.0, "mish": 2.0}
DEPTHS = [1, 5, 20, 30]
WIDTH, ROWS = 128, 100


def measure(init, activation: Activation, depth: int, width: int, seed: int) -> np.ndarray:
    """Return the ratios of signal and gradient of one network of equally wide hidden layers.

    Parameters
    ----------
    init : str, Initializer or sequence
        What an estimator would be given.
    activation : Activation
        Of the hidden layers.
    depth, width : int
        The number of hidden layers, and the units of each.
    seed : int
        Of the inputs, the weights and the gradient.

    Returns
    -------
    ndarray of shape (2,)
        Signal, last layer over first; squared gradient, first layer over last.
    """
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((ROWS, width))
    layers = sample_layers(
        resolve_init(init, depth + 1, activation),
        [width] * (depth + 1) + [1],
        activation=activation,
        out_activation="logistic",
        seed=seed,
        inputs=X,
    )[:-1]
    signals, slopes, a = [], [], X
    for W, b in layers:
        z = a @ W + b
        a = activation.function(z, np.empty_like(z))
        given_z = None if activation.from_output else z
        slopes.append(activation.derivative(given_z, a, np.empty_like(z)))
        signals.append(z.var())
    last = gradient = rng.standard_normal((ROWS, width)) * slopes[-1]
    for (W, _), slope in zip(layers[:0:-1], slopes[-2::-1], strict=True):
        gradient = (gradient @ W.T) * slope
    return np.array([signals[-1] / signals[0], np.mean(gradient**2) / np.mean(last**2)])


def mean_ratios(init, activation: Activation, depth: int, seeds: int) -> np.ndarray:
    """Return the geometric means of both ratios over the seeds."""
    ratios = [measure(init, activation, depth, WIDTH, seed) for seed in range(seeds)]
    return np.exp(np.mean(np.log(ratios), axis=0))


def candidates(activation: Activation) -> dict[str, str | Initializer]:
    """Return the initializers to measure, the edge of chaos at a q that is stable."""
    edge = EdgeOfChaos(q=STABLE_Q.get(activation.name, 1.0))
    if not edge.accepts(activation):
        return INITS
    return {**INITS, f"edge_of_chaos, q = {edge.q:g}": edge}


def write(value: float) -> str:
    """Write a ratio with two digits."""
    return f"{value:.2g}" if 0.01 <= value < 1000 else f"{value:.0e}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=8)
    seeds = parser.parse_args().seeds
    deep = [depth for depth in DEPTHS if depth > 1]  # with one layer both ratios are 1
    print("| activation | initializer |", *(f"{depth} layers |" for depth in deep))
    print("| --- | --- |" + " --- |" * len(deep))
    for activation in map(get_activation, ACTIVATIONS.names()):
        for name, init in candidates(activation).items():
            means = [mean_ratios(init, activation, depth, seeds) for depth in deep]
            cells = [f"{write(signal)}, {write(gradient)}" for signal, gradient in means]
            print(f"| {activation.name} | {name} |", *(f"{cell} |" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
