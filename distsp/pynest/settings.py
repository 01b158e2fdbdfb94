"""What a script can ask and set of the kernel."""

import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from distsp.network.rules import Rule
from distsp.parallel.ranks import Ranks
from distsp.pynest.build import ready
from distsp.pynest.elements import CURVES
from distsp.pynest.errors import NESTErrors, refuse, wrong
from distsp.pynest.groups import Population
from distsp.pynest.kernel import KERNEL
from distsp.pynest.synapses import Kind, unused

IGNORED: dict[str, Any] = {
    "verbosity": 10,
    "print_time": False,
    "overwrite_files": False,
    "data_path": "",
    "data_prefix": "",
    "rng_type": "mt19937_64",
    "use_compressed_spikes": True,
    "keep_source_table": True,
    "use_wfr": True,
    "dict_miss_is_error": True,
    "adaptive_target_buffers": True,
    "tics_per_ms": 1000.0,
    "ms_per_tic": 0.001,
    "max_num_syn_models": 511,
    "off_grid_spiking": False,
    "update_time_limit": np.inf,
    "growth_factor_buffer_target_data": 1.5,
    "buffer_size_target_data": 3,
    "buffer_size_spike_data": 2,
    "max_buffer_size_target_data": 16777216,
}
"""Settings that change nothing, and what they are by default."""

READ_ONLY = (
    "network_size",
    "num_connections",
    "num_processes",
    "mpi_rank",
    "build_info",
    "connection_rules",
    "growth_curves",
    "node_models",
    "synapse_models",
    "local_spike_counter",
    "T_min",
    "T_max",
    "to_do",
    "time",
    "tics_per_step",
    "memory_size",
    "recording_backends",
    "stimulation_backends",
    "rng_types",
    "prepared",
)

CHANGED = (
    "resolution",
    "rng_seed",
    "min_delay",
    "max_delay",
    "local_num_threads",
    "total_num_virtual_procs",
    "structural_plasticity_synapses",
    "structural_plasticity_update_interval",
    "biological_time",
    "grng_seed",
    "rng_seeds",
    "autapses",
    "multapses",
)

OLD = ("grng_seed", "rng_seeds", "autapses", "multapses")
"""Those that only NEST 2 has."""

NAMES = (*CHANGED, *READ_ONLY, *IGNORED)
"""All attributes of the kernel."""

SYNAPSE_KEYS = {"pre_synaptic_element", "post_synaptic_element", "synapse_model", "model"}
SYNAPSE_KEYS |= {"allow_autapses", "allow_multapses", "weight", "delay", "continuous"}


def get(name: str) -> Any:
    """Return a setting, or a fact."""
    if name in IGNORED:
        return KERNEL.settings.get(name, IGNORED[name])
    rules = sorted(set(Rule.members) - {"explicit", "edges_from_file"})
    found: dict[str, Any] = {
        "resolution": lambda: KERNEL.resolution,
        "rng_seed": lambda: KERNEL.seed,
        "biological_time": lambda: KERNEL.time,
        "time": lambda: KERNEL.time,
        "min_delay": lambda: _delays()[0],
        "max_delay": lambda: _delays()[1],
        "local_num_threads": lambda: KERNEL.threads,
        "total_num_virtual_procs": lambda: KERNEL.threads,
        "structural_plasticity_synapses": _entries,
        "structural_plasticity_update_interval": _interval,
        "network_size": lambda: KERNEL.n_nodes,
        "num_connections": _num_connections,
        "num_processes": lambda: 1,
        "mpi_rank": lambda: 0,
        "build_info": lambda: {
            "version": "3.10.0",
            "have_threads": True,
            "have_mpi": True,
            "have_gsl": True,
            "built_with": "distsp",
        },
        "connection_rules": lambda: rules,
        "growth_curves": lambda: sorted(CURVES),
        "node_models": lambda: sorted(KERNEL.models.nodes),
        "synapse_models": lambda: sorted(KERNEL.models.synapses),
        "local_spike_counter": _spikes,
        "T_min": lambda: -1152921504606846.8,
        "T_max": lambda: 1152921504606846.8,
        "to_do": lambda: 0,
        "tics_per_step": lambda: round(1000 * KERNEL.resolution),
        "memory_size": lambda: -1,
        "recording_backends": lambda: ["memory"],
        "stimulation_backends": lambda: [],
        "rng_types": lambda: ["Philox_32"],
        "prepared": lambda: KERNEL.prepared,
        "grng_seed": lambda: KERNEL.settings.get("grng_seed", 0),
        "rng_seeds": lambda: KERNEL.settings.get("rng_seeds", (1,)),
        "autapses": lambda: KERNEL.flags["allow_autapses"],
        "multapses": lambda: KERNEL.flags["allow_multapses"],
    }
    return found[name]()


