"""What drives neurons from outside: each input is a file here, and a line below."""

from distsp.inputs.dc_generator import DcGenerator
from distsp.inputs.input import Drive, Input, stream_index
from distsp.inputs.poisson_generator import PoissonGenerator

__all__ = ["DcGenerator", "Drive", "Input", "PoissonGenerator", "stream_index"]
