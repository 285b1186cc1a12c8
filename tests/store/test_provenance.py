"""What a run was made with."""

import json

from diehl_cook.store import provenance


def test_a_description_fits_into_a_manifest():
    described = provenance.describe()
    assert json.loads(json.dumps(described)) == described
    assert set(described["packages"]) == set(provenance.PACKAGES)
    assert described["machine"]["cores"] >= 1


def test_a_compiler_or_git_that_is_not_there_is_no_error(monkeypatch):
    monkeypatch.setenv("CXX", "/nowhere/g++")
    monkeypatch.setenv("PATH", "/nowhere")
    assert provenance.describe()["compiler"] == ""
    assert provenance.commit() is None


def test_times_are_told_with_their_zone():
    assert provenance.now().endswith("+00:00")
