"""Homeostatic structural plasticity: calcium, synaptic elements and the update that rewires."""
