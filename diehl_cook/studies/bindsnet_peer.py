"""Time BindsNET's model of this network; run by `benchmark`, in an environment with BindsNET.

Prints a JSON list of cases. Its model is its own: 250 steps of 1 ms an image, no rest, traces
and inhibition of its own kind. The images are random with the brightness of MNIST's, because
the cost depends on the number of input spikes alone.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
import torch
from bindsnet.encoding import poisson
from bindsnet.models import DiehlAndCook2015

STEPS, TIME_STEP_MS, IMAGES = 250, 1.0, 2
# As many input spikes as ours: 2300 in 350 ms, scaled to 250 ms.
INPUT_SPIKES = 2300 * 250 / 350


def main(rounds: int, sizes: list[int]) -> list[dict[str, Any]]:
    """Time each size, in training and testing, on one core."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return [_case(cells, learning, rounds) for cells in sizes for learning in (True, False)]


def _case(cells: int, learning: bool, rounds: int) -> dict[str, Any]:
    network = DiehlAndCook2015(
        n_inpt=784, n_neurons=cells, dt=TIME_STEP_MS, norm=78.4, inpt_shape=(1, 28, 28)
    )
    network.train(learning)
    rates = torch.full((1, 28, 28), INPUT_SPIKES / 784 / (STEPS * TIME_STEP_MS) * 1e3)
    spikes = poisson(rates, time=STEPS, dt=TIME_STEP_MS)
    _show(network, spikes)
    ms = []
    for _ in range(rounds):
        begun = time.perf_counter()
        for _ in range(IMAGES):
            _show(network, spikes)
        ms.append((time.perf_counter() - begun) / IMAGES * 1e3)
    low, median, high = np.percentile(ms, [25, 50, 75])
    return {
        "cells": cells,
        "kind": "BindsNET 250 x 1 ms",
        "learning": learning,
        "images_per_run": IMAGES,
        "ms": round(float(median), 4),
        "ms_quartiles": [round(float(low), 4), round(float(high), 4)],
    }


def _show(network: DiehlAndCook2015, spikes: torch.Tensor) -> None:
    network.run(inputs={"X": spikes}, time=STEPS)
    network.reset_state_variables()


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), [int(size) for size in sys.argv[2:]])))
