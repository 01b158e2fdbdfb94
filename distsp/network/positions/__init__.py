"""Where the neurons of a population are: each way to say it is a file here, and a line below."""

from distsp.network.positions.given import Given, as_given
from distsp.network.positions.grid import Grid
from distsp.network.positions.positions import Positions
from distsp.network.positions.uniform import Uniform

__all__ = ["Given", "Grid", "Positions", "Uniform", "as_given"]
