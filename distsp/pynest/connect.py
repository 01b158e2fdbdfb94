"""Connect and Disconnect: connections between nodes, as calls of the network."""

from typing import Any

import numpy as np

from distsp.base.arrays import Ints
from distsp.pynest.collection import as_range, ids_of
from distsp.pynest.errors import NESTErrors, refuse, wrong
from distsp.pynest.groups import Devices, Population
from distsp.pynest.kernel import KERNEL
from distsp.pynest.near import near
from distsp.pynest.parameters import Parameter
from distsp.pynest.recordings import Tap
from distsp.pynest.specs import (
    checked_rule,
    conn_spec_of,
    refuse_or_unknown,
    shortest_and_longest,
    syn_spec_of,
    value_of,
)
from distsp.pynest.stimuli import Drive
from distsp.pynest.synapses import Kind, Wire
from distsp.pynest.tables import cut, tables


def connect(pre: Any, post: Any, conn_spec: Any = None, syn_spec: Any = None) -> None:
    """Connect nodes.

    Parameters
    ----------
    pre, post : NodeCollection, or list or array of int
    conn_spec : str or dict, optional
        A rule, all_to_all if not given.
    syn_spec : str or dict, optional
        A synapse model and values, static_synapse if not given.
    """
    rule, values = conn_spec_of(conn_spec), syn_spec_of(syn_spec)
    sources, targets = ids_of("Connect", pre), ids_of("Connect", post)
    model = KERNEL.models.synapses.get(values["synapse_model"])
    if model is None:
        name = values["synapse_model"]
        refuse_or_unknown(name)
        return
    listed = any(
        isinstance(values.get(key), Parameter) and values[key].known_as is None
        for key in ("weight", "delay")
    )
    if "mask" in rule or isinstance(rule.get("p"), Parameter):
        rule, sources, targets = near(rule, sources, targets, listed)
        if not len(sources) or not len(targets):
            return
    if rule["rule"] != "explicit":
        rule = checked_rule(rule, sources, targets)
    weight = value_of("weight", values.get("weight", model.weight), rule, sources, targets)
    delay = value_of("delay", values.get("delay", model.delay), rule, sources, targets)
    KERNEL.note_delay("Connect", *shortest_and_longest(delay))
    KERNEL.changed = True
    for some, of in _by_kind(sources):
        for others, onto in _by_kind(targets):
            if rule["rule"] != "all_to_all" and (len(some), len(others)) != (
                len(sources),
                len(targets),
            ):
                right = "connect neurons and devices in calls of their own"
                refuse(f"Connect: {rule['rule']} with neurons and devices together", right)
                return
            _connect(of, onto, some, others, rule, values, weight, delay)


def _by_kind(ids: Ints) -> list[tuple[Ints, str]]:
    """Return the ids of neurons, of stimulators and of recorders, in groups that are not empty."""
    if len(ids) == 0:
        return []
    ascending = np.unique(ids)
    kinds = {g.model.kind for g, _ in KERNEL.pieces(as_range(ascending))}
    if len(kinds) == 1:
        return [(ids, kinds.pop())]
    each = np.array([KERNEL.group_of(int(i)).model.kind for i in ids])
    return [
        (ids[each == kind], kind)
        for kind in ("neuron", "stimulator", "recorder")
        if np.any(each == kind)
    ]


def _connect(
    of: str,
    onto: str,
    sources: Ints,
    targets: Ints,
    rule: dict[str, Any],
    values: dict[str, Any],
    weight: Any,
    delay: Any,
) -> None:
    """Connect nodes of one kind with nodes of another."""
    if of == "neuron" and onto == "neuron":
        _wire(sources, targets, rule, values, weight, delay)
    elif of == "stimulator" and onto == "neuron":
        _drive(sources, targets, rule, weight, delay)
    elif (of, onto) in (("neuron", "recorder"), ("recorder", "neuron")):
        recorders, neurons = (targets, sources) if onto == "recorder" else (sources, targets)
        _tap(recorders, neurons, rule, onto == "recorder", weight, delay)
    elif of == "stimulator" and onto == "recorder":
        refuse("Connect: a generator to a recorder", "put a parrot_neuron between them")
    else:
        line = f"Connect: a {of} cannot be connected to a {onto}"
        raise NESTErrors.IllegalConnection(line)


