"""Kernels, how likely a synapse is at a distance: each is a file here, and a line below."""

from distsp.plasticity.kernels.exponential import Exponential
from distsp.plasticity.kernels.gaussian import Gaussian
from distsp.plasticity.kernels.kernel import Kernel, Profile

__all__ = ["Exponential", "Gaussian", "Kernel", "Profile"]
