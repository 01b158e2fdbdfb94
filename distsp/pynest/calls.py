"""The calls of PyNEST that both of its versions have."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

import numpy as np

from distsp.pynest import build, settings
from distsp.pynest.collection import NodeCollection, as_range, ids_of
from distsp.pynest.connect import connect, disconnect
from distsp.pynest.errors import NESTErrors, refuse, wrong
from distsp.pynest.groups import Devices, Population
from distsp.pynest.kernel import KERNEL
from distsp.pynest.model_calls import node_model
from distsp.pynest.old_connections import OldConnections, collection_of
from distsp.pynest.parameters import Parameter
from distsp.pynest.status import ElementsOfNeurons, columns, keys_of, set_status
from distsp.pynest.synapse_collection import SynapseCollection, get_connections


class VerbosityLevel(IntEnum):
    """How much NEST prints, which is nothing here."""

    ALL = 0
    DEBUG = 5
    STATUS = 7
    INFO = 10
    PROGRESS = 15
    DEPRECATED = 18
    WARNING = 20
    ERROR = 30
    FATAL = 40
    QUIET = 100


def ResetKernel() -> None:
    """Forget all nodes, connections and settings."""
    KERNEL.reset()


def SetKernelStatus(params: Mapping[str, Any] | None = None, **named: Any) -> None:
    """Set attributes of the kernel."""
    settings.set_all(named if params is None else params)


def GetKernelStatus(keys: Any = None) -> Any:
    """Return an attribute of the kernel, several in a tuple, or all in a dict."""
    if keys is None:
        return {name: settings.get(name) for name in settings.NAMES}
    if isinstance(keys, str):
        if keys not in settings.NAMES:
            raise KeyError(f"`{keys}` is not a kernel parameter")
        return settings.get(keys)
    if not isinstance(keys, list | tuple):
        raise TypeError("keys should be either a string or an iterable")
    return tuple(settings.get(name) for name in keys)


def Create(model: str, n: Any = 1, params: Any = None, positions: Any = None) -> Any:
    """Create nodes of a model.

    Parameters
    ----------
    model : str
    n : int
        How many; a dict is taken as `params`.
    params : dict or list of dict, optional
        Values of all nodes, or a dict for each.
    positions : spatial.grid or spatial.free, optional

    Returns
    -------
    NodeCollection
        A tuple of ids in a script of NEST 2.
    """
    if isinstance(n, Mapping):
        n, params = 1, n
    if int(n) != n:
        raise TypeError("n must have an integer value")
    if isinstance(params, list | tuple) and len(params) != int(n):
        raise TypeError("list of params must have one dictionary per node")
    if params is not None and not isinstance(params, Mapping | list | tuple):
        raise TypeError("params must be either a dict of parameters or a list or tuple of dicts")
    known = node_model(model)
    n = int(n)
    if positions is not None:
        n = positions.number(n)
    if n < 1:
        raise wrong("RangeCheck", "Create: n", n, "must be at least 1")
    kind = Population if known.kind == "neuron" else Devices
    group: Population | Devices = kind(known, KERNEL.n_nodes + 1, n)
    if positions is not None:
        KERNEL.drawn += 1
        group.space = positions.of(KERNEL.seed, KERNEL.drawn, n)
    KERNEL.add(group)
    KERNEL.changed = True
    if params:
        set_status(KERNEL, f"Create {model}", group.ids, params)
    return tuple(group.ids) if KERNEL.version == 2 else NodeCollection.of(group.ids)


def Connect(
    pre: Any,
    post: Any,
    conn_spec: Any = None,
    syn_spec: Any = None,
    return_synapsecollection: bool = False,
    model: Any = None,
) -> Any:
    """Connect nodes with synapses; by default all to all, with static_synapse."""
    if model is not None:
        syn_spec = model
    if return_synapsecollection:
        refuse("Connect: return_synapsecollection", "call GetConnections")
    specs = syn_spec.specs if isinstance(syn_spec, CollocatedSynapses) else [syn_spec]
    for one in specs:
        connect(pre, post, conn_spec, one)


class CollocatedSynapses:
    """Several synapses that each pair has."""

    def __init__(self, *specs: Any) -> None:
        self.specs = [one if isinstance(one, Mapping) else {"synapse_model": one} for one in specs]

    def __len__(self) -> int:
        return len(self.specs)


def Disconnect(*nodes: Any, conn_spec: Any = None, syn_spec: Any = None) -> None:
    """Remove connections: of a SynapseCollection, or one of each pair of nodes."""
    if len(nodes) == 1:
        if not isinstance(nodes[0], SynapseCollection):
            right = "Arguments must be either a SynapseCollection or two NodeCollections"
            raise TypeError(f"{right}, not {nodes[0]!r:.60}")
        if conn_spec is not None or syn_spec is not None:
            raise ValueError("conn_spec and syn_spec can only be given with two NodeCollections")
        nodes[0].disconnect()
        return
    if not 2 <= len(nodes) <= 4 or any(isinstance(one, SynapseCollection) for one in nodes):
        raise TypeError("Disconnect takes a SynapseCollection, or two NodeCollections")
    rest = list(nodes[2:])
    conn_spec = rest.pop(0) if rest else conn_spec
    syn_spec = rest.pop(0) if rest else syn_spec
    disconnect(nodes[0], nodes[1], conn_spec, syn_spec)


def GetConnections(
    source: Any = None, target: Any = None, synapse_model: Any = None, synapse_label: Any = None
) -> Any:
    """Return the connections from some nodes to others, of a synapse model."""
    if synapse_label is not None:
        refuse("GetConnections: synapse_label", "use synapse models of their own instead")
    for name, nodes in (("source", source), ("target", target)):
        if nodes is not None and KERNEL.version == 3 and not isinstance(nodes, NodeCollection):
            raise TypeError(f"{name} must be NodeCollection.")
    found = get_connections(source, target, synapse_model)
    return OldConnections.of(found) if KERNEL.version == 2 else found


def Simulate(t: float) -> None:
    """Simulate for a time (ms)."""
    if KERNEL.prepared:
        raise NESTErrors.KernelException("Simulate: call Cleanup first, or Run in its place")
    build.simulate(KERNEL, t)


def Prepare() -> None:
    """Prepare for several calls of Run."""
    if KERNEL.prepared:
        raise NESTErrors.KernelException("Prepare: was called already; call Cleanup first")
    KERNEL.prepared = True


def Run(t: float) -> None:
    """Simulate for a time (ms), between Prepare and Cleanup."""
    if not KERNEL.prepared:
        raise NESTErrors.KernelException("Run: call Prepare first")
    build.simulate(KERNEL, t)


def Cleanup() -> None:
    """End what Prepare has begun."""
    if not KERNEL.prepared:
        raise NESTErrors.KernelException("Cleanup: call Prepare first")
    KERNEL.prepared = False


@contextmanager
def RunManager() -> Iterator[None]:
    """Prepare, and clean up at the end of the `with` block."""
    Prepare()
    try:
        yield
    finally:
        Cleanup()


def EnableStructuralPlasticity() -> None:
    """Let structural updates happen."""
    settings.enable()


def DisableStructuralPlasticity() -> None:
    """Let no structural update happen."""
    settings.disable()


def GetStatus(nodes: Any, keys: Any = None, output: str = "") -> Any:
    """Return what nodes or connections know: a tuple with a dict, or what `keys` name, for each."""
    connections = collection_of(nodes)
    if connections is not None:
        nodes = connections
        found = nodes.get(keys) if len(nodes) else {}
        if keys is None or not isinstance(keys, str):
            names = list(found)
            lists = [v if len(nodes) > 1 else [v] for v in found.values()]
            each = [dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True)]
            return tuple(each if keys is None else [tuple(one.values()) for one in each])
        return tuple(found if len(nodes) > 1 else [found]) if len(nodes) else ()
    if not len(nodes):
        return ()
    order, ascending = _in_order("GetStatus", nodes)
    names = [keys] if isinstance(keys, str) else keys
    if names is None:
        (group, _), *_ = KERNEL.pieces(ascending)
        names = keys_of(group)
    values = columns(KERNEL, ascending, names)
    rows: list[Any]
    if isinstance(keys, str):
        if order is None and isinstance(values[0], ElementsOfNeurons):
            return values[0]
        rows = list(values[0])
    else:
        rows = list(zip(*values, strict=True))
        if keys is None:
            rows = [dict(zip(names, row, strict=True)) for row in rows]
    return tuple(rows if order is None else (rows[i] for i in order))


def _in_order(call: str, nodes: Any) -> tuple[Any, Any]:
    """Return nodes in order of their ids, and the place of each one there; None if it is that."""
    if isinstance(nodes, NodeCollection):
        return None, nodes._ids
    ids = ids_of(call, nodes)
    ascending = np.unique(ids)
    if len(ascending) == len(ids) and np.array_equal(ascending, ids):
        return None, as_range(ascending)
    return np.searchsorted(ascending, ids), as_range(ascending)


def SetStatus(nodes: Any, params: Any, val: Any = None) -> None:
    """Set values of nodes or connections: a dict, a list with a dict for each, or a name."""
    if isinstance(params, str):
        each = isinstance(val, list | tuple) and len(val) == len(nodes)
        params = [{params: one} for one in val] if each else {params: val}
    connections = collection_of(nodes)
    if connections is not None:
        connections.set(params)
        return
    ids = ids_of("SetStatus", nodes)
    if isinstance(params, list | tuple) and len(params) != len(ids):
        raise TypeError("status dict must be a dict, or a list of dicts of length len(nodes)")
    if isinstance(params, list | tuple):
        params = [params[i] for i in np.argsort(ids, kind="stable")]
    if len(ids) and params:
        set_status(KERNEL, "SetStatus", as_range(np.sort(ids)), params)


def GetNodes(properties: Mapping[str, Any] | None = None, local_only: bool = False) -> Any:
    """Return all nodes with some properties."""
    ids = np.arange(1, KERNEL.n_nodes + 1)
    kept = np.ones(len(ids), dtype=bool)
    for group in KERNEL.groups:
        mine = slice(group.first - 1, group.ids.stop - 1)
        for key, value in (properties or {}).items():
            if key not in keys_of(group):
                kept[mine] = False
                continue
            (values,) = columns(KERNEL, group.ids, [key])
            kept[mine] &= np.array([one == value for one in values])
    found = ids[kept]
    return tuple(found.tolist()) if KERNEL.version == 2 else NodeCollection.of(as_range(found))


def GetLocalNodeCollection(nc: NodeCollection) -> NodeCollection:
    """Return nodes as they are: the script sees one process."""
    if not isinstance(nc, NodeCollection):
        raise TypeError("GetLocalNodeCollection requires a NodeCollection in order to run")
    return nc


def PrintNodes() -> None:
    """Print ids and models of all nodes."""
    for group in KERNEL.groups:
        last = group.ids.stop - 1
        span = f"{group.first}" if group.size == 1 else f"{group.first} .. {last}"
        print(f"{span:>12}  {group.model.name}")


def NumProcesses() -> int:
    """Return 1: the script sees one process, on however many ranks the network is."""
    return 1


def Rank() -> int:
    """Return 0."""
    return 0


def SyncProcesses() -> None:
    """Do nothing: there is one process to see."""


def GetLocalVPs() -> list[int]:
    """Return the virtual processes of the one process."""
    return [0]


def set_verbosity(level: Any) -> None:
    """Take note of how much is to be printed."""
    KERNEL.settings["verbosity"] = level


def get_verbosity() -> Any:
    """Return how much is to be printed."""
    return settings.get("verbosity")


def message(level: Any, sender: str, text: str) -> None:
    """Print a message of the script."""
    print(f"{sender}: {text}")


def version() -> str:
    """Return the version of NEST that is spoken here."""
    return "NEST 2.20.2" if KERNEL.version == 2 else "3.10.0"


def Install(name: str) -> None:
    """Refuse modules."""
    refuse(f"Install({name!r})", "models of modules are not there")


def CreateParameter(kind: str, specs: Mapping[str, Any]) -> Parameter:
    """Return a parameter by the name of its distribution."""
    from distsp.pynest import random

    if kind == "constant":
        value = float(specs["value"])
        return Parameter(lambda drawn: value)
    return getattr(random, kind)(**specs)


__all__ = [
    "Cleanup",
    "CollocatedSynapses",
    "Connect",
    "Create",
    "CreateParameter",
    "DisableStructuralPlasticity",
    "Disconnect",
    "EnableStructuralPlasticity",
    "GetConnections",
    "GetKernelStatus",
    "GetLocalNodeCollection",
    "GetLocalVPs",
    "GetNodes",
    "GetStatus",
    "Install",
    "NumProcesses",
    "Prepare",
    "PrintNodes",
    "Rank",
    "ResetKernel",
    "Run",
    "RunManager",
    "SetKernelStatus",
    "SetStatus",
    "Simulate",
    "SyncProcesses",
    "VerbosityLevel",
    "get_verbosity",
    "message",
    "set_verbosity",
    "version",
]
