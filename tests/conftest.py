"""What every test shares: figures without a display, the same random examples every time."""

import os

from hypothesis import settings

os.environ["MPLBACKEND"] = "Agg"

settings.register_profile("deterministic", derandomize=True, deadline=None)
settings.load_profile("deterministic")
