"""The layers of a start as a table of text, for pages and the terminal."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

from skinit._wording import MISSING, is_missing, write_share

if TYPE_CHECKING:
    import pandas as pd


class Column(NamedTuple):
    """A column of `skinit.Diagnosis.to_frame`: its heading, how it is written, and what it is."""

    name: str
    heading: str
    text: str
    meaning: str

    def write(self, value: float) -> str:
        """Write one value; without a format it is a share."""
        if is_missing(value):
            return MISSING
        return self.text.format(value) if self.text else write_share(value)


COLUMNS = [
    Column("units", "units", "{:.0f}", "outputs of the layer"),
    Column("z_std", "SD of z", "{:.2g}", "standard deviation of the pre-activations"),
    Column("q", "signal²", "{:.2g}", "mean square of the activations"),
    Column("delta_rms", "dL/dz", "{:.1e}", "root mean square of the loss's derivatives by z"),
    Column("gradient_rms", "dL/dW", "{:.1e}", "root mean square of the gradient of the weights"),
    Column("saturated", "saturated", "", "share of outputs on a plateau (logistic and tanh)"),
    Column("dead", "dead", "", "share of units with a slope of 0 on every row"),
    Column("distinct", "distinct", "{:.0f}", "units that are not copies of others"),
    Column("rank", "rank", "{:.0f}", "rank of the weights"),
]


def format_layers(layers: pd.DataFrame, without: Collection[str] = ()) -> pd.DataFrame:
    """Write the most telling columns of a table of layers as text.

    Parameters
    ----------
    layers : DataFrame
        As of `skinit.Diagnosis.to_frame`.
    without : collection of str, default=()
        Columns of it to leave out.

    Returns
    -------
    DataFrame of str
        The first column is "layer".
    """
    import pandas as pd

    cells = {"layer": [str(layer) for layer in layers.index]}
    for column in COLUMNS:
        if column.name not in without:
            cells[column.heading] = [column.write(value) for value in layers[column.name]]
    return pd.DataFrame(cells)
