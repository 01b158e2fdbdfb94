"""Spiking neural networks that wire themselves: homeostatic structural plasticity over MPI."""

from importlib.metadata import version

from distsp.experiment import Experiment
from distsp.network import Network
from distsp.results import load_results
from distsp.simulation import Simulation
from distsp.sonata import write_sonata

__all__ = ["Experiment", "Network", "Simulation", "__version__", "load_results", "write_sonata"]

__version__ = version("distsp")
