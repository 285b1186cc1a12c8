"""Train and test BindsNET's model of this network as its example does; run by `peers`.

Run in an environment with BindsNET: ``bindsnet_example.py IMAGES.npz ANSWERS.npz CELLS``. The
parameters are those of ``examples/mnist/eth_mnist.py``; weights change by BindsNET's own rule.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import torch
from bindsnet.encoding import poisson
from bindsnet.models import DiehlAndCook2015
from bindsnet.network.monitors import Monitor
from numpy.typing import NDArray

# Of the example: an image is on for 250 steps of 1 ms, the brightest pixel at 128 Hz.
STEPS, TIME_STEP_MS, INTENSITY = 250, 1.0, 128.0
EXCITATION, INHIBITION, THETA_PLUS, WEIGHT_SUM = 22.5, 120.0, 0.05, 78.4
#: Images at a time where nothing is learned, which the example's batched sibling does.
BATCH = 50


def main(images_file: str, answers_file: str, cells: int) -> None:
    """Show the images to learn, then, without learning, the same and those to test."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = DiehlAndCook2015(
        n_inpt=784,
        n_neurons=cells,
        exc=EXCITATION,
        inh=INHIBITION,
        theta_plus=THETA_PLUS,
        dt=TIME_STEP_MS,
        norm=WEIGHT_SUM,
        inpt_shape=(1, 28, 28),
    )
    network.add_monitor(Monitor(network.layers["Ae"], ["s"], time=STEPS), "spikes")
    answers, seconds = {}, []
    with np.load(images_file) as images:
        for part, learning in (("learned", True), ("learned", False), ("tested", False)):
            begun = time.process_time()
            network.train(learning)
            size, title = 1 if learning else BATCH, f"bindsnet {part} {learning}"
            answers[part] = _show(network, images[part], size, title)
            seconds.append(time.process_time() - begun)
    np.savez(answers_file, allow_pickle=False, seconds=np.array(seconds), **answers)


def _show(
    network: DiehlAndCook2015, images: NDArray[np.uint8], size: int, title: str
) -> NDArray[np.int32]:
    """Count the excitatory spikes during each image, of which `size` are shown at a time."""
    counts = []
    for first in range(0, len(images), size):
        pixels = images[first : first + size].reshape(-1, 1, 28, 28).astype(np.float32)
        rates = torch.from_numpy(pixels) / 255 * INTENSITY
        spikes = poisson(rates, time=STEPS, dt=TIME_STEP_MS)
        network.run(inputs={"X": spikes}, time=STEPS)
        counts.append(network.monitors["spikes"].get("s").sum(dim=0).numpy())
        network.reset_state_variables()
        if first % 100 == 0:
            print(f"{title}: {first}/{len(images)}", file=sys.stderr, flush=True)
    return np.concatenate(counts).astype(np.int32)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
