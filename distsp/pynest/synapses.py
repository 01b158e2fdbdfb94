"""Synapses between neurons: their kinds, and what is to be connected and disconnected."""

import re
from dataclasses import dataclass, field
from typing import Any

from distsp.base.arrays import Ints
from distsp.pynest.replica import Ids

MOST_KINDS = 16
"""Kinds of one model that differ in weight and delay only; beyond, each synapse has its own."""


@dataclass
class Kind:
    """Synapses of a model that are one synapse type of the network.

    Attributes
    ----------
    name : str
        Of the type.
    model : str
    pre, post : str or None
        The elements that they bind.
    weight, delay : float
        By default.
    """

    name: str
    model: str
    pre: str | None
    post: str | None
    weight: float
    delay: float
    allow_autapses: bool = True
    allow_multapses: bool = True
    entry: bool = False
    """Whether structural updates make and break them."""
    told: bool = False

    @property
    def plastic(self) -> bool:
        """Whether they bind elements."""
        return self.pre is not None

    def values(self) -> dict[str, Any]:
        """Return what the network is told."""
        found: dict[str, Any] = {"weight": self.weight, "delay": self.delay}
        if self.plastic:
            found |= {"pre": self.pre, "post": self.post}
            found |= {"allow_autapses": self.allow_autapses}
            found |= {"allow_multapses": self.allow_multapses}
        return found


@dataclass
class Wire:
    """Synapses from some nodes to others, made by a rule.

    `weight` and `delay` are None where they are those of the kind.
    """

    sources: Ids
    targets: Ids
    kind: Kind
    rule: dict[str, Any]
    weight: Any = None
    delay: Any = None
    call: str = "Connect"


@dataclass
class Cut:
    """Pairs of nodes of which one synapse each is removed."""

    sources: Ints
    targets: Ints
    kind: Kind


@dataclass
class Synapses:
    """All kinds, and the connections in the order in which they were asked for."""

    kinds: list[Kind] = field(default_factory=list)
    wiring: list[Wire | Cut] = field(default_factory=list)
    done: int = 0
    """How many of them the network has been told of."""
    n_wires: int = 0
    """How many connections have been asked for."""

    def take(self, one: Wire | Cut) -> None:
        """Take what is to be connected or disconnected."""
        self.wiring.append(one)
        self.n_wires += isinstance(one, Wire)

    def forget(self) -> None:
        """Begin to tell the network anew."""
        self.done = 0
        for kind in self.kinds:
            kind.told = False

    def of_model(self, model: str | None) -> list[Kind]:
        """Return the kinds of a model, those that bind elements first; of all if it is None."""
        found = [kind for kind in self.kinds if model is None or kind.model == model]
        return sorted(found, key=lambda kind: not kind.plastic)

    def static(self, model: str, weight: float, delay: float, own: bool) -> Kind:
        """Return the kind of synapses that bind no elements; `own` if each has its own values."""
        mine = [kind for kind in self.kinds if kind.model == model and not kind.plastic]
        for kind in mine:
            is_own = kind.name.endswith("__own")
            if is_own if own else (kind.weight, kind.delay) == (weight, delay) and not is_own:
                return kind
        if not own and len(mine) >= MOST_KINDS:
            return self.static(model, weight, delay, own=True)
        name = unused(f"static__{model}__{'own' if own else len(mine)}", self.kinds)
        self.kinds.append(Kind(name, model, None, None, weight, delay))
        return self.kinds[-1]

    def binding(self, model: str, pre: str, post: str, weight: float, delay: float) -> Kind:
        """Return the kind of synapses of a model that bind these elements."""
        for kind in self.kinds:
            if (kind.model, kind.pre, kind.post) == (model, pre, post):
                return kind
        name = unused(f"{model}__{pre}__{post}", self.kinds)
        self.kinds.append(Kind(name, model, pre, post, weight, delay))
        return self.kinds[-1]


def unused(name: str, kinds: list[Kind]) -> str:
    """Return a name for a synapse type that is like a given one, and that no other has."""
    name = re.sub(r"\W", "_", name)[:60]
    if not re.match("[A-Za-z_]", name):
        name = f"_{name}"
    taken, stem, i = {kind.name for kind in kinds}, name, 0
    while name in taken:
        i += 1
        name = f"{stem}_{i}"
    return name
