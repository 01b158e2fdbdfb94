"""What a run leaves behind: written, read, drawn, and as SONATA."""
