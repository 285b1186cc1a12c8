"""Values by key in mappings within mappings, as an experiment file has them."""

from collections.abc import Iterator, Mapping
from typing import Any


def flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Values by dotted key: a key has dots between its parts."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def nested(key: str, value: Any) -> dict[str, Any]:
    """A single value under its dotted key; the other way round than `flat`."""
    first, *rest = key.split(".")
    return {first: nested(".".join(rest), value) if rest else value}


def merge(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """All values of `base`, those of `top` over them."""
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            value = merge(below, value)
        merged[key] = value
    return merged
