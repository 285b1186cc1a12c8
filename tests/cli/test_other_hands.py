"""Run folders and data that somebody changed: nothing foreign is believed, and advice works."""

import shutil

import numpy as np
import pytest

from diehl_cook.cli import main
from diehl_cook.stages import workflow
from diehl_cook.store.run_folder import RunFolder

LENGTH = (
    "training.images=40", "training.block=20", "training.chunk=20", "evaluation.repeats=2",
    "evaluation.labelling_images=40", "evaluation.test_images=15",
)  # fmt: skip


class Project:
    """A folder with data and run folders, and the command line in it."""

    def __init__(self, path, experiments, capsys):
        self.path, self._smoke, self._capsys = path, experiments / "smoke.yaml", capsys
        self.data = path / "data.npz"

    def fill(self, first, size=28):
        """Put digits into the data, the first of them so many."""
        arrays = {}
        for part, count in (("train", 40), ("test", 15)):
            chosen = slice(first, first + count)
            arrays[f"{part}_images"] = self.digits.images.reshape(-1, 28, 28)[chosen, :size]
            arrays[f"{part}_labels"] = self.digits.classes[chosen]
        np.savez(self.data, **arrays)

    def train(self, run="run", *settings):
        overrides = [*LENGTH, f"data.folder={self.data}", *settings]
        return self("train", self._smoke, "--run", self.path / run, "--set", *overrides)

    def evaluate(self, run="run"):
        return self("evaluate", self.path / run, "--jobs", 1)

    def figures(self, run="run"):
        return self("figures", self.path / run)

    def __call__(self, *arguments):
        """The exit code and what was said, on one line each where something is wrong."""
        code = main([str(argument) for argument in arguments])
        out, err = self._capsys.readouterr()
        said = [line for line in err.splitlines() if line.startswith("diehl_cook: ")]
        assert len(said) == (code != 0), err
        return code, "\n".join(said) or out + err


@pytest.fixture(scope="module", autouse=True)
def _blank(blank_figures):
    with blank_figures():
        yield


@pytest.fixture(scope="module")
def evaluated(learner, reader, digits, experiments, tmp_path_factory):
    """Two evaluated runs, of other seeds, and their data."""

    class Nobody:
        def readouterr(self):
            return "", ""

    project = Project(tmp_path_factory.mktemp("evaluated"), experiments, Nobody())
    project.digits = digits
    project.fill(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workflow, "quieten_brian", lambda: None)
        for run, seed in (("run", 0), ("other", 1)):
            assert project.train(run, f"seed={seed}")[0] == 0
            assert project.evaluate(run)[0] == 0
    return project


@pytest.fixture
def project(evaluated, experiments, capsys, tmp_path, monkeypatch):
    """A copy of them, with the data at the same place."""
    monkeypatch.setattr(workflow, "quieten_brian", lambda: None)
    kept = evaluated.data.read_bytes()
    for run in ("run", "other"):
        shutil.copytree(evaluated.path / run, tmp_path / run)
    project = Project(tmp_path, experiments, capsys)
    project.data, project.digits = evaluated.data, evaluated.digits
    yield project
    evaluated.data.write_bytes(kept)


def others(data):
    """The same images in another order."""
    with np.load(data) as file:
        return {name: file[name][::-1] for name in file.files}


def bits(project):
    network = RunFolder(project.path / "run").load_network()
    return network.weights.tobytes(), network.theta.tobytes()


def test_a_damaged_network_is_not_taken_for_trained_and_training_again_heals_it(project):
    before, path = bits(project), project.path / "run" / "network.npz"
    path.write_bytes(path.read_bytes()[:1000])
    for command in (project.evaluate, project.train):
        code, said = command()
        assert code == 2
        assert said.startswith(f"diehl_cook: {path}: is damaged or foreign (")
        assert said.endswith("; delete it and train again")
    path.unlink()
    assert project.train()[0] == 0
    assert bits(project) == before
    assert project.evaluate()[0] == 0


def test_an_exported_network_is_evaluated_where_its_images_lie_elsewhere(project):
    """On the machine of somebody else, who has the same images in another folder."""
    file, elsewhere = project.path / "mine.npz", project.path / "elsewhere.npz"
    assert project("export", project.path / "run", file)[0] == 0
    here = project("evaluate", file, "--jobs", 1)[1].splitlines()[0]
    assert here.startswith("Test accuracy")
    project.data.rename(elsewhere)
    assert project("evaluate", file)[1].endswith("; put it there, or name another in data.folder")
    there = project("evaluate", file, "--jobs", 1, "--set", f"data.folder={elsewhere}")
    assert there[1].splitlines()[0] == here
    np.savez(project.path / "others.npz", **others(elsewhere))
    code, said = project("evaluate", file, "--set", f"data.folder={project.path}/others.npz")
    assert code == 2
    assert said == (
        f"diehl_cook: {file}: learned other images than {project.path}/others.npz now holds; name"
        " the folder of those in data.folder"
    )
    for setting in ("data.validation=5", "data=5", "data={}", "data=null", "cells=4"):
        code, said = project("evaluate", file, "--set", setting)
        assert code == 2
        assert said.endswith(
            "keys of 'evaluation', as evaluation.repeats=1, and data.folder may be set"
        )


