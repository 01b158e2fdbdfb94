"""Spiking neural networks that wire themselves: homeostatic structural plasticity over MPI."""

from importlib.metadata import version

from distsp.experiment import Experiment
from distsp.network import Network
from distsp.results import load_results
from distsp.simulation import Simulation

__all__ = ["Experiment", "Network", "Simulation", "__version__", "load_results"]

__version__ = version("distsp")
