"""Diehl & Cook (2015), unsupervised learning of digits with STDP, reproduced in Brian2.

Run it with ``python -m diehl_cook --help``. Importing the package alone is cheap: Brian2 is
loaded by the modules that need it.
"""

__version__ = "0.1.0"
