"""What a script has built, told to the network; and the time that it simulates."""

from typing import Any

import numpy as np

from distsp.base.time_grid import whole_steps
from distsp.pynest.errors import FINDINGS, CheckedError, NESTErrors, as_nest
from distsp.pynest.groups import Devices, Population
from distsp.pynest.input_values import parameters_of
from distsp.pynest.kernel import Kernel
from distsp.pynest.recordings import Tap
from distsp.pynest.stimuli import MOST_DRIVES, Drive
from distsp.pynest.synapses import Cut, Wire


def flush(kernel: Kernel) -> None:
    """Tell the network all that it has not been told."""
    if kernel.stale and kernel.begun:
        _begin_anew(kernel)
    kernel.stale = False
    if kernel.changed:
        try:
            _tell(kernel)
        except NESTErrors.NESTError:
            kernel.stale = not kernel.started
            raise


def _tell(kernel: Kernel) -> None:
    """Make the calls of the network that are still to be made."""
    if not kernel.begun:
        with as_nest("SetKernelStatus"):
            kernel.say("begin", kernel.resolution, kernel.seed)
        kernel.begun = True
    offset = 0
    for group in kernel.of_kind(Population):
        if group.offset is None:
            with as_nest(f"Create {group.model.name}"):
                group.create(kernel.ensemble, offset)
        else:
            with as_nest("set"):
                group.tell_changes(kernel.ensemble)
        offset += group.size
    _tell_synapses(kernel)
    for drive in kernel.drives:
        with as_nest(f"Connect {drive.devices.model.name}"):
            _tell_drive(kernel, drive)
    for devices in kernel.of_kind(Devices):
        _tell_changes(kernel, devices)
    for tap in kernel.taps:
        if not tap.recorder:
            with as_nest(f"Connect {tap.devices.model.name}"):
                _tell_tap(kernel, tap)
    interval = kernel.update_interval if kernel.enabled else None
    if interval != kernel.told_interval:
        with as_nest("structural_plasticity_update_interval"):
            kernel.say("set_update_interval", interval)
        kernel.told_interval = interval
    kernel.changed = False


def _begin_anew(kernel: Kernel) -> None:
    """Take back all that the network has been told."""
    kernel.begun, kernel.changed, kernel.told_interval = False, True, None
    kernel.synapses.forget()
    for group in kernel.of_kind(Population):
        group.offset, group.told = None, []
    for drive in kernel.drives:
        drive.told = False
        drive.devices.inputs.clear()
    for tap in kernel.taps:
        tap.recorder = ""


def _tell_synapses(kernel: Kernel) -> None:
    """Tell the network of kinds of synapses and of connections that it does not know."""
    synapses = kernel.synapses
    elements = {name for group in kernel.of_kind(Population) for name in group.names()}
    for kind in synapses.kinds:
        if not kind.told and (not kind.plastic or {kind.pre, kind.post} <= elements):
            with as_nest(f"synapse model {kind.model}"):
                kernel.say("synapse_type", kind.name, **kind.values())
            kind.told = True
    while synapses.done < len(synapses.wiring):
        one = synapses.wiring[synapses.done]
        if not one.kind.told:
            line = f"Connect: no neuron has the elements {one.kind.pre} and {one.kind.post}"
            raise NESTErrors.BadProperty(line)
        try:
            with as_nest("Connect" if isinstance(one, Wire) else "Disconnect"):
                if isinstance(one, Wire):
                    _connect(kernel, one)
                else:
                    _disconnect(kernel, one)
        except NESTErrors.NESTError:
            del synapses.wiring[synapses.done]  # what is refused is refused once
            raise
        synapses.done += 1


def _connect(kernel: Kernel, wire: Wire) -> None:
    rule = dict(wire.rule)
    sources, targets = wire.sources, wire.targets
    if rule["rule"] == "explicit":
        sources, rule["sources"] = np.unique(sources, return_inverse=True)
        targets, rule["targets"] = np.unique(targets, return_inverse=True)
    given = {key: v for key, v in (("weight", wire.weight), ("delay", wire.delay)) if v is not None}
    ends = kernel.neuron_ids(sources), kernel.neuron_ids(targets)
    kernel.say("connect", *ends, wire.kind.name, **rule, **given)


