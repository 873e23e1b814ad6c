"""Values as JSON holds them, and back: dataclasses become objects, tuples become arrays."""

import dataclasses
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

Value = TypeVar("Value")


def as_plain(value: Any) -> Any:
    """A dataclass, with those in it, as dictionaries, lists, numbers and text; keys of mappings become text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: as_plain(getattr(value, each.name)) for each in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [as_plain(each) for each in value]
    return value


def from_plain(kind: type[Value], plain: Any) -> Value:
    """The value that `as_plain` was given; every field is checked.

    Args:
        kind: the dataclass.
        plain: as JSON holds it.

    Raises:
        ValueError: a field is missing, unknown or of another type.
    """
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if not isinstance(plain, Mapping) or (unknown := set(plain) - known):
        raise ValueError(f"{kind.__name__} has no fields {sorted(unknown) if isinstance(plain, Mapping) else plain!r}")
    adapter: Any = _adapter(kind)  # type: ignore[arg-type]
    value: Value = adapter.validate_python(dict(plain))
    return value


@cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter  # here, because values are imported everywhere and seldom read back

    return TypeAdapter(kind)
