"""What a notebook shows of a fitted network: how each of its layers started."""

from __future__ import annotations

from skinit._sklearn import VisualBlock


def draw_estimator(estimator) -> VisualBlock:
    """Return the diagram of an estimator: its layers once it is fitted, else itself alone.

    Each layer is its initializer, with shape and formulas; unfolded, it shows the initializer's
    parameters.
    """
    if not hasattr(estimator, "initializers_"):
        name = type(estimator).__name__
        return VisualBlock("single", estimator, names=name, name_details=str(estimator))
    layers = zip(estimator.initializers_, estimator.coefs_, strict=True)
    blocks = [draw_layer(i, initializer, W.shape) for i, (initializer, W) in enumerate(layers, 1)]
    return VisualBlock("serial", blocks, dash_wrapped=False)


def draw_layer(number: int, initializer, shape: tuple[int, int]) -> VisualBlock:
    """Return one layer of the diagram."""
    fan_in, fan_out = shape
    return VisualBlock(
        "single",
        initializer,
        names=f"layer {number}: {fan_in} → {fan_out}, {type(initializer).__name__}",
        name_caption=f"W: {initializer.formula};  b: {initializer.bias_formula}",
        name_details=repr(initializer),
    )