def _delays() -> tuple[float, float]:
    found = [(kind.delay, kind.delay) for kind in KERNEL.synapses.kinds if kind.entry]
    if KERNEL.has_connections:
        found.append(KERNEL.delays)
    if not found:
        return KERNEL.resolution, KERNEL.resolution
    return min(low for low, _ in found), max(high for _, high in found)


def _interval() -> Any:
    return int(KERNEL.interval) if KERNEL.version == 2 else KERNEL.interval


def _spikes() -> int:
    ready(KERNEL)
    return int(KERNEL.ensemble.ask("spikes"))


def _num_connections() -> int:
    n = sum(map(len, KERNEL.drives)) + sum(map(len, KERNEL.taps))
    if not KERNEL.synapses.wiring and not KERNEL.started:
        return n
    ready(KERNEL)
    names = [kind.name for kind in KERNEL.synapses.kinds if kind.told]
    return n + int(KERNEL.ensemble.ask("synapse_count", names))


def _entries() -> dict[str, dict[str, Any]]:
    """Return which synapses structural updates make and break, as NEST shows them."""
    return {key: dict(values) for key, values in KERNEL.entries.items()}


def set_all(given: Mapping[str, Any]) -> None:
    """Set several settings, or none if one is wrong."""
    for name in given:
        if name not in NAMES:
            known = ", ".join(repr(one) for one in sorted(NAMES))
            line = f"`{name}` is not a valid kernel parameter, valid parameters are: {known}"
            raise ValueError(line)
        if name in READ_ONLY:
            raise wrong("BadProperty", f"SetKernelStatus: {name}", given[name], "cannot be set")
    for name, value in given.items():
        if name in IGNORED:
            KERNEL.settings[name] = value
        else:
            _SETTERS[name](value)
    KERNEL.changed = True


def _set_resolution(value: Any) -> None:
    if KERNEL.n_nodes:
        line = "Time representation unchanged. Error conditions: Nodes have already been created."
        raise NESTErrors.KernelException(line)
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not value > 0:
        raise wrong("BadProperty", "resolution", value, "ms must be a number above 0")
    KERNEL.resolution = float(value)


def _set_seed(value: Any) -> None:
    highest = 2**32 - 1
    if (
        isinstance(value, bool)
        or not isinstance(value, int | np.integer)
        or not (0 < value <= highest)
    ):
        raise wrong("BadProperty", "rng_seed", value, f"must be an integer from 1 to {highest}")
    if KERNEL.started:
        raise NESTErrors.KernelException("rng_seed: cannot be changed after the first Simulate")
    KERNEL.stale |= KERNEL.begun and int(value) != KERNEL.seed
    KERNEL.seed = int(value)


