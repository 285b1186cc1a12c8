"""Recordings of the authors' published code under Brian 1.4.4: loading and comparing.

The format is described in ``tests/golden/README.md``. Nothing here knows how a network is
simulated: whoever wants to be compared fills a dictionary with arrays under the files' own names.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
from numpy.typing import NDArray

from .rules import TraceDecay
from .spikes import Spikes
from .types import Array, Indices

TOLERANCE = 1e-10
"""Largest absolute difference allowed in anything but spikes, which must be identical."""

DEFAULT_FOLDER = Path(__file__).resolve().parent.parent / "golden"

SPIKES = ("e_spike_step", "e_spike_index", "i_spike_step", "i_spike_index", "spike_count")
"""Observations that must be identical."""

AFTER_IMAGES = (
    *("theta_after", "w_start", "w_after"),
    *("trace_pre_image_end", "trace_post1_image_end", "trace_post2_image_end"),
)
"""Observations made once per image, compared within the tolerance."""


@dataclass(frozen=True)
class GoldenCase:
    """One file. Shapes: P images, N cells of each kind, M inputs, S input spikes, T steps.

    Arrays that only some files have are None where absent.
    """

    name: str
    dt: float
    n_e: int
    n_input: int
    n_images: int
    steps_image: int
    steps_rest: int
    training: bool
    has_delay: bool
    post_before_pre: bool
    w_ei: float
    w_ie: float
    input_step: Indices  # (S,)
    input_index: Indices  # (S,)
    w_init: Array  # (M, N) before the first normalisation
    v_e_init: Array  # (N,)
    v_i_init: Array  # (N,)
    theta_init: Array  # (N,)
    e_spike_step: Indices
    e_spike_index: Indices
    i_spike_step: Indices
    i_spike_index: Indices
    spike_count: Indices  # (P, N)
    theta_after: Array  # (P, N)
    records: dict[str, Array]  # "v_e", "ge_e", ... -> (T, N), from step 0 on
    delay_steps: Indices | None = None  # (M, N)
    w_start: Array | None = None  # (len(w_start_image), M, N)
    w_start_image: Indices | None = None
    w_after: Array | None = None  # (len(w_after_image), M, N)
    w_after_image: Indices | None = None
    trace_pre_image_end: Array | None = None  # (P, M)
    trace_post1_image_end: Array | None = None  # (P, N)
    trace_post2_image_end: Array | None = None  # (P, N)
    decay_pre: float | None = None
    decay_post1: float | None = None
    decay_post2: float | None = None

    @property
    def steps_presentation(self) -> int:
        """Steps of an image and the rest after it."""
        return self.steps_image + self.steps_rest

    @property
    def n_steps(self) -> int:
        """Steps of the whole recording."""
        return self.n_images * self.steps_presentation

    @property
    def inputs(self) -> Spikes:
        """The input spikes."""
        return Spikes.sorted(self.input_step, self.input_index)

    @property
    def e_spikes(self) -> Spikes:
        """The E spikes."""
        return Spikes.sorted(self.e_spike_step, self.e_spike_index)

    @property
    def i_spikes(self) -> Spikes:
        """The I spikes."""
        return Spikes.sorted(self.i_spike_step, self.i_spike_index)

    @property
    def trace_decay(self) -> TraceDecay | None:
        """Factor per step of each trace; None in test mode."""
        if self.decay_pre is None or self.decay_post1 is None or self.decay_post2 is None:
            return None
        return TraceDecay(self.decay_pre, self.decay_post1, self.decay_post2)

    @property
    def observations(self) -> dict[str, NDArray[Any]]:
        """Everything the file says a simulation must give, under the file's names."""
        spikes = {
            "e_spike_step": self.e_spikes.step,
            "e_spike_index": self.e_spikes.index,
            "i_spike_step": self.i_spikes.step,
            "i_spike_index": self.i_spikes.index,
            "spike_count": self.spike_count,
        }
        images = {name: getattr(self, name) for name in AFTER_IMAGES}
        present = {name: array for name, array in images.items() if array is not None}
        return spikes | present | {f"rec_{name}": a for name, a in self.records.items()}


def golden_folder() -> Path:
    """Return the folder named by the environment variable GOLDEN_DIR, or tests/golden."""
    return Path(os.environ.get("GOLDEN_DIR") or DEFAULT_FOLDER)


