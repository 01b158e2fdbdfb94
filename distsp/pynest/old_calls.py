"""The calls of PyNEST that only its version 2 has."""

from collections.abc import Mapping
from typing import Any

from distsp.pynest import settings
from distsp.pynest.calls import Disconnect, PrintNodes, ResetKernel
from distsp.pynest.errors import NESTErrors, overlook
from distsp.pynest.kernel import KERNEL

PLASTICITY = ("structural_plasticity_synapses", "structural_plasticity_update_interval")


def speak(version: int) -> None:
    """Read what follows as a script of this version of NEST; begin anew."""
    KERNEL.version = version
    KERNEL.reset()


def _old(call: str) -> None:
    """Turn to version 2, or refuse a mixture."""
    if KERNEL.version == 2:
        return
    if KERNEL.n_nodes or KERNEL.entries:
        line = (
            f"{call} is a call of NEST 2 in a script of NEST 3; --nest-version 2 reads it as such"
        )
        raise NESTErrors.NotImplemented(line)
    resolution, seed = KERNEL.resolution, KERNEL.seed
    speak(2)
    settings.set_all({"resolution": resolution, "rng_seed": seed})


def SetStructuralPlasticityStatus(params: Mapping[str, Any]) -> None:
    """Set which synapses structural updates make and break, and how often (steps)."""
    _old("SetStructuralPlasticityStatus")
    for name in params:
        if name not in PLASTICITY:
            overlook(f"SetStructuralPlasticityStatus: {name}")
    settings.set_all({name: value for name, value in params.items() if name in PLASTICITY})


def GetStructuralPlasticityStatus(keys: Any = None) -> Any:
    """Return which synapses structural updates make and break, and how often (steps)."""
    _old("GetStructuralPlasticityStatus")
    found = {name: settings.get(name) for name in PLASTICITY}
    if keys is None:
        return found
    return found[keys] if isinstance(keys, str) else tuple(found[key] for key in keys)


def ResetNetwork() -> None:
    """Forget all, as ResetKernel does."""
    ResetKernel()


def PrintNetwork(*_: Any, **__: Any) -> None:
    """Print ids and models of all nodes."""
    PrintNodes()


def DisconnectOneToOne(source: Any, target: Any, syn_spec: Any) -> None:
    """Remove a connection between two nodes."""
    Disconnect([source], [target], "one_to_one", syn_spec)


__all__ = [
    "DisconnectOneToOne",
    "GetStructuralPlasticityStatus",
    "PrintNetwork",
    "ResetNetwork",
    "SetStructuralPlasticityStatus",
]
