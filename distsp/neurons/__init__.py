"""Neuron models: each is a file here, and a line below."""

from distsp.neurons.aeif_cond_alpha import AeifCondAlpha
from distsp.neurons.aeif_cond_exp import AeifCondExp
from distsp.neurons.aeif_psc_exp import AeifPscExp
from distsp.neurons.hh_psc_alpha import HhPscAlpha
from distsp.neurons.iaf_cond_alpha import IafCondAlpha
from distsp.neurons.iaf_cond_exp import IafCondExp
from distsp.neurons.iaf_psc_alpha import IafPscAlpha
from distsp.neurons.iaf_psc_delta import IafPscDelta
from distsp.neurons.iaf_psc_exp import IafPscExp
from distsp.neurons.izhikevich import Izhikevich
from distsp.neurons.model import NeuronModel
from distsp.neurons.parrot_neuron import ParrotNeuron

__all__ = [
    "AeifCondAlpha",
    "AeifCondExp",
    "AeifPscExp",
    "HhPscAlpha",
    "IafCondAlpha",
    "IafCondExp",
    "IafPscAlpha",
    "IafPscDelta",
    "IafPscExp",
    "Izhikevich",
    "NeuronModel",
    "ParrotNeuron",
]
