"""Whether the data still hold the images that a network learned and was scored on."""

from __future__ import annotations

from diehl_cook.images.experiment_images import ExperimentImages
from diehl_cook.store.reading import FileError
from diehl_cook.store.schemas import Summary
from diehl_cook.store.trained_network import TrainedNetwork


def require_learned(
    network: TrainedNetwork,
    images: ExperimentImages,
    whose: object,
    way_out: str = "put those back, or train anew into another folder",
) -> None:
    """Make sure that the data are still those that a network learned.

    Parameters
    ----------
    network : TrainedNetwork
        One of an earlier version does not tell what it learned, only for how many pixels it is.
    images : ExperimentImages
        What the data of its experiment hold now.
    whose : object
        Begins the message.
    way_out : str
        Ends it.

    Raises
    ------
    FileError
        If they are other images.
    """
    if network.learned not in (None, images.learning.sha256) or (
        images.n_inputs != len(network.weights)
    ):
        raise FileError(f"{whose}: learned other images than {images.source} now holds; {way_out}")


def require_scored(summary: Summary, images: ExperimentImages, whose: object) -> None:
    """Make sure that the data are still those that an evaluation scored; as `require_learned`."""
    if summary.scored not in (None, images.scored.sha256):
        raise FileError(
            f"{whose}: was evaluated on other images than {images.source} now holds;"
            " put those back, or evaluate again"
        )
