"""What changes while time passes: each event is a class below, and a call that a script could make.

What several things share a time, the order is: recordings, which see the state before; events, in
the order in which they are listed; the structural update; the step that begins then.
"""

from abc import abstractmethod
from typing import Any, ClassVar, Literal

from pydantic import Field

from distsp.base.components import Component
from distsp.base.errors import InputError
from distsp.base.fields import NonNegative, Positive
from distsp.base.selection import AnySelection
from distsp.base.time_grid import whole_steps
from distsp.network.disconnection import Removal
from distsp.network.network import Network
from distsp.network.rules import Connection


class Event(Component):
    """Something that happens to a network at a time."""

    key: ClassVar[str] = "event"

    at: NonNegative = Field(description="when it happens (ms)")

    @abstractmethod
    def apply(self, where: str, network: Network) -> None:
        """Let it happen.

        Raises
        ------
        InputError
            Naming what is wrong; `where` is the path of the event.
        """


class SetParameters(Event):
    """`set`: parameters of the model, or of an element, of some neurons."""

    event: Literal["set"] = "set"
    neurons: AnySelection = Field(description="whose parameters")
    element: str | None = Field(None, description="whose growth changes; the model's if not given")
    parameters: dict[str, Any] = Field(min_length=1, description="those that change")

    def apply(self, where: str, network: Network) -> None:
        """Change the parameters."""
        neurons = network.select(f"{where}.neurons", self.neurons)
        try:
            if self.element is None:
                neurons.set(**self.parameters)
            else:
                neurons.set_element(self.element, **self.parameters)
        except InputError as error:
            raise InputError(f"{where}: {error}") from None


class SetInput(Event):
    """`set_input`: parameters of an input."""

    event: Literal["set_input"] = "set_input"
    input: str = Field(description="name of the input")
    parameters: dict[str, Any] = Field(min_length=1, description="those that change")

    def apply(self, where: str, network: Network) -> None:
        """Change the parameters."""
        if self.input not in network.inputs:
            raise InputError.unknown(f"{where}.input", self.input, network.inputs)
        try:
            network.inputs[self.input].set(**self.parameters)
        except InputError as error:
            raise InputError(f"{where}: {error}") from None


class SetPlasticity(Event):
    """`plasticity`: switched off, on, or updated at another interval."""

    event: Literal["plasticity"] = "plasticity"
    update_interval: Positive | None = Field(
        None, description="time between structural updates (ms); none from then on if not given"
    )

    def apply(self, where: str, network: Network) -> None:
        """Change the interval."""
        if self.update_interval is not None:
            field = f"{where}.update_interval"
            whole_steps(field, self.update_interval, network.resolution, least=1)
        network.update_interval = self.update_interval


class Connect(Connection, Event, defer_build=True):
    """`connect`: synapses are made, as `[[connections]]` make them at the start."""

    event: Literal["connect"] = "connect"

    def apply(self, where: str, network: Network) -> None:
        """Make the synapses."""
        connect(where, network, self)


class Disconnect(Removal, Event):
    """`disconnect`: synapses are removed, their elements stay; `Network.disconnect` says which."""

    event: Literal["disconnect"] = "disconnect"

    def apply(self, where: str, network: Network) -> None:
        """Remove the synapses."""
        source = network.select(f"{where}.source", self.source)
        target = network.select(f"{where}.target", self.target)
        pairs = {"sources": self.sources, "targets": self.targets}
        try:
            network.disconnect(source, target, self.synapse, **pairs, fraction=self.fraction)
        except InputError as error:
            raise InputError(f"{where}: {error}") from None


class Snapshot(Event):
    """`snapshot`: all synapses are recorded as they are after the events before it in the list."""

    event: Literal["snapshot"] = "snapshot"
    recorder: str | None = Field(None, description="name in results; snapshot_<at> if not given")
    synapses: list[str] | None = Field(None, description="synapse types; all if not given")

    def apply(self, where: str, network: Network) -> None:
        """Begin a recorder that takes a snapshot now."""
        name = self.recorder or f"snapshot_{self.at:g}"
        try:
            network.recorder("connectivity", name, synapses=self.synapses, times=[self.at])
        except InputError as error:
            raise InputError(f"{where}: {error}") from None


def connect(where: str, network: Network, connection: Connection) -> None:
    """Connect what is addressed in plain data."""
    source = network.select(f"{where}.source", connection.source)
    target = network.select(f"{where}.target", connection.target)
    own: dict[str, Any] = {"weight": connection.weight, "delay": connection.delay}
    try:
        network.connect(source, target, connection.synapse, **own, **dict(connection.rule))
    except InputError as error:
        # The network counts those of events as well.
        path, colon, rest = str(error).partition(":")
        tail = ".".join(path.split(".")[2:])
        raise InputError(f"{where}.{tail}{colon}{rest}") from None
