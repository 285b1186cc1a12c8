"""Files: every write is whole or not at all."""