def _wire(
    sources: Ints,
    targets: Ints,
    rule: dict[str, Any],
    values: dict[str, Any],
    weight: Any,
    delay: Any,
) -> None:
    """Ask for synapses between neurons."""
    model = KERNEL.models.synapses[values["synapse_model"]]
    pre, post = (values.get(f"{side}_synaptic_element") for side in ("pre", "post"))
    if (pre is None) != (post is None):
        line = "Structural plasticity requires both a pre- and postsynaptic element."
        raise NESTErrors.BadProperty(line)
    if pre is not None and rule["rule"] not in ("one_to_one", "all_to_all", "explicit"):
        line = f"Connect: rule {rule['rule']} with synaptic elements is not supported: use "
        raise NESTErrors.NotImplemented(f"{line}one_to_one or all_to_all, as NEST does")
    if any(not KERNEL.group_of(int(i)).model.neuron.has_membrane for i in _firsts(targets)):
        weight = 1.0  # parrots repeat spikes, whatever their weight
    numbers = isinstance(weight, float) and isinstance(delay, float)
    synapses = KERNEL.synapses
    if pre is not None and post is not None:
        kind = synapses.binding(model.name, pre, post, model.weight, model.delay)
    else:
        w, d = (weight, delay) if numbers else (model.weight, model.delay)
        kind = synapses.static(model.name, w, d, own=not numbers)
    own = {}
    if not numbers or (weight, delay) != (kind.weight, kind.delay):
        own = {"weight": weight, "delay": delay}
    rule, sources, targets, own = _listed(rule, sources, targets, own)
    if rule["rule"] != "explicit":
        sources, targets = np.unique(sources), np.unique(targets)
    synapses.take(
        Wire(
            as_range(sources) if rule["rule"] != "explicit" else sources,
            as_range(targets) if rule["rule"] != "explicit" else targets,
            kind,
            rule,
            **own,
        )
    )


def _firsts(ids: Ints) -> list[int]:
    """Return one node of each group that some are in."""
    return [g.first for g, _ in KERNEL.pieces(as_range(np.unique(ids)))]


def _listed(
    rule: dict[str, Any], sources: Ints, targets: Ints, own: dict[str, Any]
) -> tuple[dict[str, Any], Ints, Ints, dict[str, Any]]:
    """Return synapses one by one, where each has a weight or delay that is listed."""
    arrays = any(isinstance(value, np.ndarray) for value in own.values())
    if not arrays and rule["rule"] != "explicit":
        return rule, sources, targets, own
    if rule["rule"] == "fixed_indegree":
        right = "give all_to_all or one_to_one, or a distribution"
        refuse("Connect: fixed_indegree with an array of weights or delays", right)
    elif len(sources) != len(targets) or rule["rule"] == "all_to_all":
        n = len(sources)
        sources, targets = np.repeat(sources, len(targets)), np.tile(targets, n)
        if not rule.get("allow_autapses", True):
            kept = sources != targets
            sources, targets = sources[kept], targets[kept]
            own = {k: v[kept] if isinstance(v, np.ndarray) else v for k, v in own.items()}
    return {"rule": "explicit"}, sources, targets, own


def _drive(sources: Ints, targets: Ints, rule: dict[str, Any], weight: Any, delay: Any) -> None:
    """Ask for devices to drive neurons."""
    name = rule["rule"]
    if name not in ("all_to_all", "one_to_one", "explicit"):
        refuse(f"Connect: {name} from a device", "use all_to_all or one_to_one")
        return
    if isinstance(weight, dict) or isinstance(delay, dict):
        refuse("Connect: a random weight or delay from a device", "give it as a number or array")
        return
    if any(not KERNEL.group_of(i).model.neuron.has_membrane for i in _firsts(targets)):
        weight = 1.0
    paired = name != "all_to_all" and len(sources) == len(targets)
    values = [weight, delay]
    if not paired and len(sources) > 1 and any(np.ndim(one) for one in values):
        for k, source in enumerate(sources):
            part = [one.reshape(len(sources), -1)[k] if np.ndim(one) else one for one in values]
            _drive(np.array([source]), targets, rule, *part)
        return
    for group, places in KERNEL.pieces(as_range(np.unique(sources))):
        assert isinstance(group, Devices)
        if paired:
            mine = (sources >= group.first) & (sources < group.ids.stop)
            some = [one[mine] if np.ndim(one) else one for one in values]
            drive = Drive(group, sources[mine] - group.first, targets[mine], True, *some)
        else:
            order = np.argsort(targets)
            some = [one[order] if np.ndim(one) else one for one in values]
            drive = Drive(group, np.asarray(places), targets[order], False, *some)
        KERNEL.drives.append(drive)


