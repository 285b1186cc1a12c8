"""Malformed experiment files on the command line: one line with file and key, nothing done."""

import os

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from diehl_cook.cli import main

GOOD = "cells: 4\ntraining:\n  images: 10\n"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)

# What is written into a file, and what the line must say beside the file's name.
HANDWRITTEN = {
    "empty": ("", "is not a list of 'key: value' lines"),
    "blank": (" \n\n", "is not a list of 'key: value' lines"),
    "comment": ("# cells: 4\n", "is not a list of 'key: value' lines"),
    "list": ("- cells: 4\n- training: 5\n", "is not a list of 'key: value' lines"),
    "word": ("cells\n", "is not a list of 'key: value' lines"),
    "number": ("42\n", "is not a list of 'key: value' lines"),
    "no space": ("cells:4\ntraining:5\n", "is not a list of 'key: value' lines"),
    "two documents": (f"{GOOD}---\n{GOOD}", "is not valid YAML"),
    "tab": ("training:\n\timages: 10\n", "line 2"),
    "indentation": ("training:\n    images: 10\n  block: 5\n", "line 3"),
    "bracket": ("cells: [4\n", "is not valid YAML"),
    "brace": ("training: {images: 10\n", "is not valid YAML"),
    "quote": ("cells: '4\n", "is not valid YAML"),
    "colon": ("training: images: 10\n", "line 1"),
    "percent": ("% cells\n", "is not valid YAML"),
    "at": ("cells: @4\n", "is not valid YAML"),
    "anchor": ("cells: *four\n", "'four'"),
    "recursive list": (f"{GOOD}name: &a [*a]\n", "a value that contains itself"),
    "recursive section": (f"{GOOD}data: &a {{folder: *a}}\n", "a value that contains itself"),
    "recursive file": ("&a\ncells: *a\n", "a value that contains itself"),
    "a billion laughs": (f"{BOMB}cells: *i\n", "cells: "),
    "deep": ("cells: " + "[" * 1000, "is not valid YAML"),
    "merged word": (f"<<: 5\n{GOOD}", "is not valid YAML"),
    "key twice": (f"{GOOD}cells: 5\n", "key 'cells' stands twice"),
    "inner key twice": ("training:\n  images: 1\n  images: 2\n", "key 'images' stands twice"),
    "key of a list": ("? [cells]\n: 4\n", "is not valid YAML"),
    "numbers as keys": (f"1: 2\n{GOOD}", "1: "),
    "object": ("cells: !!python/object/apply:os.mkdir [exploded]\n", "python/object/apply"),
    "module": ("cells: !!python/module:os\n", "python/module"),
    "name": ("cells: !!python/name:os.system\n", "python/name"),
    "own tag": ("cells: !four 4\n", "'!four'"),
    "tagged truth": ("cells: !!bool four\n", "is not valid YAML"),
    "tagged time": ("cells: !!timestamp four\n", "is not valid YAML"),
    "tagged number": ("cells: !!float '_'\n", "is not valid YAML"),
    "tagged bytes": (f"{GOOD}name: !!binary AAA=\n", "name: "),
    "tagged set": ("cells: !!set {4}\ntraining: {images: 1}\n", "cells: "),
    "date": (f"{GOOD}seed: 2026-01-01\n", "seed: "),
    "no such date": (f"{GOOD}seed: 2026-99-99\n", "is not valid YAML"),
    "latin": (b"name: K\xf6ln\n", "cannot be read"),
    "utf-16": (GOOD.encode("utf-16"), "cannot be read"),
    "picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "cannot be read"),
    "zeros": (bytes(64), "is not valid YAML"),
    "bell": ("name: a\x07b\n", "is not valid YAML"),
    "escaped bell": (f'{GOOD}name: "a\\ab"\n', "is not printable text"),
    "escaped null": (f'{GOOD}data: {{folder: "a\\0b"}}\n', "is not printable text"),
    "half a character": (f'{GOOD}name: "\\ud800"\n', "is not printable text"),
    "path as name": (f"{GOOD}name: ../elsewhere\n", "name: "),
    "no name": (f"{GOOD}name: ''\n", "name: "),
    "extends itself": ("extends: mine.yaml\n", "extends itself"),
    "extends nothing": ("extends: nowhere.yaml\n", "nowhere.yaml: no such file"),
    "extends a folder": ("extends: .\n", "cannot be read"),
    "extends a list": ("extends: [a.yaml, b.yaml]\n", "extends: name one file"),
    "extends a null": ('extends: "a\\0"\n', "is not printable text"),
    "extends too long a name": (f"extends: {'x' * 5000}\n", "cannot be read"),
    "only cells": ("cells: 4\n", "training: is missing"),
    "no images": ("cells: 4\ntraining: {}\n", "training.images: is missing"),
    "no cells": ("training: {images: 1}\n", "cells: is missing"),
    "section of one word": ("cells: 4\ntraining: ten\n", "training: "),
    "section of nothing": ("cells: 4\ntraining:\n", "training: "),
    "section as list": ("cells: 4\ntraining: [images, 10]\n", "training: "),
    "flat": (f"{GOOD}images: 10\n", "images: unknown key"),
    "dotted": (
        f"{GOOD}evaluation.repeats: 1\n",
        "evaluation.repeats: is a key of several parts; in a file write evaluation: {repeats: 1}",
    ),
    "capital": (f"{GOOD}Seed: 1\n", "Seed: unknown key; did you mean 'seed'?"),
    "misspelt": (f"{GOOD}excitatry: {{}}\n", "excitatry: unknown key; did you mean 'excitatory'?"),
    "misspelt inside": (
        f"{GOOD}excitatory: {{theta_pls: 1 mV}}\n",
        "excitatory.theta_pls: unknown key; did you mean 'theta_plus'?",
    ),
    "misspelt rule": (
        f"{GOOD}plasticity: {{tripplet: {{}}}}\n",
        "plasticity.tripplet: unknown key; did you mean 'triplet'?",
    ),
    "no multiple": (f"{GOOD}presentation: {{rest: 0.7 ms}}\n", "presentation.rest"),
    "endless image": (f"{GOOD}presentation: {{image: 1e20 s}}\n", "presentation.image"),
    "tiny step": (f"{GOOD}time_step: 1e-20 s\n", "time_step"),
    "dense delay": (f"{GOOD}connections: {{input_delay: 5 ms}}\n", "connections.input_delay"),
}

