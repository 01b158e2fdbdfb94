"""What is measured while time passes."""
