"""What runs leave in their folders, for tests that need no run."""

import numpy as np

from diehl_cook.store.run_folder import run_key
from diehl_cook.store.schemas import Predictions, Summary


def evaluation(experiment, accuracy, spikes=17.0):
    """What an evaluation leaves, of one image read once."""
    summary = Summary(
        run=run_key(experiment),
        settings=experiment.evaluation.model_dump(mode="json"),
        accuracy_mean=accuracy,
        accuracy_sd=None,
        accuracies=[accuracy],
        spikes_per_image=spikes,
        unlabelled_cells=0,
        images_without_prediction=0.0,
        confusion=[[1.0, 0.0]],
    )
    one = np.zeros((1, 1), int)
    details = Predictions(predictions=one, spikes=one, classes=one[0], run=run_key(experiment))
    return summary, details


def block(images=500, online_accuracy=0.5, **values):
    """A row of ``training.csv``."""
    return {
        "images": images,
        "online_accuracy": online_accuracy,
        "spikes_per_presentation": 17.0,
        "retries": 3,
        "skipped": 0,
        "mean_theta_mV": 30.0,
        "ms_per_presentation": 0.25,
    } | values


def checkpoint(experiment, images):
    """The arrays of a checkpoint after so many images of the first block, none of which fired."""
    nothing = np.zeros(0, int)
    return {
        "experiment": np.array(experiment.model_dump_json()),
        "program": np.array("some"),
        "state/a.b": np.full(3, images),
        "images": np.array(images),
        "rows": np.array("[]"),
        "labels": nothing,
        "block/counts": np.array([images, 0, 0]),
        "block/seconds": np.array(0.5),
        "block/shape": np.array([images, experiment.cells]),
        "block/data": nothing,
        "block/indices": nothing,
        "block/indptr": np.zeros(images + 1, int),
    }
