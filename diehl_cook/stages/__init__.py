"""One run: train, label, test, report."""
