"""Spiking neural networks that wire themselves: homeostatic structural plasticity over MPI."""

from importlib.metadata import version

from distsp.engine.simulation import Simulation
from distsp.experiment.experiment import Experiment
from distsp.network.network import Network
from distsp.results.read import load_results
from distsp.results.sonata import write_sonata

__all__ = ["Experiment", "Network", "Simulation", "__version__", "load_results", "write_sonata"]

__version__ = version("distsp")
