"""What every rule is, and a connection that is made by one.

A rule is a class (its parameters) with a method `draw`. Every rank draws the synapses of its own
targets, from functions of the place in a population and the number of the draw, so the network is
the same on any number of ranks.
"""

from functools import cached_property
from typing import Annotated, Any, ClassVar, NamedTuple

import numpy as np
from pydantic import Field, model_validator

from distsp.base.arrays import Bools, Floats, Ints
from distsp.base.columns import FloatColumn, as_floats
from distsp.base.compiled import compiled
from distsp.base.components import Component, OneOf
from distsp.base.fields import Fields
from distsp.base.selection import AnySelection
from distsp.network.space import Space
from distsp.plasticity.kernels import Profile
from distsp.plasticity.tree import Tree, grown_tree
from distsp.rng.distributions import Number


class Ends:
    """Sources and targets of a connection, as a rule draws between them.

    Parameters
    ----------
    sources, targets : array of int64
        Ids, in ascending order.
    here : array of bool or of int64, or slice, optional
        Which targets are on this rank, as an index of `targets`; all if not given.
    space : Space, optional
        Where they are, for a rule with a kernel.

    Attributes
    ----------
    n_sources, n_targets : int
    targets : array (m,) of int64
        Places of those targets that are here, in ascending order.

    Examples
    --------
    >>> ends = Ends(np.array([2, 5, 7]), np.array([5, 6]))
    >>> ends.own, ends.twins, ends.n_common
    (array([ 1, -1]), array([-1,  0, -1]), 1)
    """

    def __init__(
        self,
        sources: Ints,
        targets: Ints,
        here: Bools | Ints | slice = slice(None),
        space: Space | None = None,
    ) -> None:
        self.n_sources, self.n_targets = len(sources), len(targets)
        self.targets = np.arange(self.n_targets)[here]
        self._sources, self._targets, self._space = sources, targets, space

    def tree(self) -> Tree:
        """Return a tree of the sources, in which each is there once."""
        assert self._space is not None
        points = self._space.at(self._sources)
        return grown_tree(points, np.ones(self.n_sources, dtype=np.int64), self._space.period)

    def points(self) -> Floats:
        """Return where the targets are that are here: an array (m, 3)."""
        assert self._space is not None
        return self._space.at(self._targets[self.targets])

    @cached_property
    def own(self) -> Ints:
        """Place of each target that is here among the sources, -1 if it is not one of them."""
        return places_in(self._sources, self._targets[self.targets])

    @cached_property
    def twins(self) -> Ints:
        """Place of each source among all targets, -1 if it is not one of them."""
        return places_in(self._targets, self._sources)

    @property
    def n_common(self) -> int:
        """Number of neurons that are both source and target."""
        return int(np.count_nonzero(self.twins >= 0))

    @cached_property
    def is_here(self) -> Bools:
        """For each of all targets, whether it is on this rank."""
        found = np.zeros(self.n_targets, dtype=bool)
        found[self.targets] = True
        return found

    def part(self, first: int, last: int) -> "Ends":
        """Return the same of some of the targets that are here: those `first` to `last - 1`."""
        return Ends(self._sources, self._targets, self.targets[first:last], self._space)

    def room(self, n: float) -> int:
        """Return for how many of `n` synapses, drawn uniformly, there should be room here."""
        share = n * len(self.targets) / max(self.n_targets, 1)
        return int(share + 6.0 * np.sqrt(share)) + 16


def places_in(ids: Ints, wanted: Ints) -> Ints:
    """Return where each of some ids stands among others in ascending order; -1 if it does not.

    Examples
    --------
    >>> places_in(np.array([2, 5, 7]), np.array([5, 6]))
    array([ 1, -1])
    """
    places = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[places] == wanted, places, -1)


@compiled
def longer(array: Ints) -> Ints:
    """Return an array with the same numbers and twice the room."""
    return np.concatenate((array, np.empty(len(array), np.int64)))


class Drawn(NamedTuple):
    """Synapses onto the targets that are here, one entry each, in order of their creation."""

    sources: Ints  # places
    targets: Ints  # places
    weights: Floats | None = None  # where the rule has them
    delays: Floats | None = None  # ms
    which: Ints | None = None  # place of each in the lists that the user gave


class Brought(NamedTuple):
    """What the synapses of a rule bring along besides their ends."""

    weights: bool = False
    delays: tuple[float, float] | None = None  # ms, the shortest and the longest


class Rule(Component):
    """What makes the synapses of a connection."""

    key: ClassVar[str] = "rule"
    by_target: ClassVar[bool] = False
    """Whether the synapses of a target do not depend on which others are drawn with them."""

    allow_autapses: bool = Field(True, description="may a neuron connect to itself")
    allow_multapses: bool = Field(True, description="may a pair be connected more than once")

    def check_ends(self, where: str, ends: Ends) -> None:
        """Refuse sources and targets that the rule cannot connect.

        Raises
        ------
        InputError
            Naming the key, prefixed with `where`.
        """

    def expected(self, n_sources: int, n_targets: int) -> float:
        """Return about how many synapses there will be."""
        return n_sources * n_targets

    def listed(self) -> int | None:
        """Return how many synapses the user has listed one by one; None if none were."""
        return None

    def profile(self) -> Profile | None:
        """Return the kernel of the distance that synapses are drawn with; None if there is none."""
        return None

    def brought(self) -> Brought:
        """Return what the synapses bring along."""
        return Brought()

    def draw(self, key: np.uint64, ends: Ends) -> Drawn:
        """Return the synapses onto the targets that are on this rank.

        Parameters
        ----------
        key : uint64
            The stream of this connection.
        ends : Ends
        """
        raise NotImplementedError

    def forbidden(self, own: Ints) -> Ints:
        """Return for each neuron the place of itself on the other side, -1 where it may connect."""
        return np.full_like(own, -1) if self.allow_autapses else own

    def without_autapses(self, sources: Ints, targets: Ints, own: Ints) -> Drawn:
        """Return the synapses that may be; `own` is the target's place among the sources."""
        if self.allow_autapses:
            return Drawn(sources, targets)
        kept = sources != own
        return Drawn(sources[kept], targets[kept])


NumberOrList = Annotated[Number | FloatColumn, as_floats]
"""One value for all, a distribution, or one value for each synapse."""


class Connection(Fields, defer_build=True):  # until all rules are there to choose from
    """Synapses of a type between two groups of neurons, made by a rule."""

    source: AnySelection = Field(description="neurons that the synapses come from")
    target: AnySelection = Field(description="neurons that they go to")
    synapse: str = Field(description="name of the synapse type")
    rule: Annotated[Rule, OneOf(Rule)] = Field(description="how pairs are drawn")
    weight: NumberOrList | None = Field(None, description="of these synapses, if not the type's")
    delay: NumberOrList | None = Field(None, description="of these synapses, if not the type's")

    @model_validator(mode="before")
    @classmethod
    def _rule_by_name(cls, values: Any) -> Any:
        if isinstance(values, dict) and isinstance(values.get("rule"), str):
            return {**values, "rule": {"rule": values["rule"]}}
        return values
