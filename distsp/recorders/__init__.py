"""What is measured while time passes: each recorder is a file here, and a line below."""

from distsp.recorders.connectivity import Connectivity
from distsp.recorders.mean_activity import MeanActivity
from distsp.recorders.multimeter import Multimeter
from distsp.recorders.population_means import PopulationMeans
from distsp.recorders.recorder import Change, Dataset, Reading, Recorder, Recording
from distsp.recorders.spike_recorder import SpikeRecorder
from distsp.recorders.structural_updates import StructuralUpdates
from distsp.recorders.synapse_counts import SynapseCounts

__all__ = [
    "Change",
    "Connectivity",
    "Dataset",
    "MeanActivity",
    "Multimeter",
    "PopulationMeans",
    "Reading",
    "Recorder",
    "Recording",
    "SpikeRecorder",
    "StructuralUpdates",
    "SynapseCounts",
]
