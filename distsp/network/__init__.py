"""What a user builds: a network as a description."""
