"""The table of initializers: names, aliases, sources, and what other libraries call them."""

from __future__ import annotations

from skinit.initializers.data import LSUV, WithinLayer
from skinit.initializers.depth import EdgeOfChaos, Gain, MuP, RandomWalk
from skinit.initializers.identity import Identity, TanhInit, ZerO
from skinit.initializers.isometric import Isometric
from skinit.initializers.names import INITIALIZERS, register_initializer
from skinit.initializers.orthogonal import LooksLinear, Orthogonal
from skinit.initializers.output import PriorBias
from skinit.initializers.simple import Constant, Normal, TruncatedNormal, Uniform
from skinit.initializers.units import NguyenWidrow, RandomizedAsymmetric, Sinusoidal, Sparse
from skinit.initializers.variance import SklearnDefault, VarianceScaling

__all__ = ["INITIALIZERS"]

_HE = "He et al. 2015, arXiv:1502.01852"
_GLOROT = "Glorot & Bengio 2010"
_LECUN = "LeCun et al. 1998; Klambauer et al. 2017, arXiv:1706.02515"

for _names, _initializer, _source in [
    # Constants
    ("zeros", Constant(0.0), "Dabbura 2018, first case"),
    ("ones", Constant(1.0), ""),
    ("constant", Constant(), ""),
    # One width for all layers
    ("random", Normal(10.0), "Dabbura 2018, second case: randn * 10"),
    ("normal", Normal(), ""),
    ("uniform", Uniform(), ""),
    ("truncated_normal", TruncatedNormal(), ""),
    # Variance by the layer's size
    ("xavier", VarianceScaling(1.0), "Dabbura 2018, third case: randn * sqrt(1/fan_in)"),
    ("he he_normal kaiming_normal", VarianceScaling(2.0), _HE),
    ("he_uniform kaiming_uniform", VarianceScaling(2.0, distribution="uniform"), _HE),
    ("glorot_normal xavier_normal", VarianceScaling(1.0, "fan_avg"), _GLOROT),
    ("glorot_uniform xavier_uniform", VarianceScaling(1.0, "fan_avg", "uniform"), _GLOROT),
    ("lecun_normal", VarianceScaling(1.0), _LECUN),
    ("lecun_uniform", VarianceScaling(1.0, distribution="uniform"), _LECUN),
    ("variance_scaling", VarianceScaling(), "the family of he, xavier, glorot and lecun"),
    # Structured matrices
    ("orthogonal", Orthogonal(), "Saxe et al. 2014, arXiv:1312.6120"),
    ("identity", Identity(), "Le et al. 2015, arXiv:1504.00941"),
    ("tanh_init", TanhInit(), "Lee et al. 2025, arXiv:2410.02242"),
    ("ZerO", ZerO(), "Zhao et al. 2022, arXiv:2110.12661"),
    ("sinusoidal", Sinusoidal(), "Fernández-Hernández et al. 2025, arXiv:2505.12909"),
    ("sparse", Sparse(), "Martens 2010"),
    ("looks_linear", LooksLinear(), "Balduzzi et al. 2017, arXiv:1702.08591"),
    # Units
    ("nguyen_widrow", NguyenWidrow(), "Nguyen & Widrow 1990; MATLAB's initnw"),
    ("rai", RandomizedAsymmetric(), "Lu et al. 2020, arXiv:1903.06733"),
    # Depth and theory
    ("gain", Gain(), "AutoInit: Bingham & Miikkulainen 2021, arXiv:2109.08958"),
    ("isometric", Isometric(), 'Saxe et al. 2014, arXiv:1312.6120; init="auto"'),
    ("mup", MuP(), "Yang & Hu 2021, arXiv:2011.14522"),
    ("random_walk", RandomWalk(), "Sussillo & Abbott 2014, arXiv:1412.6558"),
    ("edge_of_chaos", EdgeOfChaos(), "Schoenholz et al. 2017, arXiv:1611.01232"),
    # Made for the data
    ("lsuv", LSUV(), "Mishkin & Matas 2016, arXiv:1511.06422"),
    ("within_layer", WithinLayer(), "Krähenbühl et al. 2016, arXiv:1511.06856"),
    ("prior_bias", PriorBias(), "Lin et al. 2017, arXiv:1708.02002"),
    # Other libraries' defaults
    ("sklearn", SklearnDefault(), "sklearn.neural_network.MLPClassifier"),
    ("torch", VarianceScaling(1 / 3, distribution="uniform", bias=True), "torch.nn.Linear"),
    ("keras", VarianceScaling(1.0, "fan_avg", "uniform"), "keras.layers.Dense"),
]:
    _name, *_aliases = _names.split()
    register_initializer(_name, _initializer, aliases=_aliases, source=_source)
