"""What drives neurons from outside: each input is a file here, and a line below."""

from distsp.inputs.ac_generator import AcGenerator
from distsp.inputs.dc_generator import DcGenerator
from distsp.inputs.input import Drive, Input, stream_index
from distsp.inputs.noise_generator import NoiseGenerator
from distsp.inputs.poisson_generator import PoissonGenerator
from distsp.inputs.spike_generator import SpikeGenerator
from distsp.inputs.step_current_generator import StepCurrentGenerator

__all__ = [
    "AcGenerator",
    "DcGenerator",
    "Drive",
    "Input",
    "NoiseGenerator",
    "PoissonGenerator",
    "SpikeGenerator",
    "StepCurrentGenerator",
    "stream_index",
]
