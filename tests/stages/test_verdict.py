"""One sentence against the paper, for every kind of run."""

import pytest
from pretended import block, evaluation

from diehl_cook.model.experiment_file import load_experiment
from diehl_cook.stages.verdict import verdict


def evaluated(experiment, accuracy, repeats=1, images=10_000):
    summary, _ = evaluation(experiment, accuracy)
    return summary.model_copy(
        update={
            "accuracies": [accuracy] * repeats,
            "accuracy_sd": 0.001 if repeats > 1 else None,
            "confusion": [[images, 0.0]],
        }
    )


READS = "This network classifies"
PAPERS = "the 82.9 % that the paper reports for this rule and size"
NO_NUMBER = ", for which the paper has no number to compare with:"


@pytest.mark.parametrize(
    ("overrides", "accuracy", "repeats", "said"),
    [
        (
            [],
            0.862,
            10,
            f"{READS} 86.20 % of 10,000 test images correctly (mean of 10 repeats, ± 0.10),"
            f" 3.3 points more than {PAPERS}.",
        ),
        (
            [],
            0.8,
            1,
            f"{READS} 80.00 % of 10,000 test images correctly, 2.9 points fewer than {PAPERS}.",
        ),
        (
            ["training.images=1000"],
            0.829,
            1,
            f"{READS} 82.90 % of 10,000 test images correctly, as many as {PAPERS}, though after"
            " 1,000 training images instead of its 40,000.",
        ),
        (
            ["cells=64"],
            0.8,
            1,
            f"{READS} 80.00 % of 10,000 test images correctly{NO_NUMBER} it has networks of 100,"
            " 400, 1600, 6400 cells.",
        ),
        (
            ["data.validation=10000"],
            0.8,
            1,
            f"{READS} 80.00 % of 10,000 held-back training images correctly{NO_NUMBER} it scores"
            " test images.",
        ),
        (
            ["data.folder=/some/where"],
            0.8,
            1,
            f"{READS} 80.00 % of 10,000 test images correctly{NO_NUMBER} these are other images"
            " than MNIST's.",
        ),
    ],
)
def test_evaluated(overrides, accuracy, repeats, said):
    experiment = load_experiment("n100", overrides)
    assert verdict(experiment, evaluated(experiment, accuracy, repeats), []) == said


def test_not_evaluated_yet():
    experiment = load_experiment("n100")
    assert verdict(experiment, None, []) == "Trained on 40,000 images, not evaluated yet."
    assert verdict(experiment, None, [block(40_000, 0.847)]) == (
        "Trained on 40,000 images, 84.7 % correct online in the last block, not evaluated yet."
    )
