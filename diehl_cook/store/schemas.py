"""What the files of a run folder hold; `reading` checks them."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Literal, Self

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    model_validator,
)
from scipy.sparse import csr_array

from diehl_cook.model.experiment import Experiment
from diehl_cook.model.units import Count, CountOrZero, Section
from diehl_cook.store.reading import Amount, Share, ShareOrUnknown, Text, text_of, within

#: Classes are bytes in every data set.
LARGEST_CLASS = 255

Classes = Annotated[NDArray[Any], within("iu", 1, 0, LARGEST_CLASS)]
Labels = Annotated[NDArray[Any], within("iu", 1, -1, LARGEST_CLASS)]
# What single precision and a network can bear; no training comes near.
Weights = Annotated[NDArray[Any], within("fu", 2, 0, 1e6)]
Theta = Annotated[NDArray[Any], within("f", 1, 0, 1e3)]

# What arrays of no dimensions hold.
Json = BeforeValidator(lambda value: json.loads(text_of(value)))
Yaml = BeforeValidator(lambda value: yaml.safe_load(text_of(value)))
Scalar = BeforeValidator(lambda value: np.asarray(value).item())

# A rule may have been added since the classes here were made (`add_rule`).
OfToday = PlainValidator(lambda value: Experiment.model_validate(value))


class TrainingRow(Section):
    """What happened in a block, as ``training.csv`` tells it."""

    images: Count
    online_accuracy: ShareOrUnknown
    spikes_per_presentation: Amount
    retries: CountOrZero
    skipped: CountOrZero = 0
    mean_theta_mV: Amount
    ms_per_presentation: Amount


class TableRow(TrainingRow):
    """The same as it stands in the file: with the key of the run."""

    run: str | None = None


class Summary(Section):
    """``evaluation.json``; files of earlier versions lack what has a default."""

    scored_on: Literal["test", "validation"] = "test"
    scored: str | None = Field(None, description="SHA-256 of the images")
    run: str | None = None
    settings: dict[str, Any] | None = None
    accuracy_mean: Share
    accuracy_sd: Share | None
    accuracies: list[Share] = Field(min_length=1)
    spikes_per_image: Amount
    unlabelled_cells: CountOrZero
    skipped_images: Amount = 0.0
    images_without_prediction: Amount
    confusion: list[list[Amount]] = Field(min_length=1, max_length=LARGEST_CLASS + 1)

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        mean = sum(self.accuracies) / len(self.accuracies)
        if not math.isclose(mean, self.accuracy_mean, abs_tol=1e-6):
            raise ValueError("accuracy_mean is not the mean of accuracies")
        if {len(row) for row in self.confusion} != {len(self.confusion) + 1}:
            raise ValueError("confusion has not one column more than rows")
        return self


class Predictions(Section):
    """``predictions.npz``: what was read, from how many spikes, and what it was."""

    predictions: Annotated[NDArray[Any], within("iu", 2, -1, LARGEST_CLASS)]
    spikes: Annotated[NDArray[Any], within("iu", 2, 0, 2**31)]
    classes: Classes
    run: Text | None = None

    @model_validator(mode="after")
    def _check_shapes(self) -> Self:
        images = self.classes.size
        if self.predictions.shape != self.spikes.shape or self.predictions.shape[1] != images:
            raise ValueError("predictions, spikes and classes are of other numbers of images")
        if not self.predictions.size:
            raise ValueError("holds no prediction")
        return self


class Snapshots(Section):
    """``snapshots.npz``: receptive fields of the first cells at moments of the training."""

    images: Annotated[NDArray[Any], within("iu", 1, 0, 2**31)]
    fields: Annotated[NDArray[Any], within("u", 3, 0, 255)]
    largest: Annotated[NDArray[Any], within("f", 1, 0, 1e6)]
    run: Text | None = None

    @model_validator(mode="after")
    def _check_shapes(self) -> Self:
        moments = self.images.size
        if not self.fields.size or {len(self.fields), self.largest.size} != {moments}:
            raise ValueError("images, fields and largest are of other numbers of moments")
        if self.images.tolist() != sorted(set(self.images.tolist())):
            raise ValueError("moments do not follow one another")
        return self


class Manifest(BaseModel):
    """``manifest.json``; somebody may add to it."""

    model_config = ConfigDict(extra="allow", frozen=True)

    run: str | None = None
    seed: CountOrZero | None = None
    training_began: str | None = None
    training_seconds: Amount | None = None
    training_ended: str | None = None
    evaluation_seconds: Amount | None = None
    evaluation_ended: str | None = None


class WeighingArrays(Section):
    """What a readout learned, in a network file."""

    classes: Classes
    weights: Annotated[NDArray[Any], within("f", 2, -1e9, 1e9)]
    offsets: Annotated[NDArray[Any], within("f", 1, -1e9, 1e9)]

    @model_validator(mode="after")
    def _check_shapes(self) -> Self:
        shapes = {self.weights.shape[1:], self.offsets.shape, self.classes.shape}
        if len(shapes) > 1 or not self.classes.size:
            raise ValueError("classes, weights and offsets are of other numbers of classes")
        return self


class NetworkArrays(Section):
    """A network file: the weights as they are packed, and what they belong to."""

    weights: Weights
    largest: Annotated[NDArray[Any], within("f", 1, 0, 1e6)] | None = None
    theta: Theta
    labels: Labels | None = None
    readouts: dict[str, WeighingArrays]
    learned: Text | None = None
    experiment: Annotated[Experiment, OfToday, Yaml]
    measured: Annotated[dict[str, Any], Json]

    @model_validator(mode="before")
    @classmethod
    def _gather_readouts(cls, arrays: dict[str, Any]) -> dict[str, Any]:
        of_readouts = {name for name in arrays if name.startswith(_READOUT)}
        readouts: dict[str, dict[str, Any]] = {}
        for name in sorted(of_readouts):
            readout, _, part = name.removeprefix(_READOUT).partition("/")
            readouts.setdefault(readout, {})[part] = arrays[name]
        rest = {name: array for name, array in arrays.items() if name not in of_readouts}
        return rest | {"readouts": readouts}

    @model_validator(mode="after")
    def _check_shapes(self) -> Self:
        cells = self.experiment.cells
        rows = [self.theta, self.largest, self.labels]
        shapes = [self.weights.shape[1:], *(each.shape for each in rows if each is not None)]
        shapes += [each.weights.shape[:1] for each in self.readouts.values()]
        if set(shapes) != {(cells,)} or not len(self.weights):
            raise ValueError(f"is not a network of {cells} cells")
        if (self.weights.dtype.kind == "u") != (self.largest is not None):
            raise ValueError("weights and largest do not go together")
        return self


class Checkpoint(Section):
    """``checkpoint.npz``: how far a training has come, and what it belongs to.

    Spikes of the images since the last row are a sparse array (`responses`) taken apart.
    """

    experiment: Annotated[Experiment, OfToday, Json]
    program: Text
    learned: Text | None = None
    state: dict[str, Annotated[NDArray[Any], within("fiub", 1, -(2.0**63), 2.0**63)]]
    images: Annotated[CountOrZero, Scalar]
    rows: Annotated[list[TrainingRow], Json]
    labels: Annotated[NDArray[Any], within("fiu", 1, -1, LARGEST_CLASS)]
    counts: Annotated[NDArray[Any], within("iu", 1, 0, 2**62)] = Field(alias="block/counts")
    seconds: Annotated[Amount, Scalar] = Field(alias="block/seconds")
    shape: Annotated[NDArray[Any], within("iu", 1, 0, 2**31)] = Field(alias="block/shape")
    data: Annotated[NDArray[Any], within("fiu", 1, 0, 2**31)] = Field(alias="block/data")
    indices: Annotated[NDArray[Any], within("iu", 1, 0, 2**31)] = Field(alias="block/indices")
    indptr: Annotated[NDArray[Any], within("iu", 1, 0, 2**31)] = Field(alias="block/indptr")

    @model_validator(mode="before")
    @classmethod
    def _gather_state(cls, arrays: dict[str, Any]) -> dict[str, Any]:
        state = {name: array for name, array in arrays.items() if name.startswith(_STATE)}
        return {name: array for name, array in arrays.items() if name not in state} | {
            "state": {name.removeprefix(_STATE): array for name, array in state.items()}
        }

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        training, cells = self.experiment.training, self.experiment.cells
        ends = [0, *(row.images for row in self.rows)]
        if ends != sorted(set(ends)):
            raise ValueError("rows are not those of one block after another")
        if tuple(self.shape) != (self.images - ends[-1], cells):
            raise ValueError("images, rows and block/shape do not go together")
        if self.images > training.images or len(self.counts) != 3:
            raise ValueError("images or block/counts go beyond the training")
        if self.counts[0] < self.shape[0] or self.labels.size not in (0, cells):
            raise ValueError("block/counts or labels are too few")
        self.responses.check_format(full_check=True)
        return self

    @property
    def responses(self) -> csr_array:
        """Spikes of each cell during each image since the last row."""
        return csr_array((self.data, self.indices, self.indptr), shape=tuple(self.shape))


_STATE, _READOUT = "state/", "readout/"
