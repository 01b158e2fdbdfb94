"""`nest.spatial`: where nodes are, and functions of where."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from distsp.base.arrays import Floats
from distsp.pynest.errors import wrong
from distsp.pynest.parameters import Drawn, Parameter


@dataclass
class Space:
    """Where the nodes of a group are.

    Attributes
    ----------
    positions : array (nodes, dimensions) of float64
    extent, center : array (dimensions,) of float64
    edge_wrap : bool
        Whether opposite edges of the extent are one.
    """

    positions: Floats
    extent: Floats
    center: Floats
    edge_wrap: bool

    @property
    def period(self) -> Floats | None:
        """After which length everything comes again along each axis; None if it does not."""
        return self.extent if self.edge_wrap else None

    def part(self, begin: int, end: int) -> "Space":
        """Return the space of some of the nodes."""
        return Space(self.positions[begin:end], self.extent, self.center, self.edge_wrap)

    def as_told(self) -> dict[str, Any]:
        """Return the positions as the network has them."""
        shifted = self.positions
        told: dict[str, Any] = {"positions": "given"}
        if self.edge_wrap:
            low = self.center - 0.5 * self.extent
            shifted = np.clip(self.positions - low, 0.0, self.extent)
            told |= {"extent": self.extent.tolist(), "periodic": True}
        return told | dict(zip("xyz", shifted.T.tolist(), strict=False))

    def shown(self) -> dict[str, Any]:
        """Return what a script is shown."""
        shown = {"center": self.center, "edge_wrap": self.edge_wrap, "extent": self.extent}
        return shown | {"network_size": len(self.positions), "positions": self.positions}


class grid:
    """Nodes at the centres of cells, column by column, each from its upper end down.

    Parameters
    ----------
    shape : list of int
        Cells along each axis.
    center, extent : list of float, optional
        Around 0 and of length 1 if not given.
    edge_wrap : bool
        Whether opposite edges are one.

    Examples
    --------
    >>> grid([2, 2]).of(1, 0, 4).positions.tolist()
    [[-0.25, 0.25], [-0.25, -0.25], [0.25, 0.25], [0.25, -0.25]]
    """

    def __init__(
        self,
        shape: Sequence[int],
        center: Sequence[float] | None = None,
        extent: Sequence[float] | None = None,
        edge_wrap: bool = False,
    ) -> None:
        self.shape, self.edge_wrap = [int(one) for one in shape], bool(edge_wrap)
        self.center = np.zeros(len(self.shape)) if center is None else np.array(center, float)
        self.extent = np.ones(len(self.shape)) if extent is None else np.array(extent, float)

    def number(self, n: int) -> int:
        """Return how many nodes there are."""
        if n > 1:
            raise ValueError("Cannot specify number of nodes with grid positions")
        return int(np.prod(self.shape))

    def of(self, seed: int, drawn: int, n: int) -> Space:
        """Return where the nodes are."""
        cells = np.stack(np.unravel_index(np.arange(n), self.shape), axis=1)
        shares = (cells + 0.5) / np.array(self.shape) - 0.5
        shares[:, 1] *= -1.0
        return Space(self.center + shares * self.extent, self.extent, self.center, self.edge_wrap)


class free:
    """Nodes anywhere.

    Parameters
    ----------
    pos : list of list of float, or Parameter
        A position for each node; or what each coordinate is drawn from.
    extent : list of float, optional
    edge_wrap : bool
        Whether opposite edges are one.
    num_dimensions : int, optional
        Where positions are drawn.
    """

    def __init__(
        self,
        pos: Any,
        extent: Sequence[float] | None = None,
        edge_wrap: bool = False,
        num_dimensions: int | None = None,
    ) -> None:
        self.edge_wrap = bool(edge_wrap)
        self.extent = None if extent is None else np.array(extent, float)
        if isinstance(pos, Parameter):
            dimensions = num_dimensions or (None if extent is None else len(extent))
            if dimensions is None:
                raise TypeError("could not infer number of dimensions. Set num_dimensions")
            pos = [pos] * dimensions
        self.pos = pos
        self.drawn = isinstance(pos[0], Parameter)

    def number(self, n: int) -> int:
        """Return how many nodes there are."""
        return n if self.drawn else len(self.pos)

    def of(self, seed: int, drawn: int, n: int) -> Space:
        """Return where the nodes are."""
        if self.drawn:
            axes = [p.draw(seed, drawn + (i << 32), n) for i, p in enumerate(self.pos)]
            positions = np.stack(axes, axis=1)
        else:
            positions = np.array(self.pos, dtype=np.float64)
        low, high = positions.min(axis=0), positions.max(axis=0)
        # Without an extent NEST takes the next whole length.
        extent = np.maximum(np.ceil(high - low), 1.0) if self.extent is None else self.extent
        center = 0.5 * (low + high)
        if self.extent is not None and np.all(np.abs(positions) <= 0.5 * extent):
            center = np.zeros(len(extent))
        return Space(positions, extent, center, self.edge_wrap)


def _of_pairs(function: Callable[[Floats], Floats]) -> Parameter:
    def values(drawn: Drawn) -> Any:
        if drawn.apart is None:
            raise wrong("LayerExpected", "distance", None, "needs two groups with positions")
        return function(drawn.apart)

    return Parameter(values)


class _Distance(Parameter):
    """How far source and target are apart; `x`, `y`, `z` along one axis."""

    def __init__(self) -> None:
        super().__init__(_of_pairs(lambda apart: np.sqrt((apart**2).sum(axis=1))).values)
        self.x, self.y, self.z = (_along(axis) for axis in range(3))


def _along(axis: int) -> Parameter:
    return _of_pairs(lambda apart: np.abs(apart[:, axis]))


class _Position:
    """Where a node is: `x`, `y`, `z`."""

    def __init__(self, which: str) -> None:
        self._which = which
        self.x, self.y, self.z = (self._axis(axis) for axis in range(3))

    def _axis(self, axis: int) -> Parameter:
        def values(drawn: Drawn) -> Any:
            found = getattr(drawn, self._which)
            if found is None:
                raise wrong("LayerExpected", "spatial.pos", None, "needs nodes with positions")
            return found[:, axis]

        return Parameter(values)


distance = _Distance()
pos, source_pos, target_pos = (_Position(w) for w in ("positions", "sources", "targets"))


def apart(sources: Floats, targets: Floats, period: Floats | None) -> Floats:
    """Return displacements from sources to targets, the shortest where edges are one."""
    found: Floats = targets - sources
    if period is not None:
        found = found - period * np.rint(found / period)
    return found


__all__ = ["Space", "apart", "distance", "free", "grid", "pos", "source_pos", "target_pos"]
