"""The ranks: who they are, which neurons each has, and sums over all."""
