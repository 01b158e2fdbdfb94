"""Synapses that are removed by a call: all between two groups, those of listed pairs, or some."""

from typing import Annotated

from pydantic import Field

from distsp.base.columns import IntColumn
from distsp.base.errors import InputError
from distsp.base.fields import Fields
from distsp.base.selection import AnySelection
from distsp.network.rules.explicit import check_places


class Removal(Fields):
    """What is removed of the synapses of a type from some neurons to others."""

    source: AnySelection = Field(description="neurons that the synapses come from")
    target: AnySelection = Field(description="neurons that they go to")
    synapse: str = Field(description="name of the synapse type")
    sources: IntColumn | None = Field(None, description="place of each pair's source in its group")
    targets: IntColumn | None = Field(None, description="place of each pair's target in its group")
    fraction: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="with which probability each synapse is removed"
    )

    def check_pairs(self, where: str, n_sources: int, n_targets: int) -> None:
        """Refuse pairs that are none of these groups, or are listed beside a fraction.

        Raises
        ------
        InputError
            Naming the key, prefixed with `where`.
        """
        for key, other in (("sources", self.targets), ("targets", self.sources)):
            if getattr(self, key) is None and other is not None:
                raise InputError(f"{where}.{key}: is missing; pairs need sources and targets")
        if self.sources is None or self.targets is None:
            return
        if self.fraction is not None:
            raise InputError.at(
                f"{where}.fraction", self.fraction, "must not be given where pairs are"
            )
        if len(self.sources) != len(self.targets):
            raise InputError(
                f"{where}.targets: there are {len(self.targets)}, "
                f"but must be as many as sources, {len(self.sources)}"
            )
        check_places(f"{where}.sources", self.sources.bounds, n_sources)
        check_places(f"{where}.targets", self.targets.bounds, n_targets)


class Disconnection(Removal):
    """A removal, in its place among the connections of a network."""

    after: int = Field(0, ge=0, description="connections that were made before")
