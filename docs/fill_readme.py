"""Fill the tables of README.md and results.md from the committed results: `make readme`.

A block begins with a line `<!-- NAME: where its numbers come from -->` and ends with
`<!-- end -->`; what stands between them is written by the function of that name here.
"""

from __future__ import annotations

import csv
import json
import re
import statistics
from pathlib import Path

from diehl_cook.store.files import markdown_table
from diehl_cook.studies import peers as peers_study
from diehl_cook.studies import readouts as readouts_study

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "results" / "reference"
PAGES = (ROOT / "README.md", ROOT / "docs" / "results.md")
BLOCK = re.compile(r"(<!-- (\w+): [^\n]* -->\n).*?(<!-- end -->)", re.DOTALL)
KINDS = {
    ("dense single", True): "training, `dense` in single precision (the default)",
    ("dense double", True): "training, `dense` in double precision",
    ("brian2 double", True): "training, Brian2's own `Synapses` on its standalone device, double",
    ("runtime, dense double", True): "training, `dense` on Brian2's NumPy runtime target",
    ("BindsNET 250 x 1 ms", True): "training, BindsNET 0.3.4 (250 steps of 1 ms)",
    ("dense single", False): "testing, `dense` in single precision",
}


def results() -> str:
    """The table of figure 2B."""
    return (REFERENCE / "figure_2b.md").read_text()


def published() -> str:
    """What the published parameters reach at 100 cells."""
    with (REFERENCE / "n100.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    accuracy, spikes = (
        [factor * float(row[name]) for row in rows]
        for factor, name in ((100, "accuracy"), (1, "training_spikes"))
    )
    return (
        f"Seeds 0 to {len(rows) - 1}: {statistics.mean(accuracy):.1f} ± "
        f"{statistics.stdev(accuracy):.1f} % of the test images, paper 82.9 %;"
        f" {statistics.mean(spikes):.1f} spikes a presentation at the end of training.\n"
    )


def speed() -> str:
    """Milliseconds per presentation by kind and size."""
    cases = json.loads((REFERENCE / "benchmark.json").read_text())["cases"]
    sizes = sorted({case["cells"] for case in cases})
    lines = []
    measured = {(case["kind"], case["learning"], case["cells"]): case for case in cases}
    for (kind, learning), words in KINDS.items():
        found = [measured.get((kind, learning, size)) for size in sizes]
        if any(found):
            lines.append([words, *(f"{case['ms']:.3g}" if case else "" for case in found)])
    times = (measured["dense single", True, size]["times_faster_than_brian2"] for size in sizes)
    lines.append(["times faster than Brian2's own synapses", *(f"{each:.1f}" for each in times)])
    return markdown_table(["ms per presentation", *(f"N = {size}" for size in sizes)], lines)


def rules() -> str:
    """What a presentation in training takes with each rule, as a multiple of the triplet rule."""
    cases = json.loads((REFERENCE / "benchmark_rules.json").read_text())["cases"]
    by_rule: dict[str, dict[int, float]] = {}
    for case in cases:
        if "times_triplet" in case:
            rule = case["kind"].rpartition(", ")[2]
            by_rule.setdefault(rule, {})[case["cells"]] = case["times_triplet"]
    sizes = sorted(next(iter(by_rule.values())))
    return markdown_table(
        ["rule", *(f"N = {size}" for size in sizes)],
        [[rule, *(f"{times[size]:.2f}" for size in sizes)] for rule, times in by_rule.items()],
    )


def readouts() -> str:
    """What every readout makes of the same spikes."""
    return readouts_study.markdown(readouts_study.read_table(REFERENCE))


def peers() -> str:
    """What other programs make of the same images, beside ours."""
    with (REFERENCE / peers_study.TABLE).open(newline="") as file:
        rows = [
            {name: value if name == "program" else float(value) for name, value in row.items()}
            for row in csv.DictReader(file)
        ]
    return peers_study.markdown(rows)


def removed_cells() -> str:
    """Accuracy in per cent after cells were removed, a line for each network."""
    with (REFERENCE / "robustness.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["disturbance"] == "removed_cells"]
    shares = sorted({float(row["level"]) for row in rows})
    accuracy: dict[tuple[str, int, int], dict[float, float]] = {}
    for row in rows:
        network = row["rule"], int(row["cells"]), int(row["seed"])
        accuracy.setdefault(network, {})[float(row["level"])] = 100 * float(row["accuracy"])
    return markdown_table(
        ["rule", "N", "seed", *(f"{share:.0%}" for share in shares)],
        [
            [*network, *(f"{levels[share]:.1f}" for share in shares)]
            for network, levels in accuracy.items()
        ],
    )


def filled(text: str) -> str:
    """A page with every block as the results say it today."""
    return BLOCK.sub(lambda match: f"{match[1]}\n{globals()[match[2]]()}\n{match[3]}", text)


if __name__ == "__main__":
    for path in PAGES:
        before = path.read_text()
        path.write_text(filled(before))
        told = "is filled anew" if path.read_text() != before else "was up to date"
        print(path.relative_to(ROOT), told)
