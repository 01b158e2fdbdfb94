"""A network in motion on this rank: its state, its synapses, the time loop, the simulation."""
