"""A network as plain data, and how two such descriptions differ."""

import hashlib
import json
from typing import Any

from distsp.base.columns import DIGEST
from distsp.base.errors import InputError, shorten
from distsp.base.fields import Fields
from distsp.network.network import Network
from distsp.network.own_values import plain_value, plain_values
from distsp.parallel.ranks import Ranks


def describe(network: Network) -> dict[str, Any]:
    """Return all that a user has said, as plain data that JSON can hold.

    It has the shape of an experiment without its name and duration; of long lists of numbers it has
    a digest.
    """

    def plain(value: Any) -> Any:
        return value.model_dump(context=DIGEST) if isinstance(value, Fields) else value

    return {
        "resolution": network.resolution,
        "seed": network.seed,
        "update_interval": network.update_interval,
        "surplus": network.surplus,
        "populations": {
            p.name: {
                "model": p.model,
                "size": p.size,
                "initial": {name: plain_value(value) for name, value in p.initial.items()},
                "parameters": plain_values(p.parameters),
                "elements": {name: plain_values(one) for name, one in p.elements.items()},
                "positions": plain(p.positions),
            }
            for p in network.populations.values()
        },
        "synapse_types": {name: plain(one) for name, one in network.synapse_types.items()},
        "inputs": {
            source.name: {
                **plain(source.parameters),
                "targets": [
                    {"neurons": neurons.description(), **plain(how)}
                    for neurons, how in source.calls
                ],
            }
            for source in network.inputs.values()
        },
        "recorders": {name: plain(one) for name, one in network.recorders.items()},
        "connections": [plain(connection) for connection in network.connections],
        "disconnections": [plain(disconnection) for disconnection in network.disconnections],
    }


def difference(one: Any, other: Any, owner: str, where: str = "") -> str | None:
    """Return the first difference between two descriptions, or None.

    Parameters
    ----------
    one, other : dict, list or a plain value
        What the `other` should be, and what it is.
    owner : str
        Whose description `one` is, for the message.
    where : str
        The path to both.

    Examples
    --------
    >>> difference({"E": {"size": 80}}, {"E": {"size": 100}}, "rank 0")
    'E.size: 100 must be 80'

    A key that one lacks is as good as one that is None: versions differ in what there is to say.
    """
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        one, other = dict(enumerate(one)), dict(enumerate(other))
    if isinstance(one, dict) and isinstance(other, dict):
        inside = f"{where}." if where else ""
        one = {key: value for key, value in one.items() if value is not None or key in other}
        other = {key: value for key, value in other.items() if value is not None or key in one}
        for key in [*one, *(key for key in other if key not in one)]:
            if key not in one or key not in other:
                has = f"only {owner} has" if key in one else f"{owner} lacks"
                return f"{has} {inside}{key}"
            if found := difference(one[key], other[key], owner, f"{inside}{key}"):
                return found
        if [*one] != [*other]:
            return f"{where}: must be in the order {', '.join(map(str, one))}"
    elif one != other:
        return f"{where}: {shorten(other)} must be {shorten(one)}"
    return None


class SameOnAllRanks:
    """Refuses a script that says different things on different ranks.

    Parameters
    ----------
    network : Network
    ranks : Ranks
    """

    def __init__(self, network: Network, ranks: Ranks) -> None:
        self.network, self.ranks = network, ranks
        self._version, self._digest = -1, b""

    def check(self, **arguments: Any) -> None:
        """Compare the network, and the arguments of a call, with those of all ranks; collective.

        Only a digest is sent where nothing differs, made anew when the network has changed.

        Raises
        ------
        InputError
            The same on every rank, naming a rank and what differs first.
        """
        if self._version != self.network.version:
            text = json.dumps(describe(self.network))
            self._digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
            self._version = self.network.version
        told = self.ranks.collect((self._digest, arguments))
        if all(one == told[0] for one in told):
            return
        all_told = self.ranks.collect(arguments | describe(self.network))
        for rank, one in enumerate(all_told):
            if found := difference(all_told[0], one, "rank 0"):
                raise InputError(f"rank {rank} differs from rank 0: {found}")
