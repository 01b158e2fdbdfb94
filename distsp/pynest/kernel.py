"""What a script has built, and what the network has been told of it."""

from bisect import bisect_right
from collections.abc import Iterator
from math import ceil
from typing import Any, TypeVar

import numpy as np

from distsp.base.arrays import Array, Ints
from distsp.parallel.ranks import Ranks
from distsp.pynest.errors import wrong
from distsp.pynest.groups import Group, Population
from distsp.pynest.models import Models
from distsp.pynest.recordings import Tap
from distsp.pynest.replica import Ensemble, Ids
from distsp.pynest.stimuli import Drive
from distsp.pynest.synapses import Synapses

SEED = 143202461
"""What NEST begins with."""

G = TypeVar("G", bound=Group)


class Kernel:
    """Nodes, connections and settings of a script.

    The network is made when it is first needed, and again where something has changed that it
    cannot take over, for as long as no time has been simulated.
    """

    def __init__(self) -> None:
        self._ensemble: Ensemble | None = None
        self.version = 3
        self.settings: dict[str, Any] = {}
        """What was set and changes nothing."""
        self.reset()

    @property
    def ensemble(self) -> Ensemble:
        """The replicas of all ranks; of this process alone if the driver has not said otherwise."""
        if self._ensemble is None:
            self.use(Ranks.world())
        assert self._ensemble is not None
        return self._ensemble

    def use(self, ranks: Ranks) -> None:
        """Use these processes."""
        self._ensemble = Ensemble(ranks)

    def reset(self) -> None:
        """Forget everything."""
        self.models = Models()
        if self.version == 2:
            self.models.add_old()
        self.resolution, self.seed = 0.1, SEED
        self.threads = 1
        self.groups: list[Group] = []
        self._firsts: list[int] = []
        self.synapses = Synapses()
        self.tables: dict[str, dict[str, Array]] = {}
        self.tables_at = -1, -1
        """The synapses that have been read, and when: the step, and how many connections."""
        self.entries: dict[str, dict[str, Any]] = {}
        """Which synapses structural updates make and break, as a script has said it."""
        self.enabled = False
        self.interval = 10000.0 if self.version == 3 else 1000.0
        """Time between structural updates, as a script says it: ms, or in NEST 2 steps."""
        self.flags = {"allow_autapses": True, "allow_multapses": True}
        """What structural updates may do where nothing else is said of a synapse."""
        self.drawn = 0
        """How many random parameters have been drawn from."""
        self.steps, self.prepared = 0, False
        self.begun = False
        """Whether the network has been told of anything."""
        self.stale = False
        """Whether it must be made anew."""
        self.changed = True
        """Whether there is anything that it has not been told of."""
        self.told_interval: float | None = None
        self.drives: list[Drive] = []
        self.taps: list[Tap] = []
        self.delays = (1.0, 1.0)
        self.has_connections = False

    # Nodes --------------------------------------------------------------------------------------

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return self.groups[-1].ids.stop - 1 if self.groups else 0

    def add(self, group: Group) -> None:
        """Add new nodes."""
        self.groups.append(group)
        self._firsts.append(group.first)

    def group_of(self, node: int) -> Group:
        """Return the group of a node."""
        return self.groups[bisect_right(self._firsts, node) - 1]

    def pieces(self, ids: Ids) -> Iterator[tuple[Group, Ids]]:
        """Yield the groups of nodes, in order, and the places in them."""
        if len(ids) == 0:
            return
        first = bisect_right(self._firsts, int(ids[0])) - 1
        last = bisect_right(self._firsts, int(ids[-1]))
        for group in self.groups[first:last]:
            places: Ids
            if isinstance(ids, range):
                low = max(group.first, ids.start)
                low += (ids.start - low) % ids.step
                places = range(low - group.first, min(group.ids.stop, ids.stop) - group.first)
                places = places[:: ids.step]
            else:
                begin, end = np.searchsorted(ids, (group.first, group.ids.stop))
                places = ids[begin:end] - group.first
            if len(places):
                yield group, places

    def of_kind(self, kind: type[G]) -> list[G]:
        """Return all groups of neurons, or all of devices."""
        return [group for group in self.groups if isinstance(group, kind)]

    def neuron_ids(self, ids: Ids) -> Ids:
        """Return the ids that neurons have in the network."""
        found: list[Ids] = []
        for group, places in self.pieces(ids):
            assert isinstance(group, Population)
            assert group.offset is not None
            at = group.offset
            if isinstance(places, range):
                found.append(range(at + places.start, at + places.stop, places.step))
            else:
                found.append(places + at)
        if len(found) == 1 and (not isinstance(found[0], range) or found[0].step == 1):
            return found[0]
        return np.concatenate([np.asarray(one, dtype=np.int64) for one in found])

    def node_ids(self, neurons: Ints) -> Ints:
        """Return the ids that the script knows neurons of the network by."""
        populations = self.of_kind(Population)
        offsets = np.array([group.offset for group in populations if group.offset is not None])
        firsts = np.array([group.first for group in populations[: len(offsets)]])
        which = np.searchsorted(offsets, neurons, side="right") - 1
        moved: Ints = neurons + (firsts - offsets)[which]
        return moved

    # Time and the network -----------------------------------------------------------------------

    @property
    def started(self) -> bool:
        """Whether time has been simulated."""
        return self.steps > 0

    def say(self, call: str, *given: Any, **named: Any) -> None:
        """Make a call of the network on all ranks."""
        self.ensemble.say(call, *given, **named)

    @property
    def time(self) -> float:
        """Simulated time (ms)."""
        return self.steps * self.resolution

    @property
    def update_interval(self) -> float:
        """Time between structural updates (ms)."""
        return self.interval * (self.resolution if self.version == 2 else 1.0)

    @property
    def slice(self) -> float:
        """Length of NEST's slices (ms): the shortest delay of any connection."""
        return max(round(self.delays[0] / self.resolution), 1) * self.resolution

    @property
    def sliced(self) -> float:
        """Time (ms) up to which a multimeter has handed over its data: all slices but the last."""
        per_slice = max(round(self.delays[0] / self.resolution), 1)
        return max(ceil(self.steps / per_slice) - 1, 0) * per_slice * self.resolution

    def note_delay(self, call: str, shortest: float, longest: float) -> None:
        """Take note of the delays of connections (ms)."""
        if shortest < self.resolution * (1.0 - 1e-9):
            right = f"ms must be at least the resolution, {self.resolution} ms"
            raise wrong("BadDelay", f"{call}: delay", shortest, right)
        if self.has_connections:
            shortest, longest = min(shortest, self.delays[0]), max(longest, self.delays[1])
        self.delays, self.has_connections = (shortest, longest), True


KERNEL = Kernel()
"""The one that scripts build in."""