# Keys of each kind with values that do not suit it: every pair is a file.
TIME = ("5", "ms", "5 mV", "5 m s", "-5 ms", "nan ms", ".nan", "1e999 ms", "[5 ms]", "5,0 ms")
VOLTAGE = ("5", "mV", "5 ms", "5 mv", "inf mV", ".inf", "1e999 mV", "{5 mV: 1}", "true")
COUNT = ("0", "-1", "2.5", "four", "true", "[4]", "{a: 4}", ".inf", ".nan", "1e400", "9" * 30)
REAL = ("0", "-1", "one", "true", ".nan", ".inf", "-.inf", "[1.0]", "1 mV")
CHOICE = ("7", "true", "tripplet", "[triplet]", "{triplet: 1}", "''")
UNSUITABLE = {
    "excitatory.tau_membrane": TIME,
    "inhibitory.tau_gi": TIME,
    "time_step": TIME,
    "excitatory.v_rest": VOLTAGE,
    "excitatory.theta_plus": (*VOLTAGE, "-1 mV"),
    "cells": (*COUNT, "100000", "0x" + "f" * 5000, "null"),
    "training.images": COUNT,
    "evaluation.repeats": COUNT,
    "connections.w_max": REAL,
    "presentation.intensity": REAL,
    "rule": CHOICE,
    "precision": CHOICE,
    "inhibitory.refractory_voltage": CHOICE,
    "seed": ("-1", "0.5", "zero", "2147483648", ".inf"),
    "data.folder": ("5", "[a]", "true"),
    "connections.normalise": ("7", "perhaps", "[]"),
}
PAIRS = [(key, value) for key, values in UNSUITABLE.items() for value in values]


