"""Models by the names that NEST has for them, and the parameters that each has."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np

from distsp.inputs import Input
from distsp.neurons import NeuronModel

FOREVER = float(np.finfo(np.float64).max)
"""What NEST has for a time that never comes."""

CALCIUM = {"tau_Ca": 10000.0, "beta_Ca": 0.001, "Ca": 0.0}

FREE = {"tau_minus": 20.0, "tau_minus_triplet": 110.0, "gsl_error_tol": 1e-6, "frozen": False}
"""Parameters of neurons that change nothing here, whatever their value."""

FIXED: dict[str, dict[str, Any]] = {
    "iaf_psc_alpha": {"V_min": -inf},
    "iaf_psc_exp": {"rho": 0.01, "delta": 0.0},
    "iaf_psc_delta": {"V_min": -FOREVER, "refractory_input": False},
    "izhikevich": {"consistent_integration": True},
}
"""Parameters that NEST has beside those of distsp, with the one value that they may have."""

DEVICE = {"start": 0.0, "stop": FOREVER, "origin": 0.0, "label": "", "frozen": False}

STIMULI: dict[str, tuple[str, dict[str, Any]]] = {
    "poisson_generator": ("poisson_generator", {"rate": 0.0}),
    "inhomogeneous_poisson_generator": (
        "poisson_generator",
        {"rate_times": [], "rate_values": [], "allow_offgrid_times": False},
    ),
    "spike_generator": (
        "spike_generator",
        {"spike_times": [], "spike_weights": [], "spike_multiplicities": []}
        | dict.fromkeys(("precise_times", "allow_offgrid_times", "shift_now_spikes"), False),
    ),
    "dc_generator": ("dc_generator", {"amplitude": 0.0}),
    "step_current_generator": (
        "step_current_generator",
        {"amplitude_times": [], "amplitude_values": [], "allow_offgrid_times": False},
    ),
    "ac_generator": (
        "ac_generator",
        {"amplitude": 0.0, "frequency": 0.0, "phase": 0.0, "offset": 0.0},
    ),
    "noise_generator": (
        "noise_generator",
        {"mean": 0.0, "std": 0.0, "dt": 1.0, "std_mod": 0.0, "frequency": 0.0, "phase": 0.0},
    ),
}
"""Stimulating devices: the input that each is, and its parameters."""

RECORDING = {"record_to": "memory", "time_in_steps": False, "_cleared": -1.0}
SAMPLING = RECORDING | {"record_from": [], "interval": 1.0, "offset": 0.0}
OLD_RECORDING = dict.fromkeys(("to_file", "to_memory", "withtime", "withgid", "withweight"), None)

RECORDERS: dict[str, tuple[str, dict[str, Any]]] = {
    "spike_recorder": ("spikes", RECORDING),
    "multimeter": ("traces", SAMPLING),
    "voltmeter": ("traces", SAMPLING | {"record_from": ["V_m"]}),
}
"""Recording devices: what each records, and its parameters."""

OLD_NODES = {"iaf_neuron": "iaf_psc_alpha", "spike_detector": "spike_recorder"}
"""Models that NEST 2 has, and what they are called in NEST 3."""


@dataclass
class Model:
    """A model of neurons or devices, as a script knows it.

    Attributes
    ----------
    name : str
        By which the script knows it.
    kind : str
        "neuron", "stimulator" or "recorder".
    base : str
        The neuron model, the input, or what is recorded.
    defaults : dict
        Values that new nodes have.
    elements : dict
        Synaptic elements that new neurons have.
    stands_in : bool
        Whether it stands for one that is not there, while a script is only checked.
    """

    name: str
    kind: str
    base: str
    defaults: dict[str, Any]
    elements: dict[str, dict[str, Any]] = field(default_factory=dict)
    stands_in: bool = False

    def copy(self, name: str) -> "Model":
        """Return the same under another name."""
        values, elements = deepcopy(self.defaults), dict(self.elements)
        return Model(name, self.kind, self.base, values, elements, self.stands_in)

    @property
    def neuron(self) -> type[NeuronModel]:
        """The neuron model."""
        found: type[NeuronModel] = NeuronModel.members[self.base]
        return found

    @property
    def parameters(self) -> set[str]:
        """Names of the parameters that distsp has."""
        members = NeuronModel.members if self.kind == "neuron" else Input.members
        return set(members[self.base].model_fields) - {"model"}

    @property
    def variables(self) -> list[str]:
        """Names of the state variables of the neurons."""
        return list(self.neuron.variables)

    @property
    def recordables(self) -> list[str]:
        """What a multimeter can record, sorted by name."""
        if self.kind != "neuron":
            return []
        return sorted(name for name in self.variables if not name.startswith(("dI_", "dg_")))

    def fixed(self, key: str) -> bool:
        """Return whether a parameter can only have its default."""
        return key in FIXED.get(self.base, {}) or (self.kind != "neuron" and key in _ONLY_DEFAULT)


_ONLY_DEFAULT = (
    "precise_times",
    "allow_offgrid_times",
    "shift_now_spikes",
    "time_in_steps",
    "frozen",
)


@dataclass
class SynapseModel:
    """A synapse model, as a script knows it: weight (pA, mV or nS) and delay (ms) by default."""

    name: str
    weight: float = 1.0
    delay: float = 1.0


class Models:
    """All models that a script can use, with their present defaults."""

    def __init__(self) -> None:
        self.nodes = {name: _neuron(name, member) for name, member in NeuronModel.members.items()}
        for name, (base, values) in STIMULI.items():
            self.nodes[name] = Model(name, "stimulator", base, deepcopy(DEVICE | values))
        for name, (base, values) in RECORDERS.items():
            self.nodes[name] = Model(name, "recorder", base, deepcopy(DEVICE | values))
        self.synapses = {"static_synapse": SynapseModel("static_synapse")}

    def add_old(self) -> None:
        """Add the models that only NEST 2 has."""
        for old, new in OLD_NODES.items():
            self.nodes[old] = self.nodes[new].copy(old)
        for model in self.nodes.values():
            if model.kind == "recorder":
                model.defaults |= OLD_RECORDING


def _neuron(name: str, member: type[NeuronModel]) -> Model:
    """Return a neuron model with NEST's defaults."""
    parameters = member.model_construct()
    state = dict.fromkeys(member.variables, 0.0) | parameters.initial()
    values = CALCIUM | dict(parameters) | state | FREE | FIXED.get(name, {})
    return Model(name, "neuron", name, values)


def plain(value: Any) -> Any:
    """Return a value with Python's own numbers where it has those of NumPy.

    Examples
    --------
    >>> plain({"rate": np.float64(2.0)})
    {'rate': 2.0}
    """
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {key: plain(entry) for key, entry in value.items()}
    return value
