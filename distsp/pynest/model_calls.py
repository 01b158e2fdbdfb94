"""The calls of PyNEST about models and their defaults."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from distsp.pynest.elements import replaced, updated
from distsp.pynest.errors import FINDINGS, NESTErrors, refuse, wrong
from distsp.pynest.kernel import KERNEL
from distsp.pynest.models import Model, SynapseModel, plain


def node_model(name: Any) -> Model:
    """Return a model of nodes by its name."""
    found = KERNEL.models.nodes.get(name)
    if found is not None:
        return found
    from_nest = isinstance(name, str) and any(
        name.endswith(end) for end in ("_generator", "_detector", "_recorder", "_ps", "_device")
    )
    known = sorted(KERNEL.models.nodes)
    if (
        from_nest
        or FINDINGS.only_checking
        or str(name).startswith(("iaf_", "aeif_", "hh_", "gif_"))
    ):
        refuse(f"Create: the model {name}", f"there are {', '.join(known)}")
        model = KERNEL.models.nodes["iaf_psc_alpha"].copy(str(name))
        model.stands_in = True
        return model
    raise NESTErrors.UnknownModelName(f"{name} is not a known model name.")


def CopyModel(existing: str, new: str, params: Mapping[str, Any] | None = None) -> None:
    """Make a model of neurons, devices or synapses that is a copy of another."""
    models = KERNEL.models
    if new in models.nodes or new in models.synapses:
        line = f"Model {new} is the name of an existing model and cannot be re-used."
        raise NESTErrors.NewModelNameExists(line)
    if existing in models.nodes:
        models.nodes[new] = models.nodes[existing].copy(new)
    elif existing in models.synapses:
        old = models.synapses[existing]
        models.synapses[new] = SynapseModel(new, old.weight, old.delay)
    elif isinstance(existing, str) and "synapse" in existing:
        refuse(f"CopyModel: {existing}", "use static_synapse or a copy of it")
        models.synapses[new] = SynapseModel(new)
    else:
        raise NESTErrors.UnknownModelName(f"{existing} is not a known model name.")
    if params:
        SetDefaults(new, params)


def SetDefaults(model: str, params: Any, val: Any = None) -> None:
    """Set values that new nodes or connections of a model have."""
    given = {params: val} if isinstance(params, str) else params
    KERNEL.changed = True
    if model in KERNEL.models.nodes:
        _set_node_defaults(KERNEL.models.nodes[model], given)
        return
    if model not in KERNEL.models.synapses:
        raise NESTErrors.UnknownModelName(f"{model} is not a known model name.")
    synapse = KERNEL.models.synapses[model]
    for key, value in given.items():
        if key in ("receptor_type", "weight_recorder") and not value:
            continue
        if key not in ("weight", "delay") and FINDINGS.only_checking:
            refuse(f"SetDefaults: {key} of {model}", "set weight and delay")
            continue
        if key not in ("weight", "delay"):
            line = f"Unaccessed elements in params, in function SetDefaults: {key}"
            raise NESTErrors.UnaccessedDictionaryEntry(line)
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            raise wrong("TypeMismatch", f"SetDefaults: {key}", value, "must be a number")
        if key == "delay" and value < KERNEL.resolution * (1.0 - 1e-9):
            right = f"ms must be at least the resolution, {KERNEL.resolution} ms"
            raise wrong("BadDelay", "SetDefaults: delay", value, right)
        setattr(synapse, key, float(value))
        _follow(model, key, float(value))


def _follow(model: str, key: str, value: float) -> None:
    """Let synapses that updates make have new defaults."""
    for kind in KERNEL.synapses.of_model(model):
        entry = KERNEL.entries.get(kind.name, {})
        if not kind.plastic or key in entry or getattr(kind, key) == value:
            continue
        if kind.told and KERNEL.started:
            right = "set them before the first Simulate"
            refuse(f"SetDefaults of {model}, which structural updates make", right)
            continue
        setattr(kind, key, value)
        KERNEL.stale |= kind.told


def _set_node_defaults(model: Model, given: Mapping[str, Any]) -> None:
    call = f"SetDefaults {model.name}"
    for key, value in given.items():
        if key == "synaptic_elements":
            model.elements = replaced(call, value)
        elif key == "synaptic_elements_param":
            model.elements = updated(call, model.elements, value)
        elif key not in model.defaults:
            line = f"Unaccessed elements in params, in function SetDefaults: {key}"
            raise NESTErrors.UnaccessedDictionaryEntry(line)
        elif model.fixed(key) and value != model.defaults[key]:
            refuse(f"{call}: {key}={value!r}", "leave it out")
        elif isinstance(model.defaults[key], float):
            try:
                model.defaults[key] = float(value)
            except (TypeError, ValueError):
                raise wrong("TypeMismatch", f"{call}: {key}", value, "must be a number") from None
        else:
            model.defaults[key] = plain(value)


def GetDefaults(model: str, keys: Any = None, output: str = "") -> Any:
    """Return values that new nodes or connections of a model have."""
    if model in KERNEL.models.nodes:
        known = KERNEL.models.nodes[model]
        found = {k: v for k, v in known.defaults.items() if not k.startswith("_")}
        found |= {"model": model, "element_type": known.kind}
        found |= {"type_id": known.base, "global_id": 0}
        if known.kind == "neuron":
            found |= {"synaptic_elements": dict(known.elements), "recordables": known.recordables}
    elif model in KERNEL.models.synapses:
        synapse = KERNEL.models.synapses[model]
        found = {"weight": synapse.weight, "delay": synapse.delay, "synapse_model": model}
        found |= {"element_type": "synapse", "has_delay": True, "receptor_type": 0}
        found |= {"requires_symmetric": False}
    else:
        raise NESTErrors.UnknownModelName(f"{model} is not a known model name.")
    if keys is None:
        return found
    return found[keys] if isinstance(keys, str) else [found[key] for key in keys]


def Models(mtype: str = "all", sel: str | None = None) -> tuple[str, ...]:
    """Return the names of all models."""
    nodes = [] if mtype == "synapses" else list(KERNEL.models.nodes)
    synapses = [] if mtype == "nodes" else list(KERNEL.models.synapses)
    return tuple(name for name in sorted(nodes + synapses) if sel is None or sel in name)


__all__ = ["CopyModel", "GetDefaults", "Models", "SetDefaults"]
