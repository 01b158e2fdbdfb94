"""Random numbers as functions of what they are for, and distributions."""
