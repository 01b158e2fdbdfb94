"""PyNEST scripts, as they stand: `import distsp.pynest as nest`, or `python -m distsp.pynest`.

The module has the calls and attributes of `nest`, which make the calls of `Network` and
`Simulation` that a user would make.
"""

import sys
from types import ModuleType
from typing import Any

from distsp.pynest import (
    ll_api,
    math,
    random,
    raster_plot,
    settings,
    spatial,
    spatial_distributions,
    voltage_trace,
)
from distsp.pynest.calls import *  # noqa: F403
from distsp.pynest.collection import NodeCollection
from distsp.pynest.errors import NESTError, NESTErrors, refuse
from distsp.pynest.model_calls import *  # noqa: F403
from distsp.pynest.old_calls import *  # noqa: F403
from distsp.pynest.parameters import Parameter
from distsp.pynest.positions import *  # noqa: F403
from distsp.pynest.synapse_collection import SynapseCollection

__all__ = [
    "NESTError",
    "NESTErrors",
    "NodeCollection",
    "Parameter",
    "SynapseCollection",
    "ll_api",
    "math",
    "random",
    "raster_plot",
    "spatial",
    "spatial_distributions",
    "voltage_trace",
]


class NestModule(ModuleType):
    """The module, with the attributes of the kernel among its own."""

    def __getattr__(self, name: str) -> Any:
        if name in settings.NAMES:
            return settings.get(name)
        if name == "kernel_status":
            return {one: settings.get(one) for one in settings.NAMES}
        if name in NOT_THERE:
            return _refused(name)
        raise AttributeError(f"module 'nest' has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name in settings.READ_ONLY:
            raise AttributeError(f"attribute '{name}' of module 'nest' can only be read")
        if name in settings.NAMES:
            settings.set_all({name: value})
        elif name in self.__dict__ or isinstance(value, ModuleType) or name.startswith("__"):
            super().__setattr__(name, value)
        else:
            raise AttributeError(f"Cannot set attribute '{name}' on module 'nest'")

    def set(self, **values: Any) -> None:
        """Set attributes of the kernel."""
        settings.set_all(values)

    def get(self, *names: Any) -> Any:
        """Return attributes of the kernel."""
        keys = names[0] if len(names) == 1 else list(names) or None
        return sys.modules[__name__].GetKernelStatus(keys)


NOT_THERE = {
    "DataConnect": "use Connect with lists of sources, targets, weights and delays",
    "CGConnect": "use Connect with lists of sources and targets",
    "TripartiteConnect": "there are no astrocytes",
    "SonataNetwork": "distsp has a reader of its own: the rule edges_from_file",
    "GetChildren": "subnets are not there; use the ids that Create returns",
    "BeginSubnet": "subnets are not there; use the ids that Create returns",
    "sli_run": "write it in Python",
    "sr": "write it in Python",
    "sps": "write it in Python",
    "spp": "write it in Python",
    "sli_func": "write it in Python",
    "server": "run the script with python -m distsp.pynest",
    "visualization": "use the figures of distsp",
    "SetMaxBuffered": "leave it out",
    "SetAcceptableLatency": "leave it out",
    "topology": "use positions and nest.spatial of NEST 3",
    "help": "see the documentation of NEST",
}
"""What NEST has and distsp has not, and what to do instead."""


def _refused(name: str) -> Any:
    def call(*_: Any, **__: Any) -> None:
        refuse(f"nest.{name}", NOT_THERE[name])

    return call


sys.modules[__name__].__class__ = NestModule
