"""What a script says of connections: rules, synapses, weights and delays."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from distsp.base.arrays import Ints
from distsp.network.rules import Rule
from distsp.network.rules.rule import Ends
from distsp.pynest.errors import NESTErrors, as_nest, refuse, wrong
from distsp.pynest.kernel import KERNEL
from distsp.pynest.near import pairs_for
from distsp.pynest.parameters import Parameter

OLD_RULE_KEYS = {"autapses": "allow_autapses", "multapses": "allow_multapses"}
FLAGS = ("allow_autapses", "allow_multapses")

SYNAPSE_KEYS = {"synapse_model", "weight", "delay", "receptor_type", *FLAGS}
SYNAPSE_KEYS |= {"pre_synaptic_element", "post_synaptic_element"}


def conn_spec_of(conn_spec: Any) -> dict[str, Any]:
    """Return a rule and its parameters, with the names that NEST 3 has for them."""
    if conn_spec is None:
        return {"rule": "all_to_all"}
    if isinstance(conn_spec, str):
        return {"rule": conn_spec}
    if not isinstance(conn_spec, Mapping):
        raise TypeError("conn_spec must be a string or dict")
    found = {OLD_RULE_KEYS.get(str(k), str(k)): v for k, v in conn_spec.items()}
    if "rule" not in found:
        found["rule"] = "all_to_all"
    return found


def syn_spec_of(syn_spec: Any) -> dict[str, Any]:
    """Return a synapse model and values of the synapses, with the names that NEST 3 has."""
    if syn_spec is None:
        return {"synapse_model": "static_synapse"}
    if isinstance(syn_spec, str):
        return {"synapse_model": syn_spec}
    if not isinstance(syn_spec, Mapping):
        raise TypeError("syn_spec must be a string, dict or CollocatedSynapses object")
    found = dict(syn_spec)
    if "model" in found:
        found["synapse_model"] = found.pop("model")
    found.setdefault("synapse_model", "static_synapse")
    known = found["synapse_model"] in KERNEL.models.synapses
    for key in found:
        if key not in SYNAPSE_KEYS and known:
            line = f"Unaccessed elements in syn_spec, in function Connect: {key}"
            raise NESTErrors.UnaccessedDictionaryEntry(line)
    if found.pop("receptor_type", 0) != 0:
        refuse("Connect: receptor_type", "neurons here have one port, 0")
    return found


def refuse_or_unknown(name: Any) -> None:
    """Refuse a synapse model that distsp has not."""
    if isinstance(name, str) and name.endswith(("_synapse", "_connection", "_lbl", "_hpc", "_hom")):
        refuse(f"Connect: synapse model {name}", "use static_synapse or a copy of it")
        return
    raise NESTErrors.UnknownSynapseType(f"Synapse with name {name} does not exist.")


def checked_rule(rule: dict[str, Any], sources: Ints, targets: Ints) -> dict[str, Any]:
    """Return a rule as the network has it, with the parameters it needs."""
    name = rule["rule"]
    known = [key for key in Rule.members if key not in ("explicit", "edges_from_file")]
    if name not in known:
        raise NESTErrors.BadProperty(f"Unknown connectivity rule: {name}")
    found = {key: value for key, value in rule.items() if key != "make_symmetric"}
    if rule.get("make_symmetric", False):
        refuse("Connect: make_symmetric", "connect in both directions")
    for key, value in found.items():
        if isinstance(value, np.generic):
            found[key] = value.item()
        if (
            key in ("indegree", "outdegree", "N")
            and isinstance(value, float)
            and value == int(value)
        ):
            found[key] = int(value)
        if key in ("p", "pairwise_avg_num_conns") and isinstance(value, int):
            found[key] = float(value)
    if name == "one_to_one" and len(sources) != len(targets):
        line = "Source and Target population must be of the same size."
        raise NESTErrors.DimensionMismatch(line)
    member = Rule.known("rule", name)
    unknown = sorted(set(found) - set(member.model_fields))
    if unknown:
        line = f"Unaccessed elements in conn_spec, in function Connect: {unknown[0]}"
        raise NESTErrors.UnaccessedDictionaryEntry(line)
    with as_nest("Connect"):
        checked = member.check("conn_spec", found)
        if len(sources) and len(targets):
            checked.check_ends("conn_spec", Ends(np.unique(sources), np.unique(targets)))
    ordered = len(np.unique(sources)) == len(sources) and len(np.unique(targets)) == len(targets)
    if name == "one_to_one":
        ascending = np.all(np.diff(sources) > 0) and np.all(np.diff(targets) > 0)
        return found if ascending else {"rule": "explicit"}
    if not ordered and name != "all_to_all":
        raise wrong("IllegalConnection", "Connect", name, "needs nodes that are there once")
    return found if ordered else {"rule": "explicit"}


def value_of(key: str, value: Any, rule: dict[str, Any], sources: Ints, targets: Ints) -> Any:
    """Return a weight or delay: a number, a distribution, or an array with one for each."""
    if isinstance(value, Mapping):
        return _old_distribution(key, value)
    if isinstance(value, Parameter):
        if value.known_as is not None:
            return value.known_as
        if rule["rule"] not in ("one_to_one", "all_to_all", "explicit"):
            right = "use a uniform, normal or lognormal one, times a number"
            refuse(f"Connect: such a random {key} with {rule['rule']}", right)
            return 1.0
        KERNEL.drawn += 1
        if rule["rule"] == "all_to_all" or len(sources) != len(targets):
            n = len(sources)
            sources, targets = np.repeat(sources, len(targets)), np.tile(targets, n)
        ends = pairs_for(sources, targets)
        found = value.draw(KERNEL.seed, KERNEL.drawn, len(sources), **ends)
        return found if key == "weight" else np.maximum(found, KERNEL.resolution)
    array = np.asarray(value)
    if array.ndim == 0:
        if array.dtype.kind not in "iuf":
            raise wrong("TypeMismatch", f"Connect: {key}", value, "must be a number")
        return float(array) if key == "weight" else in_steps(float(array))
    shapes: dict[str, tuple[int, ...]] = {
        "one_to_one": (len(targets),),
        "explicit": (len(targets),) if len(sources) == len(targets) else (),
        "all_to_all": (len(targets), len(sources)),
    }
    wanted = shapes.get(rule["rule"])
    if rule["rule"] == "fixed_indegree":
        wanted = (len(targets), rule["indegree"])
    if array.shape == wanted:
        return array.T.reshape(-1) if rule["rule"] == "all_to_all" else array.reshape(-1)
    raise ValueError(f"'{key}' has to be an array of shape {wanted}, a scalar or a dictionary.")


def in_steps(delay: float) -> float:
    """Return a delay (ms) in whole steps, to which NEST rounds; as it is where it is less."""
    steps = delay / KERNEL.resolution
    whole = abs(steps - round(steps)) < 1e-9 or delay < KERNEL.resolution
    return delay if whole else round(round(steps) * KERNEL.resolution, 12)


def _old_distribution(key: str, value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a distribution of NEST 2 as the network has it."""
    kind = value.get("distribution")
    if kind == "uniform":
        return {"distribution": kind, "low": float(value["low"]), "high": float(value["high"])}
    if kind in ("normal", "lognormal", "normal_clipped"):
        found = {"mean": float(value.get("mu", 0.0)), "std": float(value.get("sigma", 1.0))}
        found |= {end: float(value[end]) for end in ("low", "high") if end in value}
        return {"distribution": kind.removesuffix("_clipped"), **found}
    refuse(f"Connect: {key} with the distribution {kind!r}", "use uniform, normal or lognormal")
    return {"distribution": "uniform", "low": 1.0, "high": 1.0}


def shortest_and_longest(delay: Any) -> tuple[float, float]:
    """Return the shortest and the longest of delays (ms)."""
    if isinstance(delay, dict):
        if delay["distribution"] == "uniform":
            return delay["low"], delay["high"]
        low = delay.get("low", 1.0)
        return max(low, KERNEL.resolution), max(low, 1.0)
    return float(np.min(delay)), float(np.max(delay))
