"""A compiled network that images are shown to."""
