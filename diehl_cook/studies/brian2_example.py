"""Train and test Brian2's own example of this network; run by `peers`.

Run in an environment with Brian2 and progressbar2:
``brian2_example.py IMAGES.npz ANSWERS.npz EXAMPLE.py FOLDER``, where EXAMPLE.py is
``examples/frompapers/Diehl_Cook_2015.py`` of Brian2's source package. Nothing of it is changed:
its own functions build its networks. As it stands, it interprets a presentation step by step;
here Brian2's `cpp_standalone` compiles one into a program, which takes a fraction of the time.
The first images of each stage are shown to the example as it stands, too, and have to draw the
same spikes. FOLDER keeps what is done, block by block; called again, it goes on from there, with
the same bits.
"""

from __future__ import annotations

import importlib.util
import os
import resource
import sys
import tempfile
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import Hz, device, get_device, ms, second, seed, set_device
from numpy.typing import NDArray

State = dict[str, NDArray[Any]]

#: Each stage, the images that it is shown, and whether it learns.
STAGES = (
    ("learning", "learned", True),
    ("labelling", "learned", False),
    ("testing", "tested", False),
)
#: The variables that an image leaves to the next one.
LEFT = {
    "exc": ("v", "ge", "gi", "timer", "theta"),
    "inh": ("v", "ge", "gi", "timer"),
    "inp_exc": ("w", "pre", "post1", "post2", "post2bef", "lastupdate"),
}
#: So many images are shown before the state of the network is kept.
BLOCK = 500
#: So many images of each stage are shown to the example as it stands, too.
CHECKED = 20


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
    state: State = {}
    program = None
    for first in range(0, len(images), BLOCK):
        kept = example.DATA_PATH / f"{stage}-{first}.npz"
        if not kept.exists():
            if program is None:
                program = _checked_program(example, stage, images[:CHECKED], learning)
            begun = _processor_time()
            shown = images[first : first + BLOCK]
            counts, state = program.show(shown, first, state or program.start)
            block = {"counts": counts, "seconds": np.array(_processor_time() - begun)}
            half = kept.with_suffix(".half.npz")
            np.savez(half, allow_pickle=False, **block, **state)
            half.replace(kept)
        with np.load(kept) as file:
            block = dict(file)
        state = {name: values for name, values in block.items() if "." in name}
        yield block
        print(f"brian2 {stage}: {first + len(block['counts'])}/{len(images)}", file=sys.stderr)


def _checked_program(
    example: Any, stage: str, images: NDArray[np.uint8], learning: bool
) -> Program:
    """The program of a stage, after the example as it stands has drawn the same spikes."""
    seed(example.SEED)
    network = example.build_network(learning)
    program = Program(example, stage, network, learning)
    begun = _processor_time()
    published = _show_as_published(example, stage, network, images, learning)
    spent = (_processor_time() - begun) / len(images)
    ours, _ = program.show(images, 0, program.start)
    differ = np.flatnonzero((published != ours).any(axis=1))
    if len(differ):
        raise SystemExit(
            f"{stage}: image {differ[0]} draws other spikes from the compiled program than from"
            f" the example as it stands"
        )
    print(
        f"brian2 {stage}: as it stands, {spent:.2f} s an image; compiled, the same spikes",
        file=sys.stderr,
    )
    return program