def nested(key, text):
    """A good experiment file but for one value, which stands there as it is."""
    *sections, last = key.split(".")
    values = yaml.safe_load(GOOD)
    inner = values
    for section in sections:
        inner = inner.setdefault(section, {})
    inner[last] = "VALUE"
    return yaml.safe_dump(values).replace("VALUE", text)


@pytest.fixture
def refusal(tmp_path, monkeypatch, capsys):
    """Trains with a file of the given content; gives the one line that it is refused with."""
    monkeypatch.setenv("DIEHL_COOK_PROGRAMS", str(tmp_path / "programs"))
    monkeypatch.chdir(tmp_path)

    def refuse(content):
        (tmp_path / "mine.yaml").write_bytes(
            content if isinstance(content, bytes) else content.encode()
        )
        assert main(["train", "mine.yaml"]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("diehl_cook: mine.yaml: ")
        assert len(err.splitlines()) == 1
        assert len(err) < 500 + err.count("x")
        assert os.listdir() == ["mine.yaml"]
        return err

    return refuse


@pytest.mark.parametrize(("content", "part"), HANDWRITTEN.values(), ids=HANDWRITTEN)
def test_a_malformed_file_is_one_line(refusal, content, part):
    assert part in refusal(content)


@pytest.mark.parametrize(("key", "value"), PAIRS, ids=[f"{key}={v[:20]}" for key, v in PAIRS])
def test_a_value_that_does_not_suit_names_its_key(refusal, key, value):
    assert f"mine.yaml: {key}: " in refusal(nested(key, value))


def test_a_hundred_files_and_more():
    assert len(HANDWRITTEN) >= 40
    assert len(HANDWRITTEN) + len(PAIRS) >= 100


words = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12).filter(
    lambda word: yaml.safe_load(word) == word
)
numbers = st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6)
generated = settings(
    max_examples=20,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@given(section=st.sampled_from(["", "excitatory.", "training.", "plasticity.triplet."]), key=words)
@generated
def test_any_unknown_key_is_named_with_a_known_one(refusal, section, key):
    line = refusal(nested(f"{section}zz_{key}", "1"))
    said = line.partition(f"mine.yaml: {section}zz_{key}: unknown key; ")[2]
    assert said.startswith(("did you mean '", "known are "))


@given(key=st.sampled_from(["time_step", "excitatory.tau_ge", "presentation.rest"]), number=numbers)
@generated
def test_any_number_without_a_unit_is_refused(refusal, key, number):
    line = refusal(nested(key, yaml.safe_dump(number).splitlines()[0]))
    assert f"mine.yaml: {key}: " in line
    assert "write a number and a unit, for example '5 ms'" in line


@given(key=st.sampled_from(["cells", "rule", "time_step", "connections.w_max"]), word=words)
@generated
def test_any_word_out_of_place_is_quoted(refusal, key, word):
    assert f"mine.yaml: {key}: " in (line := refusal(nested(key, f"zz_{word}")))
    assert f"'zz_{word}'" in line


def test_a_missing_base_is_named_with_the_file_that_asks_for_it(refusal, experiments):
    assert refusal("extends: nowhere.yaml\n") == (
        f"diehl_cook: mine.yaml: extends: nowhere.yaml: no such file; {experiments} has examples\n"
    )


def test_a_chain_of_files_is_named_link_by_link(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, base in [("a", "b"), ("b", "c"), ("c", "a")]:
        (tmp_path / f"{name}.yaml").write_text(f"extends: {base}.yaml\n")
    assert main(["train", "a.yaml"]) == 2
    assert capsys.readouterr().err == (
        "diehl_cook: a.yaml: extends: b.yaml: extends: c.yaml: extends: a.yaml: extends itself;"
        " take one 'extends' out\n"
    )


@pytest.mark.parametrize("kind", ["folder", "missing"])
def test_what_is_no_file_is_refused(tmp_path, monkeypatch, capsys, kind):
    monkeypatch.chdir(tmp_path)
    if kind == "folder":
        (tmp_path / "mine.yaml").mkdir()
    assert main(["train", "mine.yaml"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("diehl_cook: mine.yaml: ")
    assert len(err.splitlines()) == 1