def golden_paths(folder: Path | None = None) -> list[Path]:
    """Return every .npz file of a folder, by name; none at all is an error, not an empty test."""
    folder = golden_folder() if folder is None else folder
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        raise FileNotFoundError(f"no golden file (*.npz) in {folder}")
    return paths


@lru_cache(maxsize=32)
def load_golden(path: Path) -> GoldenCase:
    """Load one file. Raises ValueError naming the arrays that are missing or unknown to us."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    records = {n.removeprefix("rec_"): a for n, a in arrays.items() if n.startswith("rec_")}
    hints = get_type_hints(GoldenCase)
    given = {f.name: _typed(arrays[f.name], hints[f.name]) for f in _in_file() if f.name in arrays}
    _check_complete(path, given)
    for array in (*given.values(), *records.values()):
        if isinstance(array, np.ndarray):
            array.setflags(write=False)
    return GoldenCase(name=path.stem, records=records, **given)


def golden_cases(folder: Path | None = None) -> list[GoldenCase]:
    """Load every file of a folder; for ``pytest.mark.parametrize(..., ids=golden_id)``."""
    return [load_golden(path) for path in golden_paths(folder)]


def golden_id(case: GoldenCase) -> str:
    """Return the name of a case for pytest."""
    return f"golden-{case.name}"


def differences(
    case: GoldenCase,
    observed: Mapping[str, NDArray[Any]],
    names: Collection[str] | None = None,
    tolerance: float = TOLERANCE,
) -> list[str]:
    """Compare observations with a file; return one line for each array that does not agree.

    Parameters
    ----------
    observed : arrays under the file's names and in its shapes; one that is missing is a difference.
    names : compare only these of ``case.observations``; by default all.
    tolerance : largest absolute difference; spikes and counts must be identical regardless.
    """
    expected = case.observations
    lines = []
    for name in expected if names is None else names:
        if name not in observed:
            lines.append(f"{name}: not observed")
            continue
        allowed = 0 if name in SPIKES else tolerance
        lines += _difference(name, expected[name], np.asarray(observed[name]), allowed)
    return lines


def assert_matches(
    case: GoldenCase,
    observed: Mapping[str, NDArray[Any]],
    names: Collection[str] | None = None,
    tolerance: float = TOLERANCE,
) -> None:
    """Fail with a line for each array in which observations and file differ."""
    lines = differences(case, observed, names, tolerance)
    assert not lines, f"{case.name} differs from the recording:\n" + "\n".join(lines)


def _difference(
    name: str, expected: NDArray[Any], observed: NDArray[Any], allowed: float
) -> list[str]:
    """Return no line, or one that says where two arrays differ most."""
    if expected.shape != observed.shape:
        return [f"{name}: shape {observed.shape}, expected {expected.shape}"]
    distance = np.abs(observed - expected)
    wrong = ~(distance <= allowed)  # a NaN is wrong
    if not wrong.any():
        return []
    first = tuple(int(k) for k in np.argwhere(wrong)[0])
    return [
        f"{name}: {wrong.sum()} of {wrong.size} differ, by up to {distance.max():.3g}; first at "
        f"{first}: {observed[first]!r}, expected {expected[first]!r}"
    ]


def _in_file() -> list[Any]:
    """Return the fields of GoldenCase that stand in a file under their own name."""
    return [f for f in fields(GoldenCase) if f.name not in ("name", "records")]


def _typed(array: NDArray[Any], hint: Any) -> Any:
    """Turn 0-dimensional arrays into Python's bool, int or float."""
    if array.ndim:
        return array
    return bool(array) if hint is bool else array.item()


def _check_complete(path: Path, given: Mapping[str, Any]) -> None:
    """Raise ValueError if a file lacks arrays that its kind always has."""
    required = {f.name for f in _in_file() if f.default is not None}
    if given.get("training"):
        required |= {"decay_pre", "decay_post1", "decay_post2"}
    if given.get("has_delay"):
        required.add("delay_steps")
    required |= {f"{name}_image" for name in ("w_start", "w_after") if name in given}
    missing = sorted(required - set(given))
    if missing:
        raise ValueError(f"{path.name} is no golden file, or damaged: it lacks {missing}")
