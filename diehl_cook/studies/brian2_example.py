"""Train and test Brian2's own example of this network; run by `peers`.

Run in an environment with Brian2 and progressbar2:
``brian2_example.py IMAGES.npz ANSWERS.npz EXAMPLE.py``, where EXAMPLE.py is
``examples/frompapers/Diehl_Cook_2015.py`` of Brian2's source package. Nothing of it is changed:
its functions are called in the order in which its own main program calls them.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import seed
from numpy.typing import NDArray


def main(images_file: str, answers_file: str, example_file: str) -> None:
    """Show the images to learn, then, without learning, the same and those to test."""
    example = _load(example_file)
    seed(example.SEED)
    answers, seconds = {}, []
    with np.load(images_file) as images, tempfile.TemporaryDirectory() as folder:
        example.DATA_PATH = Path(folder)
        for part, learning in (("learned", True), ("learned", False), ("tested", False)):
            begun = time.process_time()
            network = example.build_network(learning)
            title = f"brian2 {part} {learning}"
            answers[part] = _show(example, network, images[part], learning, title)
            if learning:
                np.save(example.DATA_PATH / "weights.npy", np.array(network["inp_exc"].w))
                np.save(example.DATA_PATH / "theta.npy", np.array(network["exc"].theta))
            seconds.append(time.process_time() - begun)
    np.savez(answers_file, allow_pickle=False, seconds=np.array(seconds), **answers)


def _load(path: str) -> Any:
    spec = importlib.util.spec_from_file_location("example", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path}: is no Python file")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    return example


def _show(
    example: Any, network: Any, images: NDArray[np.uint8], learning: bool, title: str
) -> NDArray[np.int32]:
    """Count the excitatory spikes during each image, as the example counts them."""
    counts = []
    for number, image in enumerate(images):
        if learning:
            example.normalize_plastic_weights(network["inp_exc"])
        counts.append(example.show_sample(network, image / 8.0, example.INTENSITY))
        if (number + 1) % 10 == 0:
            print(f"{title}: {number + 1}/{len(images)}", file=sys.stderr, flush=True)
    return np.array(counts, np.int32)


if __name__ == "__main__":
    main(*sys.argv[1:4])
