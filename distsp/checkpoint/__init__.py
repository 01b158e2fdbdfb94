"""The state of a simulation on disk, and dealt anew to any number of ranks."""
