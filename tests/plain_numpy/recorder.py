"""Keeping what happened during a simulation."""

from __future__ import annotations

from dataclasses import dataclass, field

from .types import Array

RECORDABLE = (
    *("v_e", "ge_e", "gi_e", "theta_e", "v_i", "ge_i"),
    *("post1", "post2", "v_e_updated", "v_i_updated"),
)
"""Names of per-step records: at the end of the step, or (``_updated``) after the state update."""


@dataclass
class Recorder:
    """Per-step records of the first ``n_steps`` steps, and snapshots of each presentation."""

    names: tuple[str, ...]
    n_steps: int
    records: dict[str, list[Array]] = field(default_factory=dict)
    snapshots: dict[str, list[Array]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = sorted(set(self.names) - set(RECORDABLE))
        if unknown:
            raise ValueError(f"cannot record {unknown}; possible are {RECORDABLE}")
        self.records = {name: [] for name in self.names}

    def record(self, step: int, suffix: str, variables: dict[str, Array]) -> None:
        """Record those of the variables whose name with the suffix was asked for."""
        if step < self.n_steps:
            for name, array in variables.items():
                if name + suffix in self.records:
                    self.records[name + suffix].append(array.copy())

    def snapshot(self, **variables: Array) -> None:
        """Append a copy of each variable to its list."""
        for name, array in variables.items():
            self.snapshots.setdefault(name, []).append(array.copy())
