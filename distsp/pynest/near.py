"""Connections that depend on where nodes are."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from distsp.base.arrays import Bools, Floats, Ints
from distsp.pynest.errors import NESTErrors, refuse, wrong
from distsp.pynest.kernel import KERNEL
from distsp.pynest.parameters import Parameter
from distsp.pynest.spatial import Space, apart

AT_ONCE = 4_000_000
"""Pairs that are looked at together."""


def space_of(nodes: Ints) -> tuple[Space, Ints] | None:
    """Return the space of nodes, and their places in it; None if they have none."""
    group = KERNEL.group_of(int(nodes[0]))
    inside = nodes.min() >= group.first and nodes.max() < group.ids.stop
    return (group.space, nodes - group.first) if group.space is not None and inside else None


def pairs_for(sources: Ints, targets: Ints) -> dict[str, Any]:
    """Return what is drawn with for pairs: where their ends are, if they have positions."""
    if not len(sources):
        return {}
    of, onto = space_of(sources), space_of(targets)
    if of is None or onto is None:
        return {}
    ends = of[0].positions[of[1]], onto[0].positions[onto[1]]
    return {"sources": ends[0], "targets": ends[1], "apart": apart(*ends, onto[0].period)}


def near(
    rule: dict[str, Any], sources: Ints, targets: Ints, listed: bool
) -> tuple[dict[str, Any], Ints, Ints]:
    """Return a rule with a mask, or a probability that is no number, as the network has it.

    Parameters
    ----------
    rule : dict
    sources, targets : array of int64
    listed : bool
        Whether the pairs must be listed, as their weights or delays are no distributions.

    Returns
    -------
    dict, array, array
        The rule, and the ends; for the rule "explicit" those of each pair.
    """
    rule = dict(rule)
    mask, p = rule.pop("mask", None), rule.pop("p", 1.0)
    kernel = p.kernel if isinstance(p, Parameter) else None
    name, radius = rule["rule"], _radius(mask)
    if name == "all_to_all":
        name = rule["rule"] = "pairwise_bernoulli"
    native = kernel is not None and (mask is None or radius is not None) and not listed
    if native and kernel is not None and space_of(sources) and space_of(targets):
        told = kernel[0] if radius is None else {**kernel[0], "max_distance": radius}
        if name == "pairwise_bernoulli":
            return {**rule, "p": min(kernel[1], 1.0), "kernel": told}, sources, targets
        if name == "fixed_indegree":
            return {**rule, "kernel": told}, sources, targets
    if name != "pairwise_bernoulli":
        refuse(f"Connect: {name} with a mask or such a p", "use pairwise_bernoulli")
        return {"rule": "explicit"}, sources[:0], targets[:0]
    KERNEL.drawn += 1
    return {"rule": "explicit"}, *_drawn(rule, p, mask, sources, targets)


def _drawn(
    rule: dict[str, Any], p: Any, mask: Any, sources: Ints, targets: Ints
) -> tuple[Ints, Ints]:
    """Return the pairs that are connected, each with its own probability."""
    found: list[tuple[Ints, Ints]] = [(sources[:0], targets[:0])]
    each = max(AT_ONCE // len(targets), 1)
    for begin in range(0, len(sources), each):
        some = sources[begin : begin + each]
        of, onto = np.repeat(some, len(targets)), np.tile(targets, len(some))
        ends = pairs_for(of, onto)
        number = (KERNEL.drawn << 20) + begin
        kept = _within(mask, ends, len(of))
        if not rule.get("allow_autapses", True):
            kept &= of != onto
        if isinstance(p, Parameter):
            probability = p.draw(KERNEL.seed, 2 * number, len(of), **ends)
        else:
            probability = np.full(len(of), float(p))
        lots = np.random.Generator(np.random.Philox(key=[KERNEL.seed, 2 * number + 1]))
        kept &= lots.random(len(of)) < probability
        found.append((of[kept], onto[kept]))
    return np.concatenate([of for of, _ in found]), np.concatenate([onto for _, onto in found])


def _radius(mask: Any) -> float | None:
    """Return the radius of a mask that is a circle or a ball around the source."""
    for shape in ("circular", "spherical"):
        if isinstance(mask, Mapping) and shape in mask and "anchor" not in mask:
            return float(mask[shape]["radius"])
    return None


def _within(mask: Any, ends: dict[str, Floats], n: int) -> Bools:
    """Return which pairs are within a mask."""
    if mask is None:
        return np.ones(n, dtype=bool)
    if not ends:
        raise NESTErrors.LayerExpected("Connect: a mask needs two groups with positions")
    away = ends["apart"] - np.array(mask.get("anchor", 0.0))
    distance = np.sqrt((away**2).sum(axis=1))
    (shape, values), *_ = [one for one in mask.items() if one[0] != "anchor"]
    if shape in ("circular", "spherical"):
        return np.asarray(distance <= values["radius"])
    if shape == "doughnut":
        return np.asarray(
            (distance <= values["outer_radius"]) & (distance > values["inner_radius"])
        )
    if shape in ("rectangular", "box"):
        low, high = np.array(values["lower_left"]), np.array(values["upper_right"])
        return np.asarray(np.all((away >= low) & (away <= high), axis=1))
    right = "must be circular, spherical, doughnut, rectangular or box"
    raise wrong("BadProperty", "Connect: mask", shape, right)