@pytest.mark.parametrize("name", ["mine.txt", "folder", "folder.npz"])
def test_a_network_goes_into_a_file_of_its_kind_alone(project, name):
    for folder in ("folder", "folder.npz"):
        (project.path / folder).mkdir()
    path = project.path / name
    code, said = project("export", project.path / "run", path)
    assert code == 2
    assert said == (f"diehl_cook: {path}: cannot be a network file; name one that ends in .npz")


@pytest.mark.parametrize("command", ["report", "compare"])
def test_what_is_of_runs_alone_takes_no_network_file(project, command):
    file = project.path / "mine.npz"
    assert project("export", project.path / "run", file)[0] == 0
    code, said = project(command, file)
    assert code == 2
    assert said == f"diehl_cook: {file}: is a file; name the folder of a run"


def test_the_network_of_another_run_is_not_taken_for_trained(project):
    before, path = bits(project), project.path / "run" / "network.npz"
    shutil.copy(project.path / "other" / "network.npz", path)
    for command in (project.evaluate, project.train):
        code, said = command()
        assert code == 2
        assert "is of another experiment (seed: 1 there, 0 asked for)" in said
    path.unlink()
    assert project.train()[0] == 0
    assert bits(project) == before


@pytest.mark.parametrize(
    ("name", "way_out"),
    [
        ("training.csv", "delete it to go on"),
        ("manifest.json", "delete it to go on"),
        ("evaluation.json", "evaluate again"),
        ("predictions.npz", "evaluate again"),
    ],
)
def test_a_file_of_another_run_is_refused_and_the_way_out_works(project, name, way_out):
    path = project.path / "run" / name
    shutil.copy(project.path / "other" / name, path)
    command = project.train if name == "manifest.json" else project.figures
    assert command() == (2, f"diehl_cook: {path}: is of another run; {way_out}")
    if way_out == "evaluate again":
        assert project.evaluate()[0] == 0
    else:
        path.unlink()
    assert command()[0] == 0


def test_files_of_earlier_versions_say_nothing_of_their_run_and_are_read(project):
    path = project.path / "run" / "training.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(line.rpartition(",")[0] for line in lines) + "\n")
    assert project.figures()[0] == 0


def test_an_evaluation_with_other_settings_is_told_to_be_done_again(project):
    confusion = project.path / "run" / "figures" / "confusion.png"
    code, said = project.train("run", "evaluation.repeats=1", "evaluation.test_images=5")
    assert code == 0
    assert "is trained already" in said
    confusion.unlink()
    code, said = project.figures()
    assert code == 0
    assert "was evaluated with other settings than it has now; evaluate again" in said
    assert not confusion.exists()
    assert project.evaluate()[0] == 0
    assert confusion.exists()
    assert "other settings" not in project.figures()[1]


@pytest.mark.parametrize(
    "change", [{"first": 100}, {"first": 0, "size": 20}], ids=["images", "size"]
)
def test_other_images_in_the_data_are_noticed_until_they_are_put_back(project, change):
    kept = project.data.read_bytes()
    project.fill(**change)
    for command in (project.evaluate, project.train, project.figures):
        code, said = command()
        assert code == 2
        assert said == (
            f"diehl_cook: {project.path}/run: learned other images than {project.data} now holds;"
            " put those back, or train anew into another folder"
        )
    project.data.write_bytes(kept)
    assert project.evaluate()[0] == 0


def test_a_checkpoint_goes_on_with_the_images_it_learned_alone(project):
    kept, path = project.data.read_bytes(), project.path / "run" / "checkpoint.npz"
    (project.path / "run" / "network.npz").unlink()
    project.fill(100)
    code, said = project.train()
    assert code == 2
    assert said.startswith(f"diehl_cook: {path}: learned other images than the data now hold;")
    project.data.write_bytes(kept)
    assert project.train()[0] == 0


def test_other_test_images_want_another_evaluation(project):
    with np.load(project.data) as file:
        arrays = dict(file)
    np.savez(project.data, **arrays | {"test_images": arrays["test_images"][::-1]})
    code, said = project.figures()
    assert code == 2
    assert said.startswith(f"diehl_cook: {project.path}/run: was evaluated on other images than")
    assert project.evaluate()[0] == 0
    assert project.figures()[0] == 0
