"""Train and test Brian2's own example of this network; run by `peers`.

Run in an environment with Brian2 and progressbar2:
``brian2_example.py IMAGES.npz ANSWERS.npz EXAMPLE.py FOLDER``, where EXAMPLE.py is
``examples/frompapers/Diehl_Cook_2015.py`` of Brian2's source package. Nothing of it is changed:
its functions are called in the order in which its own main program calls them. FOLDER keeps what
is done, block by block; called again, it goes on from there, with the same bits.
"""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Iterable, Iterator
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
#: The variables that an image leaves to the next one.
STATE = {
    "exc": ("v", "ge", "gi", "timer", "theta"),
    "inh": ("v", "ge", "gi", "timer"),
    "inp_exc": ("w", "pre", "post1", "post2", "post2bef", "lastupdate"),
}
#: So many images are shown before the state of the network is kept.
BLOCK = 500


def main(images_file: str, answers_file: str, example_file: str, folder: str) -> None:
    """Show the images to learn, then, without learning, the same and those to test."""
    example = _load(example_file)
    example.DATA_PATH = Path(folder)
    example.DATA_PATH.mkdir(exist_ok=True)
    answers, seconds = {}, []
    with np.load(images_file) as images:
        for stage, part, learning in STAGES:
            blocks = list(_blocks(example, stage, images[part], learning))
            answers[part] = np.concatenate([block["counts"] for block in blocks])
            seconds.append(sum(float(block["seconds"]) for block in blocks))
            if learning:
                np.save(example.DATA_PATH / "weights.npy", blocks[-1]["inp_exc.w"])
                np.save(example.DATA_PATH / "theta.npy", blocks[-1]["exc.theta"])
    np.savez(answers_file, allow_pickle=False, seconds=np.array(seconds), **answers)


def _load(path: str) -> Any:
    spec = importlib.util.spec_from_file_location("example", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path}: is no Python file")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    return example


def _blocks(
    example: Any, stage: str, images: NDArray[np.uint8], learning: bool
) -> Iterator[dict[str, NDArray[Any]]]:
    """Counts of the excitatory spikes during each image, and the state after it, block by block."""
    state: dict[str, NDArray[Any]] = {}
    for first in range(0, len(images), BLOCK):
        kept = example.DATA_PATH / f"{stage}-{first}.npz"
        if not kept.exists():
            begun = time.process_time()
            seed(example.SEED)  # the delays are the same in every block
            network = example.build_network(learning)
            if state:
                _take_up(network, state)
            seed(example.SEED + first)
            counts = _show(example, network, images[first : first + BLOCK], learning)
            block = {"counts": counts, "seconds": np.array(time.process_time() - begun)}
            half = kept.with_suffix(".half.npz")
            np.savez(half, allow_pickle=False, **block, **_state(network))
            half.replace(kept)
        with np.load(kept) as file:
            state = dict(file)
        yield state
        print(f"brian2 {stage}: {first + len(state['counts'])}/{len(images)}", file=sys.stderr)


def _state(network: Any) -> dict[str, NDArray[Any]]:
    """What an image leaves to the next; times count from its end, and no cell is refractory."""
    return {
        f"{group}.{name}": values - float(network.t) if name == "lastupdate" else values
        for group, names in STATE.items()
        for name, values in network[group].get_states(_of(network[group], names), False).items()
    }


def _take_up(network: Any, state: dict[str, NDArray[Any]]) -> None:
    for group, names in STATE.items():
        known = {name: state[f"{group}.{name}"] for name in _of(network[group], names)}
        network[group].set_states(known, units=False)


def _of(group: Any, names: Iterable[str]) -> list[str]:
    """Those of the variables that a group has: without learning there are fewer."""
    return [name for name in names if name in group.variables]


def _show(
    example: Any, network: Any, images: NDArray[np.uint8], learning: bool
) -> NDArray[np.int32]:
    counts = []
    for image in images:
        if learning:
            example.normalize_plastic_weights(network["inp_exc"])
        counts.append(example.show_sample(network, image / 8.0, example.INTENSITY))
    return np.array(counts, np.int32)


if __name__ == "__main__":
    main(*sys.argv[1:5])
