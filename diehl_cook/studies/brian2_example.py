"""Train and test Brian2's own example of this network; run by `peers`.

Run in an environment with Brian2 and progressbar2:
``brian2_example.py IMAGES.npz ANSWERS.npz EXAMPLE.py FOLDER``, where EXAMPLE.py is
``examples/frompapers/Diehl_Cook_2015.py`` of Brian2's source package. Nothing of it is changed:
its functions are called in the order in which its own main program calls them, one stage a call.
FOLDER keeps each stage that is done; called again, the next one goes on from there.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import seed
from numpy.typing import NDArray

#: Each stage, the images that it is shown, and whether it learns.
STAGES = (
    ("learning", "learned", True),
    ("labelling", "learned", False),
    ("testing", "tested", False),
)


def main(images_file: str, answers_file: str, example_file: str, folder: str) -> None:
    """Show the images to learn, then, without learning, the same and those to test."""
    example = _load(example_file)
    example.DATA_PATH = Path(folder)
    example.DATA_PATH.mkdir(exist_ok=True)
    answers, seconds = {}, []
    with np.load(images_file) as images:
        for stage, part, learning in STAGES:
            done = example.DATA_PATH / f"{stage}.npz"
            if not done.exists():
                _run_stage(example, stage, images[part], learning, done)
            with np.load(done) as outcome:
                answers[part] = outcome["counts"]
                seconds.append(float(outcome["seconds"]))
    np.savez(answers_file, allow_pickle=False, seconds=np.array(seconds), **answers)


def _run_stage(
    example: Any, stage: str, images: NDArray[np.uint8], learning: bool, done: Path
) -> None:
    begun = time.process_time()
    seed(example.SEED)
    network = example.build_network(learning)
    counts = _show(example, network, images, learning, stage)
    if learning:
        np.save(example.DATA_PATH / "weights.npy", np.array(network["inp_exc"].w))
        np.save(example.DATA_PATH / "theta.npy", np.array(network["exc"].theta))
    half = done.with_suffix(".half.npz")
    np.savez(half, allow_pickle=False, counts=counts, seconds=time.process_time() - begun)
    half.replace(done)


def _load(path: str) -> Any:
    spec = importlib.util.spec_from_file_location("example", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path}: is no Python file")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    return example


def _show(
    example: Any, network: Any, images: NDArray[np.uint8], learning: bool, stage: str
) -> NDArray[np.int32]:
    """Count the excitatory spikes during each image, as the example counts them."""
    counts = []
    for number, image in enumerate(images):
        if learning:
            example.normalize_plastic_weights(network["inp_exc"])
        counts.append(example.show_sample(network, image / 8.0, example.INTENSITY))
        if (number + 1) % 100 == 0:
            print(f"brian2 {stage}: {number + 1}/{len(images)}", file=sys.stderr, flush=True)
    return np.array(counts, np.int32)


if __name__ == "__main__":
    main(*sys.argv[1:5])
