"""Rules that draw the synapses that are there from the start.

A rule is a class (its parameters) with a method `draw` that calls a compiled function. Every rank
draws the synapses of its own targets, each from a stream that the target's place selects, so the
network is the same on any number of ranks.
"""

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from distsp.base.arrays import Ints
from distsp.base.compiled import compiled
from distsp.base.components import Component, OneOf
from distsp.base.fields import MAX_SIZE, Fields, Probability
from distsp.base.selection import AnySelection
from distsp.rng.streams import uniform


class Rule(Component):
    """What draws the synapses of a connection."""

    key: ClassVar[str] = "rule"

    allow_autapses: bool = Field(True, description="may a neuron connect to itself")
    allow_multapses: bool = Field(True, description="may a pair be connected more than once")

    def check_sizes(self, where: str, n_sources: int, n_targets: int, same: bool) -> str | None:
        """Return what is wrong with these sizes, if anything is."""
        return None

    def expected(self, n_sources: int, n_targets: int) -> float:
        """Return about how many synapses there will be."""
        return n_sources * n_targets

    def draw(self, key: np.uint64, n: int, targets: Ints, own: Ints) -> tuple[Ints, Ints]:
        """Return the synapses of some targets.

        Parameters
        ----------
        key : uint64
            The stream of this connection.
        n : int
            Number of sources.
        targets : array (m,) of int64
            Places of the targets in their population.
        own : array (m,) of int64
            Place of each target among the sources, -1 if it is not one of them.

        Returns
        -------
        sources, targets : array of int64
            Places in their populations, one entry per synapse.
        """
        raise NotImplementedError


class AllToAll(Rule):
    """Every source to every target."""

    rule: Literal["all_to_all"] = "all_to_all"

    def draw(self, key: np.uint64, n: int, targets: Ints, own: Ints) -> tuple[Ints, Ints]:
        """Return the synapses of some targets; see `Rule.draw`."""
        sources = np.tile(np.arange(n), len(targets))
        return _without_autapses(self, sources, np.repeat(targets, n), np.repeat(own, n))


class OneToOne(Rule):
    """The first source to the first target, the second to the second, and so on."""

    rule: Literal["one_to_one"] = "one_to_one"

    def check_sizes(self, where: str, n_sources: int, n_targets: int, same: bool) -> str | None:
        """Return what is wrong with these sizes, if anything is."""
        if n_sources != n_targets:
            return f"one_to_one needs as many sources, {n_sources}, as targets, {n_targets}"
        return None

    def expected(self, n_sources: int, n_targets: int) -> float:
        """Return about how many synapses there will be."""
        return n_targets

    def draw(self, key: np.uint64, n: int, targets: Ints, own: Ints) -> tuple[Ints, Ints]:
        """Return the synapses of some targets; see `Rule.draw`."""
        return _without_autapses(self, targets, targets, own)


class FixedIndegree(Rule):
    """`indegree` synapses onto every target, their sources drawn uniformly."""

    rule: Literal["fixed_indegree"] = "fixed_indegree"
    indegree: Annotated[int, Field(ge=0, le=MAX_SIZE)] = Field(description="synapses per target")

    def check_sizes(self, where: str, n_sources: int, n_targets: int, same: bool) -> str | None:
        """Return what is wrong with these sizes, if anything is."""
        available = n_sources - (same and not self.allow_autapses)
        if available == 0 and self.indegree > 0:
            return "there is no source to draw from"
        if not self.allow_multapses and self.indegree > available:
            return (
                f"indegree, {self.indegree}, must be at most the number of sources, {available}, "
                "where multapses are forbidden"
            )
        return None

    def expected(self, n_sources: int, n_targets: int) -> float:
        """Return about how many synapses there will be."""
        return self.indegree * n_targets

    def draw(self, key: np.uint64, n: int, targets: Ints, own: Ints) -> tuple[Ints, Ints]:
        """Return the synapses of some targets; see `Rule.draw`."""
        forbidden = np.full_like(own, -1) if self.allow_autapses else own
        return fixed_indegree(key, n, targets, forbidden, self.indegree, self.allow_multapses)


