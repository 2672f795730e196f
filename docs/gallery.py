"""The order of the gallery: from what everybody asks to what some people need."""

from __future__ import annotations

ORDER = [
    "plot_tutorial_reexamined.py",
    "plot_activation_and_depth.py",
    "plot_learning_rate.py",
    "plot_signal_through_layers.py",
    "plot_why_it_failed.py",
    "plot_your_own_initializer.py",
    "plot_nguyen_widrow.py",
    "plot_laws.py",
    "plot_search.py",
    "plot_regression.py",
    "plot_own_validation_set.py",
]


class Order:
    """Sort files as they are listed above, and others behind them by their names."""

    def __init__(self, src_dir: str):
        self.src_dir = src_dir

    def __call__(self, filename: str) -> tuple[int, str]:
        """Return what a file is sorted by."""
        return (ORDER.index(filename) if filename in ORDER else len(ORDER)), filename
