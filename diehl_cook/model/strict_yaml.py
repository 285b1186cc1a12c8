"""YAML that says one thing only: what people and YAML 1.1 read differently is refused."""

from __future__ import annotations

from typing import Any

import yaml


def load(text: str) -> Any:
    """Read YAML.

    Raises
    ------
    ValueError
        If it is none, or a key stands twice, a value contains itself, or a number would be read
        otherwise than it looks; one line with the place.
    """
    try:
        return yaml.load(text, _Loader)
    except _ERRORS as error:
        raise ValueError(" ".join(str(error).split())) from None


# PyYAML fails in many ways: `!!bool x` is a KeyError.
_ERRORS = (
    yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, RecursionError,
)  # fmt: skip


class _Loader(yaml.SafeLoader):
    """A safe loader that refuses keys stated twice, values inside themselves, odd characters."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        node = super().compose_node(parent, index)
        if node is not None and node.end_mark is None:  # an alias of what is still being read
            raise yaml.composer.ComposerError(
                None, None, "a value that contains itself", node.start_mark
            )
        return node

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:
        text = super().construct_scalar(node)
        if not text.isprintable():
            raise yaml.constructor.ConstructorError(
                None, None, f"{text!a} is not printable text", node.start_mark
            )
        return text

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        for key, _ in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(
                    None, None, "'<<' is not read; state the values, or 'extends'", key.start_mark
                )
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for position, key in enumerate(keys):
            if key in keys[:position]:
                mark = node.value[position][0].start_mark
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} stands twice", mark
                )
        return super().construct_mapping(node, deep)

    def construct_number(self, node: yaml.ScalarNode) -> Any:
        digits = node.value.lstrip("+-")
        number = _NUMBERS[node.tag](self, node)
        if ":" in digits or (digits[:1] == "0" and digits[1:].replace("_", "").isdigit()):
            raise yaml.constructor.ConstructorError(
                None, None, f"{node.value} is {number} in YAML; write {number}", node.start_mark
            )
        return number


_NUMBERS = {
    "tag:yaml.org,2002:int": yaml.SafeLoader.construct_yaml_int,
    "tag:yaml.org,2002:float": yaml.SafeLoader.construct_yaml_float,
}
for _tag in _NUMBERS:
    _Loader.add_constructor(_tag, _Loader.construct_number)