class PairwiseBernoulli(Rule):
    """Each pair with probability `p`."""

    rule: Literal["pairwise_bernoulli"] = "pairwise_bernoulli"
    p: Probability = Field(description="probability of each pair")

    def expected(self, n_sources: int, n_targets: int) -> float:
        """Return about how many synapses there will be."""
        return self.p * n_sources * n_targets

    def draw(self, key: np.uint64, n: int, targets: Ints, own: Ints) -> tuple[Ints, Ints]:
        """Return the synapses of some targets; see `Rule.draw`."""
        forbidden = np.full_like(own, -1) if self.allow_autapses else own
        return pairwise_bernoulli(key, n, targets, forbidden, self.p)


def _without_autapses(rule: Rule, sources: Ints, targets: Ints, own: Ints) -> tuple[Ints, Ints]:
    if rule.allow_autapses:
        return sources, targets
    kept = sources != own
    return sources[kept], targets[kept]


@compiled
def fixed_indegree(
    key: np.uint64, n: int, targets: Ints, forbidden: Ints, indegree: int, multapses: bool
) -> tuple[Ints, Ints]:
    """Draw `indegree` of `n` sources for each target; see `Rule.draw`."""
    sources = np.empty(len(targets) * indegree, dtype=np.int64)
    drawn_for = np.full(0 if multapses else n, -1)
    count = 0
    for i in range(len(targets)):
        draw, found = 0, 0
        while found < indegree:
            source = np.int64(uniform(key, targets[i], draw) * n)
            draw += 1
            if source == forbidden[i]:
                continue
            if not multapses:
                if drawn_for[source] == i:
                    continue
                drawn_for[source] = i
            sources[count] = source
            count += 1
            found += 1
    return sources, np.repeat(targets, indegree)


@compiled
def pairwise_bernoulli(
    key: np.uint64, n: int, targets: Ints, forbidden: Ints, p: float
) -> tuple[Ints, Ints]:
    """Draw each of `n` sources for each target with probability `p`; see `Rule.draw`.

    The gap to the next source that is drawn has a geometric distribution, so the cost follows the
    number of synapses, not of pairs.
    """
    expected = len(targets) * n * p
    room = int(expected + 6.0 * np.sqrt(expected)) + 16
    sources, chosen = np.empty(room, np.int64), np.empty(room, np.int64)
    count = 0
    if p > 0.0:
        log_miss = np.log1p(-p) if p < 1.0 else -np.inf
        for i in range(len(targets)):
            draw, source = 0, -1
            while True:
                gap = np.floor(np.log(uniform(key, targets[i], draw)) / log_miss)
                draw += 1
                if source + 1 + gap >= n:
                    break
                source += 1 + int(gap)
                if source == forbidden[i]:
                    continue
                if count == len(sources):
                    sources = np.concatenate((sources, np.empty(count, np.int64)))
                    chosen = np.concatenate((chosen, np.empty(count, np.int64)))
                sources[count], chosen[count] = source, targets[i]
                count += 1
    return sources[:count].copy(), chosen[:count].copy()


class Connection(Fields):
    """Synapses of a type between two populations, made by a rule before the run."""

    source: AnySelection = Field(description="neurons that the synapses come from")
    target: AnySelection = Field(description="neurons that they go to")
    synapse: str = Field(description="name of the synapse type")
    rule: Annotated[Rule, OneOf(Rule)]

    @model_validator(mode="before")
    @classmethod
    def _rule_by_name(cls, values: object) -> object:
        if isinstance(values, dict) and isinstance(values.get("rule"), str):
            return {**values, "rule": {"rule": values["rule"]}}
        return values
