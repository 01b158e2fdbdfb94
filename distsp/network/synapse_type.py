"""Synapse types: weight, delay, and the elements that a plastic synapse binds."""

from pydantic import Field

from distsp.base.errors import InputError
from distsp.base.fields import MAX_SIZE, Fields, Positive
from distsp.base.time_grid import whole_steps
from distsp.rng.distributions import Distribution, Number, Uniform, mean


class SynapseType(Fields):
    """A type of synapse: its weight and delay, and the elements it needs if it is plastic."""

    weight: Number = Field(description="pA, for iaf_psc_delta mV; below 0 is inhibitory")
    delay: Positive | Number = Field(description="ms, a whole number of steps")
    pre: str | None = Field(None, description="presynaptic element of a plastic type")
    post: str | None = Field(None, description="postsynaptic element of a plastic type")
    allow_autapses: bool = Field(True, description="may plasticity connect a neuron to itself")
    allow_multapses: bool = Field(True, description="may plasticity connect a pair twice")

    @property
    def plastic(self) -> bool:
        """Whether structural plasticity makes and breaks synapses of this type."""
        return self.pre is not None

    @property
    def heterogeneous(self) -> bool:
        """Whether each synapse has its own weight and delay."""
        return not (isinstance(self.weight, float) and isinstance(self.delay, float))

    @property
    def mean_weight(self) -> float:
        """The weight, or the mean of its distribution."""
        return mean(self.weight)

    def delay_steps(self, resolution: float) -> tuple[int, int]:
        """Return the shortest and longest delay (steps); without ends it is cut at 3 std."""
        delay = self.delay
        low, high = delay.range() if isinstance(delay, Distribution) else (delay, delay)
        shortest = max(round(low / resolution), 1)
        return shortest, max(round(high / resolution), shortest)

    def check_steps(self, where: str, resolution: float) -> None:
        """Refuse a delay that cannot be kept in steps of `resolution` (ms).

        Raises
        ------
        InputError
            Naming the key, prefixed with `where`.
        """
        delay = self.delay
        if isinstance(delay, float):
            whole_steps(f"{where}.delay", delay, resolution, least=1)
            return
        key = "low" if isinstance(delay, Uniform) else "mean"
        shortest = delay.centre if key == "mean" else delay.range()[0]
        if shortest < resolution * (1.0 - 1e-9):
            right = f"ms must be at least 1 step of the resolution, {resolution} ms"
            raise InputError.at(f"{where}.delay.{key}", shortest, right)
        if delay.range()[1] / resolution > MAX_SIZE:
            right = f"ms is more than {MAX_SIZE} steps of the resolution, {resolution} ms"
            raise InputError.at(f"{where}.delay", delay.range()[1], right)
