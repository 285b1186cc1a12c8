"""The report of a comparison: what differs between runs, and what came out, on one page."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

from diehl_cook.stages import page
from diehl_cook.stages.page import Commands, Picture, Section, Table, Words
from diehl_cook.stages.settings import commands
from diehl_cook.store.run_folder import RunFolder
from diehl_cook.studies.compare import Comparison, Row, table


def render(comparison: Comparison, picture: Picture | None) -> bytes:
    """Fill one page with the table, the curves, and what the runs were made with.

    Parameters
    ----------
    comparison : Comparison
        Runs side by side.
    picture : Picture or None
        As `compare.draw` gives it.
    """
    rows = table(comparison)
    folders = comparison.folders
    again = [
        line for folder in folders for line in commands(folder.experiment(), str(folder.path))[:2]
    ]
    return page.render(
        f"{len(folders)} runs side by side",
        _verdict(comparison, rows),
        [
            Section(
                "What differs, and what came out",
                [
                    Words("Accuracies are in per cent, the means over the seeds."),
                    Table(
                        "A row for each kind of run",
                        list(rows[0]),
                        [[str(value) for value in row.values()] for row in rows],
                    ),
                ],
            ),
            Section("Figures", [] if picture is None else [picture]),
            Section("Made with", [made_with(folders)]),
            Section(
                "Make it again",
                [
                    Commands(
                        [*again, f'make compare RUNS="{" ".join(str(f.path) for f in folders)}"']
                    ),
                ],
            ),
        ],
    )


def made_with(folders: Sequence[RunFolder]) -> Table:
    """Where, when and by which version each of several runs was made."""
    return Table(
        "Where, when and by which version each run was made",
        ["run", "seed", "commit", "machine", "training began", "evaluated"],
        [_made(folder) for folder in folders],
        folded=len(folders) > page.MOST_ROWS,
    )


def _verdict(comparison: Comparison, rows: Sequence[Row]) -> str:
    scored = [
        (
            row["accuracy"],
            comparison.name(values) or "all alike but for their seeds",
            row["paper"],
        )
        for row, values in zip(rows, comparison.groups, strict=True)
        if row["accuracy"] != ""
    ]
    if not scored:
        return "None of these runs is evaluated yet."
    best, name, paper = max(scored, key=itemgetter(0))
    against = "" if paper == "" else f", {best - paper:+.1f} against the paper's {paper:.1f} %"
    which = f"the best of {len(rows)} kinds of runs ({name})" if len(rows) > 1 else f"they ({name})"
    verb = "classifies" if len(rows) > 1 else "classify"
    return f"{which[0].upper()}{which[1:]} {verb} {best:.2f} % correctly{against}."


def _made(folder: RunFolder) -> list[str]:
    manifest = folder.manifest()
    return [
        str(folder.path),
        str(folder.experiment().seed),
        str(manifest.get("commit") or "")[:12],
        str(manifest.get("machine", {}).get("name", "")),
        str(manifest.get("training_began", "")),
        str(manifest.get("evaluation_ended", "not yet")),
    ]