def _tap(
    recorders: Ints,
    neurons: Ints,
    rule: dict[str, Any],
    spikes: bool,
    weight: Any,
    delay: Any,
) -> None:
    """Ask for devices to record neurons."""
    weight = weight if isinstance(weight, float) else 1.0
    delay = delay if isinstance(delay, float) else 1.0
    paired = rule["rule"] == "one_to_one"
    for k, recorder in enumerate(recorders):
        group = KERNEL.group_of(int(recorder))
        assert isinstance(group, Devices)
        if (group.model.base == "spikes") != spikes:
            right = "connect neurons to it" if not spikes else "connect it to neurons"
            raise NESTErrors.IllegalConnection(f"Connect: {group.model.name}: {right}")
        mine = neurons[[k]] if paired else np.unique(neurons)
        if not spikes:
            _check_recordables(group, int(recorder) - group.first, mine)
        KERNEL.taps.append(
            Tap(group, int(recorder) - group.first, mine, KERNEL.time, weight, delay)
        )


def _check_recordables(group: Devices, place: int, neurons: Ints) -> None:
    """Refuse variables that neurons do not have."""
    asked = group.each[place]["record_from"]
    for source, _ in KERNEL.pieces(as_range(neurons)):
        for name in asked:
            if str(name) not in source.model.recordables:
                right = f"must be one of {source.model.recordables} of {source.model.name}"
                raise wrong("IllegalConnection", "Connect: record_from", str(name), right)


def disconnect(pre: Any, post: Any, conn_spec: Any = None, syn_spec: Any = None) -> None:
    """Remove one synapse of each pair of nodes, of one synapse model.

    Parameters
    ----------
    pre, post : NodeCollection, or list or array of int
    conn_spec : str or dict, optional
        one_to_one, which is meant if not given, or all_to_all.
    syn_spec : str or dict, optional
        A synapse model.

    Raises
    ------
    NESTError
        If a pair has none.
    """
    rule = {"rule": "one_to_one"} if conn_spec is None else conn_spec_of(conn_spec)
    values = syn_spec_of(syn_spec)
    sources, targets = ids_of("Disconnect", pre), ids_of("Disconnect", post)
    if rule["rule"] == "all_to_all":
        n = len(sources)
        sources, targets = np.repeat(sources, len(targets)), np.tile(targets, n)
    elif rule["rule"] != "one_to_one":
        right = "use one_to_one or all_to_all"
        raise NESTErrors.NotImplemented(
            f"Disconnect: rule {rule['rule']} is not supported: {right}"
        )
    elif len(sources) != len(targets):
        line = "Source and Target population must be of the same size."
        raise NESTErrors.DimensionMismatch(line)
    if values["synapse_model"] not in KERNEL.models.synapses:
        refuse_or_unknown(values["synapse_model"])
    kinds = KERNEL.synapses.of_model(values["synapse_model"])
    if "pre_synaptic_element" in values:
        kinds = [kind for kind in kinds if kind.pre == values["pre_synaptic_element"]]
    remove(kinds, sources, targets)


def remove(kinds: list[Kind], sources: Ints, targets: Ints) -> None:
    """Remove one synapse of each pair, of the first of some kinds that has one."""
    for node in (*_firsts(sources), *_firsts(targets)):
        if not isinstance(KERNEL.group_of(node), Population):
            refuse("Disconnect of devices", "set a generator's rate or amplitude to 0")
            return
    order = np.lexsort((targets, sources))
    sources, targets = sources[order], targets[order]
    tables(kinds)  # all at once: from here on nothing is told until it is certain
    before, n_cuts = dict(KERNEL.tables), len(KERNEL.synapses.wiring)
    for kind in kinds:
        have = cut(kind, sources, targets)
        sources, targets = sources[~have], targets[~have]
    if len(sources):
        KERNEL.tables = before
        del KERNEL.synapses.wiring[n_cuts:]
        line = f"Disconnect: there is no such connection from {sources[0]} to {targets[0]}"
        raise NESTErrors.InexistentConnection(line)
