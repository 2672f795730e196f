"""diagnose: why a start fails, said before any training."""

from __future__ import annotations

from skinit.diagnosis.diagnosis import Diagnosis, PropagationDisplay, diagnose
from skinit.displays.starts import StartsDisplay

__all__ = ["Diagnosis", "PropagationDisplay", "StartsDisplay", "diagnose"]