def _set_threads(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise wrong("BadProperty", "local_num_threads", value, "must be a whole number above 0")
    if value > 1 and KERNEL.enabled:
        line = "Multiple threads can not be used if structural plasticity is enabled"
        raise NESTErrors.KernelException(line)
    KERNEL.threads = int(value)


def _set_virtual(value: Any) -> None:
    """Take the number of virtual processes, of which NEST makes threads."""
    ranks = KERNEL.ensemble.ranks.size
    _set_threads(value if value % ranks else value // ranks)


def _set_interval(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise TypeError("structural_plasticity_update_interval must be a number")
    if not value > 0:
        right = "must be above 0"
        raise wrong("BadProperty", "structural_plasticity_update_interval", value, right)
    KERNEL.interval = float(value)


def _set_seeds(name: str) -> Any:
    """Return what takes the seeds of NEST 2: together they are one here."""

    def take(value: Any) -> None:
        KERNEL.settings[name] = tuple(value) if name == "rng_seeds" else value
        both = [KERNEL.settings.get(one) for one in ("grng_seed", "rng_seeds")]
        _set_seed(zlib.crc32(repr(both).encode()) or 1)

    return take


def _set_flag(name: str) -> Any:
    """Return what takes whether updates may connect neurons to themselves, or pairs again."""

    def take(value: Any) -> None:
        KERNEL.flags[name] = bool(value)
        for key, one in KERNEL.entries.items():
            one[name] = bool(value)
            _enter(key, one)

    return take


def _set_entries(value: Any) -> None:
    """Take which synapses structural updates make and break; they replace those before."""
    if not isinstance(value, Mapping):
        raise TypeError("structural_plasticity_synapses must be a dict of dicts")
    found: dict[str, dict[str, Any]] = {}
    for key, given in value.items():
        where = f"structural_plasticity_synapses.{key}"
        model = given.get("synapse_model", given.get("model", "static_synapse"))
        if model not in KERNEL.models.synapses:
            raise NESTErrors.UnknownSynapseType(f"Synapse with name {model} does not exist.")
        unknown = sorted(set(given) - SYNAPSE_KEYS)
        if unknown:
            right = f"must be one of {sorted(SYNAPSE_KEYS)}"
            raise wrong("UnaccessedDictionaryEntry", where, unknown[0], right)
        sides = [given.get(f"{side}_synaptic_element") for side in ("pre", "post")]
        if None in sides:
            line = "Structural plasticity requires both a pre- and postsynaptic element."
            raise NESTErrors.BadProperty(line)
        name = "model" if KERNEL.version == 2 else "synapse_model"
        found[key] = {
            name: model,
            "pre_synaptic_element": sides[0],
            "post_synaptic_element": sides[1],
            **{flag: bool(given.get(flag, usual)) for flag, usual in KERNEL.flags.items()},
        } | {one: given[one] for one in ("weight", "delay") if one in given}
    KERNEL.entries = found
    for kind in KERNEL.synapses.kinds:
        kind.entry = False
    for key, one in found.items():
        _enter(key, one)


def _enter(key: str, one: dict[str, Any]) -> None:
    """Make or find the kind of an entry."""
    kinds = KERNEL.synapses.kinds
    model = KERNEL.models.synapses[one["model" if "model" in one else "synapse_model"]]
    pre, post = one["pre_synaptic_element"], one["post_synaptic_element"]
    weight, delay = one.get("weight", model.weight), one.get("delay", model.delay)
    flags = one["allow_autapses"], one["allow_multapses"]
    same = [kind for kind in kinds if (kind.model, kind.pre, kind.post) == (model.name, pre, post)]
    if same:
        kind = same[0]
        now = (kind.weight, kind.delay, kind.allow_autapses, kind.allow_multapses)
        if kind.told and now != (weight, delay, *flags):
            if KERNEL.started:
                refuse(f"structural_plasticity_synapses.{key}", "set it before the first Simulate")
                return
            KERNEL.stale = True
        kind.weight, kind.delay = float(weight), float(delay)
        kind.allow_autapses, kind.allow_multapses = flags
        if not kind.told:
            others = [other for other in kinds if other is not kind]
            kind.name = unused(key, others)
    else:
        kind = Kind(unused(key, kinds), model.name, pre, post, float(weight), float(delay), *flags)
        kinds.append(kind)
    kind.entry = True


def _set_delays(value: Any) -> None:
    """Overlook bounds of delays: delays are found out when they are needed."""
    if not value > 0:
        raise wrong("BadDelay", "min_delay, max_delay", value, "ms must be above 0")


def _set_time(value: Any) -> None:
    if value != KERNEL.time:
        refuse("biological_time", "use ResetKernel, and build the network again")


_SETTERS = {
    "resolution": _set_resolution,
    "rng_seed": _set_seed,
    "min_delay": _set_delays,
    "max_delay": _set_delays,
    "local_num_threads": _set_threads,
    "total_num_virtual_procs": _set_virtual,
    "structural_plasticity_synapses": _set_entries,
    "structural_plasticity_update_interval": _set_interval,
    "biological_time": _set_time,
    "grng_seed": _set_seeds("grng_seed"),
    "rng_seeds": _set_seeds("rng_seeds"),
    "autapses": _set_flag("allow_autapses"),
    "multapses": _set_flag("allow_multapses"),
}


def enable() -> None:
    """Let structural updates happen."""
    if KERNEL.threads > 1:
        line = "Structural plasticity can not be used with multiple threads"
        raise NESTErrors.KernelException(line)
    KERNEL.enabled = KERNEL.changed = True


def disable() -> None:
    """Let no structural update happen."""
    KERNEL.enabled, KERNEL.changed = False, True


def use(ranks: Ranks) -> None:
    """Simulate with these processes."""
    KERNEL.use(ranks)


__all__ = ["NAMES", "Population", "disable", "enable", "get", "set_all", "use"]
