"""As many synapses onto every target."""

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from distsp.base.arrays import Floats, Ints
from distsp.base.compiled import borrowed, compiled
from distsp.base.components import OneOf
from distsp.base.errors import InputError
from distsp.base.fields import MAX_SIZE
from distsp.network.rules.rule import Drawn, Ends, Rule
from distsp.plasticity.distance import Cover, covered, drawn, room_for
from distsp.plasticity.kernels import Kernel, Profile
from distsp.plasticity.tree import Tree, take_out
from distsp.rng.streams import uniform

TRIALS_OF_FOUND = 8
"""Draws of what a target has already, before all of that is taken out of the tree."""


class FixedIndegree(Rule):
    """`indegree` synapses onto every target, their sources drawn uniformly, or by the kernel.

    With a kernel a target gets fewer where there are not enough sources within its reach.
    """

    by_target: ClassVar[bool] = True

    rule: Literal["fixed_indegree"] = "fixed_indegree"
    indegree: Annotated[int, Field(ge=0, le=MAX_SIZE)] = Field(description="synapses per target")
    kernel: Annotated[Kernel, OneOf(Kernel)] | None = Field(
        None, description="how likely a source is at a distance; all alike if not given"
    )

    def profile(self) -> Profile | None:
        """Return the kernel of the distance; see `Rule.profile`."""
        return None if self.kernel is None else self.kernel.profile()

    def check_ends(self, where: str, ends: Ends) -> None:
        """Refuse more synapses than there are sources to draw; see `Rule.check_ends`."""
        available = ends.n_sources - (ends.n_common > 0 and not self.allow_autapses)
        if available == 0 and self.indegree > 0:
            raise InputError(f"{where}: there is no source to draw from")
        if not self.allow_multapses and self.indegree > available:
            right = f"must be at most the number of sources, {available}, without multapses"
            raise InputError.at(f"{where}.indegree", self.indegree, right)

    def expected(self, n_sources: int, n_targets: int) -> float:
        """Return about how many synapses there will be."""
        return self.indegree * n_targets

    def draw(self, key: np.uint64, ends: Ends) -> Drawn:
        """Return the synapses onto the targets that are here; see `Rule.draw`."""
        forbidden, profile = self.forbidden(ends.own), self.profile()
        if profile is not None:
            tree, points = ends.tree(), ends.points()
            arguments = room_for(tree), points, ends.targets, forbidden, self.indegree
            return Drawn(*indegree_nearby(key, tree, *arguments, self.allow_multapses, profile))
        sources = fixed_indegree(
            key, ends.n_sources, ends.targets, forbidden, self.indegree, self.allow_multapses
        )
        return Drawn(sources, np.repeat(ends.targets, self.indegree))


@compiled
def fixed_indegree(
    key: np.uint64, n: int, targets: Ints, forbidden: Ints, indegree: int, multapses: bool
) -> Ints:
    """Draw `indegree` of `n` sources for each target.

    Parameters
    ----------
    key : uint64
    n : int
        Number of sources.
    targets, forbidden : array (m,) of int64
        Places of the targets, and the source that each must not have, -1 for none.
    indegree : int
    multapses : bool
        Whether a source may be drawn again for the same target.

    Returns
    -------
    array (m * indegree,) of int64
        The sources of the first target, then those of the next.
    """
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
    return sources


@compiled
def indegree_nearby(
    key: np.uint64,
    tree: Tree,
    cover: Cover,
    points: Floats,
    targets: Ints,
    forbidden: Ints,
    indegree: int,
    multapses: bool,
    profile: Profile,
) -> tuple[Ints, Ints]:
    """Draw sources for each target with probabilities proportional to the kernel.

    Parameters
    ----------
    key : uint64
    tree : Tree
        Of the sources.
    cover : Cover
    points : array (m, 3) of float64
        Where the targets are.
    targets, forbidden : array (m,) of int64
        Places of the targets, and the source that each must not have, -1 for none.
    indegree : int
    multapses : bool
        Whether a source may be drawn again for the same target.
    profile : Profile
    """
    tree, cover = borrowed(tree), borrowed(cover)
    place_of = np.empty(len(tree.order), np.int64)
    for place in range(len(tree.order)):
        place_of[tree.order[place]] = place
    sources = np.empty(len(targets) * indegree, np.int64)
    chosen = np.empty(len(targets) * indegree, np.int64)
    found = np.empty(indegree, np.int64)
    drawn_for = np.full(0 if multapses else len(tree.order), -1)
    count = 0
    for i in range(len(targets)):
        if forbidden[i] >= 0:
            take_out(tree, place_of[forbidden[i]], 1)
        n, total, _ = covered(tree, cover, points[i], profile)
        n_found, n_out, draw, rejected = 0, 0, 0, 0
        while n_found < indegree and total > 0.0:
            place = drawn(tree, cover, n, total, points[i], profile, key, targets[i], 0, draw)
            draw += 1
            if place < 0:
                continue
            if multapses or drawn_for[place] != i:
                sources[count], chosen[count] = tree.order[place], targets[i]
                found[n_found] = place
                count, n_found = count + 1, n_found + 1
                if not multapses:
                    drawn_for[place] = i
                continue
            rejected += 1
            if rejected % TRIALS_OF_FOUND == 0:
                # What has been drawn may be all there is nearby.
                for k in range(n_out, n_found):
                    take_out(tree, found[k], 1)
                n_out = n_found
                n, total, _ = covered(tree, cover, points[i], profile)
        for k in range(n_out):
            take_out(tree, found[k], -1)
        if forbidden[i] >= 0:
            take_out(tree, place_of[forbidden[i]], -1)
    return sources[:count].copy(), chosen[:count].copy()
