"""Receptive fields at moments of a training, kept small: of a hundred cells, coarsely."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from diehl_cook.store.run_folder import RunFolder, RunFolderError
from diehl_cook.store.schemas import Snapshots

#: Of so many cells, the first ones.
MOST_CELLS = 100

#: Steps of a weight up to the largest: more are not seen.
STEPS = 31


def moments(images: int) -> set[int]:
    """When snapshots are taken: at the start, then ten times after 1.6 times as many images.

    Parameters
    ----------
    images : int
        Length of the training.

    Returns
    -------
    set of int
        Images seen by then, round numbers but for the last, which is all of them.
    """
    between = (float(f"{images / 1.6**earlier:.2g}") for earlier in range(1, 11))
    return {0, images, *(int(seen) for seen in between if _FEWEST_IMAGES <= seen < images)}


def add(folder: RunFolder, images: int, weights: NDArray[np.floating]) -> None:
    """Keep the fields as they are now; those of later moments, of a training begun anew, go.

    Parameters
    ----------
    folder : RunFolder
        Claimed by the caller.
    images : int
        Images seen so far.
    weights : ndarray, shape (n_inputs, cells)
        Input weights.
    """
    fields = weights[:, :MOST_CELLS].T
    largest = max(float(fields.max()), float(np.finfo(np.float32).tiny))
    now = {
        "images": np.array([images]),
        "fields": np.rint(fields / largest * STEPS).astype(np.uint8)[np.newaxis],
        "largest": np.array([largest], dtype=np.float32),
    }
    before = _kept(folder, fields.shape) if images else None
    if before is not None:
        earlier = before.images < images
        now = {name: np.concatenate([getattr(before, name)[earlier], now[name]]) for name in now}
    folder.save_snapshots(Snapshots(**now))


def load(
    folder: RunFolder, n_inputs: int
) -> tuple[NDArray[np.integer], NDArray[np.floating]] | None:
    """The snapshots of a run, or None of one that has none.

    Parameters
    ----------
    folder : RunFolder
        Of a training.
    n_inputs : int
        Pixels of its images.

    Returns
    -------
    images : ndarray, shape (moments,)
        Images seen by then.
    fields : ndarray, shape (moments, cells, n_inputs)
        Input weights of the first cells, to `STEPS` steps.

    Raises
    ------
    FileError
        If the file is damaged, or of another network.
    """
    kept = _kept(folder, (min(folder.experiment().cells, MOST_CELLS), n_inputs))
    if kept is None:
        return None
    return kept.images, kept.fields * (kept.largest / np.float32(STEPS))[:, None, None]


def _kept(folder: RunFolder, shape: tuple[int, ...]) -> Snapshots | None:
    kept = folder.load_snapshots()
    if kept is not None and kept.fields.shape[1:] != shape:
        raise RunFolderError(
            f"{folder.path}/snapshots.npz: is of another network; delete it to go on"
        )
    return kept


_FEWEST_IMAGES = 20
