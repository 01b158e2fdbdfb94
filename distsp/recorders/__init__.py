"""What is measured while time passes: each recorder is a file here, and a line below."""

from distsp.recorders.multimeter import Multimeter
from distsp.recorders.population_means import PopulationMeans
from distsp.recorders.recorder import Dataset, Reading, Recorder, Recording
from distsp.recorders.spike_recorder import SpikeRecorder

__all__ = [
    "Dataset",
    "Multimeter",
    "PopulationMeans",
    "Reading",
    "Recorder",
    "Recording",
    "SpikeRecorder",
]
