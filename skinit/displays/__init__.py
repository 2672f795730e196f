"""Plots of a comparison, in scikit-learn's style: frames in, axes out.

A display holds plain data and draws nothing until asked. Make one with its ``from_frame``; draw it
with ``plot(ax=None)``, which sets ``ax_`` and ``figure_`` and returns the display; or ask for
``to_figure()``, a figure that pyplot does not know, for files and reports. Labels are shown as they
are: a ``$`` in a label is a dollar and no mathematics.

Colours are those of Okabe and Ito [1]_, which colour-blind readers can tell apart; whatever a
colour says, a word, a marker or a line style says too.

References
----------
.. [1] Okabe and Ito (2008), "Color Universal Design: how to make figures and presentations that
   are friendly to colorblind people".
"""

from __future__ import annotations

from skinit.displays.critical_difference import CriticalDifferenceDisplay
from skinit.displays.differences import DifferencesDisplay
from skinit.displays.heatmap import HeatmapDisplay
from skinit.displays.loss_curves import LossCurvesDisplay
from skinit.displays.scores import ScoresDisplay
from skinit.displays.tuning import TuningDisplay

__all__ = [
    "CriticalDifferenceDisplay",
    "DifferencesDisplay",
    "HeatmapDisplay",
    "LossCurvesDisplay",
    "ScoresDisplay",
    "TuningDisplay",
]