class Program:
    """One presentation of the example's network, compiled by Brian2.

    Parameters
    ----------
    example : module
        Brian2's example.
    stage : str
        One of `STAGES`: each has random numbers of its own.
    network : brian2.Network
        What the example has built to run as it stands: the program takes its delays from it, and
        begins where it begins.
    learning : bool
        Whether the weights learn.

    Attributes
    ----------
    start : dict of arrays
        State before the first image.
    """

    def __init__(self, example: Any, stage: str, network: Any, learning: bool) -> None:
        self.start = _state(network)
        self._example, self._stage, self._learning = example, stage, learning
        delays = np.array(network["inp_exc"].delay)
        self._folder = tempfile.TemporaryDirectory()
        set_device("cpp_standalone", directory=self._folder.name, build_on_run=False)
        device.reinit()  # it still holds the program of the stage before
        device.activate(directory=self._folder.name, build_on_run=False)
        self._network = example.build_network(learning)
        self._device = get_device()
        # Delays are random and no argument of a program; the example draws them in Python.
        self._network["inp_exc"].delay = delays * second
        self._device.insert_code(
            "main", 'brian::_random_generators[0].seed(std::stoul(std::getenv("SEED_OF_IMAGE")));'
        )
        # As `show_sample` of the example: an image, then the rest without input.
        self._network.run(350 * ms)
        self._network["inp"].rates = 0 * Hz
        self._network.run(150 * ms)
        self._device.build(directory=self._folder.name, run=False)
        set_device("runtime")

    def show(
        self, images: NDArray[np.uint8], first: int, state: State
    ) -> tuple[NDArray[np.int64], State]:
        """Spikes of each cell during each image, and the state after the last.

        The first image has the number `first` in its stage.
        """
        counts = []
        for number, image in enumerate(images, first):
            if self._learning:
                synapses = types.SimpleNamespace(w=state["inp_exc.w"].copy())
                self._example.normalize_plastic_weights(synapses)
                state = state | {"inp_exc.w": synapses.w}
            spikes, state = self._show_image(image, number, state)
            counts.append(spikes)
        return np.array(counts), state

    def _show_image(
        self, image: NDArray[np.uint8], number: int, state: State
    ) -> tuple[NDArray[np.int64], State]:
        """Show an image again, brighter, until it draws five spikes, as the example does."""
        intensity = self._example.INTENSITY
        while True:
            rates = image / 8.0 * intensity
            state = self._run(state | {"inp.rates": rates}, number, intensity)
            monitor = self._network["sp_exc"]
            in_image = np.asarray(monitor.t) < 0.35 - 1e-9
            spikes = np.bincount(np.asarray(monitor.i)[in_image], minlength=self._example.N_NEURONS)
            if spikes.sum() >= 5:
                return spikes, state
            intensity += 1

    def _run(self, given: State, number: int, intensity: int) -> State:
        os.environ["SEED_OF_IMAGE"] = str(_seed(self._example, self._stage, number, intensity))
        arguments = []
        for name, values in given.items():
            path = Path(self._folder.name) / f"{name}.bin"
            values.tofile(path)
            arguments.append(f"{name}={path}")
        self._device.run(self._folder.name, with_output=False, run_args=arguments)
        return _state(self._network)


def _show_as_published(
    example: Any, stage: str, network: Any, images: NDArray[np.uint8], learning: bool
) -> NDArray[np.int64]:
    """Spikes that images draw from the example as it stands, with the program's random numbers."""
    show_sample = example.show_sample
    number = 0

    def seeded(network: Any, sample: NDArray[Any], intensity: int) -> Any:
        seed(_seed(example, stage, number, intensity))
        return show_sample(network, sample, intensity)

    example.show_sample = seeded  # which it calls again itself, if an image draws too few
    counts = []
    for number, image in enumerate(images):  # noqa: B007  (read by `seeded`)
        if learning:
            example.normalize_plastic_weights(network["inp_exc"])
        counts.append(example.show_sample(network, image / 8.0, example.INTENSITY))
    example.show_sample = show_sample
    return np.array(counts)


def _seed(example: Any, stage: str, number: int, intensity: int) -> int:
    """Every presentation has random numbers of its own, whatever has been shown before."""
    stages = [name for name, _, _ in STAGES]
    return int(example.SEED + 10**9 * stages.index(stage) + 1000 * number + intensity)


def _state(network: Any) -> State:
    """What an image leaves to the next; times count from its end, and no cell is refractory."""
    return {
        f"{group}.{name}": values - float(network.t) if name == "lastupdate" else values
        for group, names in LEFT.items()
        for name, values in network[group].get_states(_of(network[group], names), False).items()
    }


def _of(group: Any, names: Iterable[str]) -> list[str]:
    """Those of the variables that a group has: without learning there are fewer."""
    return [name for name in names if name in group.variables]


def _processor_time() -> float:
    """Seconds that this process and those it waited for took."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    main(*sys.argv[1:5])
