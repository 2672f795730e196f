"""Initializers: the distributions that weights and biases start from, and the table of names."""

from __future__ import annotations

import skinit.initializers.table  # noqa: F401 (fills the table of names)
from skinit._drawing.initializer import InitializerDisplay
from skinit.initializers.base import FromCallable, Given, InitContext, Initializer
from skinit.initializers.data import LSUV, WithinLayer
from skinit.initializers.depth import EdgeOfChaos, Gain, MuP, RandomWalk
from skinit.initializers.identity import Identity, TanhInit, ZerO
from skinit.initializers.isometric import Isometric
from skinit.initializers.names import get_initializer, list_initializers, register_initializer
from skinit.initializers.orthogonal import LooksLinear, Orthogonal
from skinit.initializers.output import PriorBias
from skinit.initializers.sampling import resolve_init, sample_layers
from skinit.initializers.simple import Constant, Normal, TruncatedNormal, Uniform
from skinit.initializers.units import NguyenWidrow, RandomizedAsymmetric, Sinusoidal, Sparse
from skinit.initializers.variance import SklearnDefault, VarianceScaling

__all__ = [
    "LSUV",
    "Constant",
    "EdgeOfChaos",
    "FromCallable",
    "Gain",
    "Given",
    "Identity",
    "InitContext",
    "Initializer",
    "InitializerDisplay",
    "Isometric",
    "LooksLinear",
    "MuP",
    "NguyenWidrow",
    "Normal",
    "Orthogonal",
    "PriorBias",
    "RandomWalk",
    "RandomizedAsymmetric",
    "Sinusoidal",
    "SklearnDefault",
    "Sparse",
    "TanhInit",
    "TruncatedNormal",
    "Uniform",
    "VarianceScaling",
    "WithinLayer",
    "ZerO",
    "get_initializer",
    "list_initializers",
    "register_initializer",
    "resolve_init",
    "sample_layers",
]