def _disconnect(kernel: Kernel, cut: Cut) -> None:
    sources, of = np.unique(cut.sources, return_inverse=True)
    targets, onto = np.unique(cut.targets, return_inverse=True)
    ends = kernel.neuron_ids(sources), kernel.neuron_ids(targets)
    kernel.say("disconnect", *ends, cut.kind.name, (of, onto))


def _tell_drive(kernel: Kernel, drive: Drive) -> None:
    """Tell the network of a device's connection, or of what has changed of it."""
    inputs = drive.devices.inputs
    if drive.told:
        return
    first = drive.devices.first
    if drive.joint:
        order = np.argsort(drive.targets)
        places = tuple(int(i) for i in drive.places[order])
        name = f"i{first}_{len(inputs)}"
        _make_input(kernel, drive, name, places)
        ids = kernel.neuron_ids(drive.targets[order])
        kernel.say("drive", name, ids, float(drive.weight), float(drive.delay))
    else:
        uses: dict[int, int] = {}
        for place, targets, weight, delay in drive.pieces():
            uses[place] = uses.get(place, 0) + 1
            name = f"i{first + place}"
            if uses[place] > MOST_DRIVES:
                name += f"_{uses[place] // MOST_DRIVES}"
            if name not in inputs:
                _make_input(kernel, drive, name, (place,))
            kernel.say("drive", name, kernel.neuron_ids(targets), weight, delay)
    drive.told = True


def _make_input(kernel: Kernel, drive: Drive, name: str, places: tuple[int, ...]) -> None:
    kernel.say("input", drive.devices.model.base, name, _parameters(drive.devices, places))
    drive.devices.inputs[name] = places


def _tell_changes(kernel: Kernel, devices: Devices) -> None:
    """Tell the network of devices that have other values than it has been told."""
    for name, places in devices.inputs.items():
        if not devices.changed.isdisjoint(places):
            with as_nest(f"set of {devices.model.name}"):
                kernel.say("set_input", name, _parameters(devices, places))
    devices.changed.clear()


def _parameters(devices: Devices, places: tuple[int, ...]) -> dict[str, Any]:
    """Return the parameters of the input that stands for some devices."""
    each = [parameters_of(devices.each[i]) for i in places]
    found = dict(each[0])
    if len(each) > 1:
        found["rate"] = [one["rate"] for one in each]
    return found


def _tell_tap(kernel: Kernel, tap: Tap) -> None:
    """Tell the network what to record; what is recorded already is recorded once."""
    for other in kernel.taps:
        same = other.recorder and other.asked == tap.asked
        if same and np.array_equal(other.neurons, tap.neurons):
            tap.recorder = other.recorder
            return
    name = f"r{len(kernel.ensemble.replica.network.recorders)}"
    asked = tap.asked
    kernel.say("record", asked.pop("model"), name, kernel.neuron_ids(tap.neurons), **asked)
    tap.recorder = name


def ready(kernel: Kernel) -> None:
    """Make all that was asked for, so that the network can be asked; no time passes."""
    asks = kernel.changed or kernel.stale or kernel.ensemble.replica.simulation is None
    flush(kernel)
    if asks:
        run(kernel, 0.0)


def run(kernel: Kernel, duration: float) -> None:
    """Simulate for a time (ms)."""
    try:
        with as_nest("Simulate"):
            kernel.ensemble.ask("run", duration)
    except NESTErrors.NESTError:
        kernel.stale = not kernel.started
        raise
    simulation = kernel.ensemble.replica.simulation
    kernel.steps = simulation.step if simulation is not None else 0


def simulate(kernel: Kernel, duration: Any) -> None:
    """Simulate for a time (ms), as a script asks for it."""
    if isinstance(duration, bool) or not isinstance(duration, int | float | np.number):
        raise TypeError(f"must be real number, not {type(duration).__name__}")
    with as_nest("Simulate", "BadParameter"):
        whole_steps("the time", float(duration), kernel.resolution)
    flush(kernel)
    if FINDINGS.only_checking:
        raise CheckedError
    if not kernel.of_kind(Population):
        raise NESTErrors.KernelException("Simulate: there are no neurons; Create some first")
    run(kernel, float(duration))
