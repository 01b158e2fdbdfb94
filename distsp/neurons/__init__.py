"""Neuron models by name."""

from distsp.neurons.iaf_psc_alpha import IafPscAlpha
from distsp.neurons.iaf_psc_delta import IafPscDelta
from distsp.neurons.iaf_psc_exp import IafPscExp
from distsp.neurons.model import NeuronModel

MODELS: dict[str, type[NeuronModel]] = {
    "iaf_psc_alpha": IafPscAlpha,
    "iaf_psc_exp": IafPscExp,
    "iaf_psc_delta": IafPscDelta,
}
