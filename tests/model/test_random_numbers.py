"""Random numbers by counter: known answers, the right distribution, the same in C++."""

import subprocess

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from diehl_cook.model import random_numbers
from diehl_cook.model.random_numbers import NEVER, philox4x32, steps_to_spike, uniform

ONES = 0xFFFFFFFF
MAIN = """
#include <cmath>
#include <cstdint>
#include <cstdio>
using namespace std;
%s
int main()
{
    double p;
    unsigned a, b, c, d, e, f;
    while (scanf("%%lf %%u %%u %%u %%u %%u %%u", &p, &a, &b, &c, &d, &e, &f) == 7)
        printf("%%d\\n", steps_to_spike(p, a, b, c, d, e, f));
}
"""


def draw(probability, n=1, seed=0, **where):
    """Intervals of `n` cells."""
    place = {"stage": 0, "image": 0, "showing": 0, "step": 0, "cell": np.arange(n)} | where
    return steps_to_spike.implementations["numpy"].get_code(None)(probability, seed, **place)


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ([0] * 4, [0] * 2, [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]),
        ([ONES] * 4, [ONES] * 2, [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]),
        (
            [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344],
            [0xA4093822, 0x299F31D0],
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
        ),
    ],
)
def test_philox_gives_the_known_answers_of_its_authors(counter, key, expected):
    words = philox4x32(np.array(counter, np.uint64), np.array(key, np.uint64))
    assert words.tolist() == expected


def test_uniform_numbers_are_uniform_and_never_zero_or_one():
    numbers = uniform(1, 0, 0, 0, 0, np.arange(200_000))
    assert numbers.min() > 0
    assert numbers.max() < 1
    assert stats.kstest(numbers, "uniform").pvalue > 0.01


@pytest.mark.parametrize(("word", "expected"), [(0, 2.0**-53), (ONES, 1 - 2.0**-53)])
def test_the_first_and_last_number_lie_inside_the_open_interval(monkeypatch, word, expected):
    monkeypatch.setattr(
        random_numbers, "philox4x32", lambda counter, key: np.full_like(counter, word)
    )
    assert float(uniform(0, 0, 0, 0, 0, 0)) == expected
    # the rarest of draws is still an interval: 2**-53 is one half 53 times
    assert int(draw(0.5)[0]) == (54 if word == 0 else 1)


def test_every_argument_chooses_other_numbers():
    base = (3, 1, 4, 1, 5, 9)
    changed = [(*base[:n], base[n] + 1, *base[n + 1 :]) for n in range(6)]
    assert len({float(uniform(*arguments)) for arguments in [base, *changed]}) == 7


def test_numbers_of_neighbouring_steps_and_cells_are_independent():
    numbers = uniform(0, 0, 0, 0, np.arange(300)[:, None], np.arange(300))
    for one, other in [(numbers[1:], numbers[:-1]), (numbers[:, 1:], numbers[:, :-1])]:
        assert stats.pearsonr(one.ravel(), other.ravel()).pvalue > 0.01


@pytest.mark.parametrize("probability", [0.001, 0.03, 0.3, 0.9])
def test_intervals_are_geometrically_distributed(probability):
    intervals = draw(probability, 100_000, seed=2)
    longest = int(np.quantile(intervals, 0.99))
    counts = np.bincount(np.minimum(intervals, longest + 1), minlength=longest + 2)[1:]
    steps = np.arange(1, longest + 1)
    shares = np.append(stats.geom.pmf(steps, probability), stats.geom.sf(longest, probability))
    assert stats.chisquare(counts, shares * len(intervals)).pvalue > 0.01


def test_a_black_pixel_never_fires_and_a_certain_one_fires_in_every_step():
    assert np.all(draw(0.0, 1000) == NEVER)
    assert np.all(draw(1.0, 1000) == 1)


@given(st.floats(0, 1), st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))
def test_an_interval_is_between_one_step_and_never(probability, seed, image):
    interval = int(draw(probability, seed=seed, image=image)[0])
    assert 1 <= interval <= NEVER


def compiled(folder, replaced="", by=""):
    """The C++ implementation as a function of rows of arguments."""
    code = steps_to_spike.implementations["cpp"].get_code(None)
    source = code if isinstance(code, str) else "\n".join(code.values())
    assert replaced in source
    (folder / "main.cpp").write_text(MAIN % source.replace(replaced, by))
    subprocess.run(["g++", "-O1", "-o", "main", "main.cpp"], cwd=folder, check=True)

    def run(rows):
        lines = "\n".join(" ".join(map(repr, row)) for row in rows)
        done = subprocess.run(
            ["./main"], cwd=folder, input=lines, capture_output=True, text=True, check=True
        )
        return [int(line) for line in done.stdout.split()]

    return run


@pytest.fixture(scope="module")
def in_cpp(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("steps_to_spike"))


def test_the_first_and_last_number_in_cpp(tmp_path):
    draws = compiled(tmp_path, "(((uint64_t)c0 << 32) | c1) >> 12", "-(uint64_t)(cell != 0) >> 12")
    assert draws([(0.5, 0, 0, 0, 0, 0, 0), (0.5, 0, 0, 0, 0, 0, 1)]) == [54, 1]


def test_cpp_and_numpy_draw_the_same_intervals(in_cpp):
    random = np.random.default_rng(0)
    probabilities = np.concatenate([[0, 1, 1e-300, 1e-9, 1 - 1e-16], random.random(3000) ** 4])
    words = random.integers(0, 2**31, (len(probabilities), 6))
    words[::7] = 0
    words[3::7, 2:] = np.arange(words[3::7, 2:].size).reshape(-1, 4)
    rows = [(p, *w) for p, w in zip(probabilities.tolist(), words.tolist(), strict=True)]
    function = steps_to_spike.implementations["numpy"].get_code(None)
    assert in_cpp(rows) == function(probabilities, *words.T).tolist()
