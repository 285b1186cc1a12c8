"""A thousand hostile runs: files, values, signals at random moments, machines that fail.

None may end in a traceback, hang, say that all is well where it is not, or change a byte of other
files of the user's. ``HOSTILE_CASES``, ``HOSTILE_SEED`` and ``HOSTILE_KINDS`` (``signals,values``)
say how many and which; the seed of a run is printed, and ``HOSTILE_ONLY`` repeats a case of it.
"""

import os
import random
import secrets
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from cases import KINDS, Case
from world import World


@pytest.fixture(scope="module")
def world(learner, reader, experiments):
    with tempfile.TemporaryDirectory(prefix="hostile-") as root:
        yield World(Path(root), experiments, learner, reader)


@pytest.mark.slow
def test_hostile_runs(world, capsys):
    cases = int(os.environ.get("HOSTILE_CASES", "1000"))
    seed = int(os.environ.get("HOSTILE_SEED", secrets.randbits(32)))
    only = os.environ.get("HOSTILE_ONLY")
    names = os.environ.get("HOSTILE_KINDS", "").split(",")
    kinds = {
        kind: share for kind, share in KINDS.items() if names == [""] or kind.__name__ in names
    }
    numbers = range(cases) if only is None else [int(only)]
    tried, codes, found = Counter(), Counter(), []
    with capsys.disabled():
        print(f"\nhostile runs: HOSTILE_SEED={seed}", flush=True)
        for number in numbers:
            chance = random.Random(f"{seed} {number}")
            (kind,) = chance.choices(list(kinds), list(kinds.values()))
            case = Case(world, number, chance)
            try:
                kind(case)
            except Exception as error:  # what a command called well done cannot be read
                case.expect(False, repr(error))
            tried[kind.__name__] += 1
            codes.update((kind.__name__, code) for code in case.codes)
            if case.faults:
                found.append(case)
                print(f"{number} {kind.__name__}: {case.faults}: {case.what}", flush=True)
            shutil.rmtree(world.root / f"case{number}", ignore_errors=True)
        for name, count in sorted(tried.items()):
            ended = {code: n for (kind, code), n in sorted(codes.items()) if kind == name}
            print(f"{name}: {count} cases; commands by exit code: {ended}")
        print(f"{sum(tried.values())} cases, {sum(codes.values())} commands, {len(found)} found")
    assert not found, f"HOSTILE_SEED={seed} HOSTILE_ONLY={found[0].number}"
