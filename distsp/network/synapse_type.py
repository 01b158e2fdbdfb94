"""Synapse types: weight, delay, and the elements that a plastic synapse binds."""

from typing import Annotated, NamedTuple

from pydantic import Field

from distsp.base.components import OneOf
from distsp.base.errors import InputError
from distsp.base.fields import MAX_SIZE, Fields, Positive
from distsp.base.time_grid import whole_steps
from distsp.plasticity.kernels import Kernel
from distsp.rng.distributions import Distribution, Number, Uniform, mean


class Spread(NamedTuple):
    """What the synapses of a type may be, those of every connection included.

    Examples
    --------
    >>> Spread(False, 15, 15).widened((10, 12))
    Spread(heterogeneous=True, shortest=10, longest=15)
    """

    heterogeneous: bool  # each synapse has its own weight and delay
    shortest: int  # delay, steps
    longest: int

    def widened(self, delays: tuple[int, int] | None) -> "Spread":
        """Return the spread with synapses that have their own weights, or these delays as well."""
        shortest, longest = delays or (self.shortest, self.longest)
        return Spread(True, min(self.shortest, shortest), max(self.longest, longest))


class SynapseType(Fields):
    """A type of synapse: its weight and delay, and the elements it needs if it is plastic."""

    weight: Number = Field(
        description="in the unit of the target's model (pA, mV or nS); below 0 is inhibitory"
    )
    delay: Positive | Number = Field(description="a whole number of steps (ms)")
    pre: str | None = Field(None, description="presynaptic element of a plastic type")
    post: str | None = Field(None, description="postsynaptic element of a plastic type")
    allow_autapses: bool = Field(True, description="may plasticity connect a neuron to itself")
    allow_multapses: bool = Field(True, description="may plasticity connect a pair twice")
    kernel: Annotated[Kernel, OneOf(Kernel)] | None = Field(
        None,
        description="how likely plasticity makes a synapse at a distance; all alike if not given",
    )

    @property
    def plastic(self) -> bool:
        """Whether structural plasticity makes and breaks synapses of this type."""
        return self.pre is not None

    @property
    def mean_weight(self) -> float:
        """The weight, or the mean of its distribution."""
        return mean(self.weight)

    def spread(self, resolution: float) -> Spread:
        """Return what synapses of this type may be, as far as the type says it."""
        shared = isinstance(self.weight, float) and isinstance(self.delay, float)
        return Spread(not shared, *delay_steps(self.delay, resolution))


Delay = float | Distribution


def delay_steps(delay: Delay, resolution: float) -> tuple[int, int]:
    """Return the shortest and longest delay (steps); without ends it is cut at 3 std."""
    low, high = delay.range() if isinstance(delay, Distribution) else (delay, delay)
    return range_in_steps(low, high, resolution)


def range_in_steps(low: float, high: float, resolution: float) -> tuple[int, int]:
    """Return the shortest and longest of delays (ms) that are rounded to steps."""
    shortest = max(round(low / resolution), 1)
    return shortest, max(round(high / resolution), shortest)


def check_delay(where: str, delay: Delay, resolution: float) -> None:
    """Refuse a delay that cannot be kept in steps of `resolution` (ms).

    Raises
    ------
    InputError
        Naming the key, prefixed with `where`, the path of the delay.
    """
    if not isinstance(delay, Distribution):
        whole_steps(where, delay, resolution, least=1)
        return
    low, high = delay.range()
    key, shortest = ("low", low) if isinstance(delay, Uniform) else ("mean", delay.centre)
    check_delays(f"{where}.{key}", where, shortest, high, resolution)


def check_delays(low: str, high: str, shortest: float, longest: float, resolution: float) -> None:
    """Refuse delays (ms) that are too short or too long; `low` and `high` are their paths."""
    if shortest < resolution * (1.0 - 1e-9):
        right = f"ms must be at least 1 step of the resolution, {resolution} ms"
        raise InputError.at(low, shortest, right)
    if longest / resolution > MAX_SIZE:
        right = f"ms is more than {MAX_SIZE} steps of the resolution, {resolution} ms"
        raise InputError.at(high, longest, right)
