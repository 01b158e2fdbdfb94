"""Random numbers that a script asks for: expressions, drawn when something is made with them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from distsp.base.arrays import Floats


@dataclass
class Drawn:
    """What an expression is drawn for: random numbers, how many, and where.

    Attributes
    ----------
    random : Generator
    n : int
    positions : array (n, dimensions), optional
        Of nodes.
    sources, targets, apart : array (n, dimensions), optional
        Of connections: where their ends are, and what is between them.
    """

    random: np.random.Generator
    n: int
    positions: Any = None
    sources: Any = None
    targets: Any = None
    apart: Any = None


class Parameter:
    """A number for each node or synapse: random, or a function of where it is.

    Parameters
    ----------
    values : callable
        Returns the numbers, given a `Drawn`.
    known_as : dict, optional
        The distribution, as the network has it, if it has.

    Attributes
    ----------
    kernel : (dict, float) or None
        The kernel of the distance and what it is multiplied with, as the network has it.

    Examples
    --------
    >>> number = 1.0 + 2.0 * Parameter(lambda drawn: np.zeros(drawn.n))
    >>> number.draw(1, 0, 3).tolist()
    [1.0, 1.0, 1.0]
    """

    def __init__(
        self, values: Callable[[Drawn], Any], known_as: dict[str, Any] | None = None
    ) -> None:
        self.values, self.known_as = values, known_as
        self.kernel: tuple[dict[str, Any], float] | None = None

    def draw(self, seed: int, number: int, n: int, positions: Any = None, **pairs: Any) -> Floats:
        """Return n numbers, a function of the seed and of how many have been drawn before."""
        random = np.random.Generator(np.random.Philox(key=[seed, number]))
        values = self.values(Drawn(random, n, positions, **pairs))
        return np.array(np.broadcast_to(values, n), dtype=np.float64)

    def GetValue(self) -> float:
        """Return one number."""
        return float(self.draw(1, 0, 1)[0])

    def _with(self, other: Any, apply: Callable[[Any, Any], Any]) -> "Parameter":
        def values(drawn: Drawn) -> Any:
            right = other.values(drawn) if isinstance(other, Parameter) else other
            return apply(self.values(drawn), right)

        return Parameter(values)

    def _moved(self, factor: float, shift: float, result: "Parameter") -> "Parameter":
        """Return a result that is a multiple of this, with its distribution where it has one."""
        known = self.known_as
        if self.kernel is not None and shift == 0.0:
            result.kernel = self.kernel[0], factor * self.kernel[1]
        if known is None:
            return result
        if known["distribution"] == "uniform":
            ends = sorted((factor * known["low"] + shift, factor * known["high"] + shift))
            result.known_as = {"distribution": "uniform", "low": ends[0], "high": ends[1]}
        elif known["distribution"] == "normal":
            moved = {"mean": factor * known["mean"] + shift, "std": abs(factor) * known["std"]}
            ends = [known.get("low"), known.get("high")]
            if factor < 0.0:
                ends.reverse()
            bounds = zip(("low", "high"), ends, strict=True)
            moved |= {key: factor * end + shift for key, end in bounds if end is not None}
            result.known_as = {"distribution": "normal", **moved}
        elif factor > 0.0 and shift == 0.0:
            mean = known["mean"] + float(np.log(factor))
            result.known_as = {**known, "mean": mean}
        return result

    def __add__(self, other: Any) -> "Parameter":
        result = self._with(other, lambda a, b: a + b)
        return result if isinstance(other, Parameter) else self._moved(1.0, other, result)

    __radd__ = __add__

    def __mul__(self, other: Any) -> "Parameter":
        result = self._with(other, lambda a, b: a * b)
        return result if isinstance(other, Parameter) else self._moved(other, 0.0, result)

    __rmul__ = __mul__

    def __neg__(self) -> "Parameter":
        return self * -1.0

    def __sub__(self, other: Any) -> "Parameter":
        return self + other * -1.0

    def __rsub__(self, other: Any) -> "Parameter":
        return self * -1.0 + other

    def __truediv__(self, other: Any) -> "Parameter":
        if isinstance(other, Parameter):
            return self._with(other, lambda a, b: a / b)
        return self * (1.0 / other)

    def __pow__(self, exponent: float) -> "Parameter":
        return self._with(exponent, lambda a, b: a**b)

    def __lt__(self, other: Any) -> "Parameter":
        return self._with(other, lambda a, b: np.less(a, b).astype(np.float64))

    def __le__(self, other: Any) -> "Parameter":
        return self._with(other, lambda a, b: np.less_equal(a, b).astype(np.float64))

    def __gt__(self, other: Any) -> "Parameter":
        return self._with(other, lambda a, b: np.greater(a, b).astype(np.float64))

    def __ge__(self, other: Any) -> "Parameter":
        return self._with(other, lambda a, b: np.greater_equal(a, b).astype(np.float64))
