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
    if not isinstance(plain, Mapping):
        raise ValueError(f"{kind.__name__} is an object in JSON, not {plain!r}")
    adapter: Any = _adapter(kind)  # type: ignore[arg-type]
    value: Value = adapter.validate_python(dict(plain))
    if unknown := _unknown(plain, as_plain(value)):
        raise ValueError(f"{kind.__name__} has no fields {sorted(unknown)}")
    return value


def _unknown(plain: Any, made: Any) -> set[str]:
    """Names in what was given that the value made of it does not have, however deep."""
    if isinstance(plain, Mapping) and isinstance(made, Mapping):
        deeper = [_unknown(each, made.get(str(name))) for name, each in plain.items()]
        return set().union({str(name) for name in plain} - set(made), *deeper)
    if isinstance(plain, list | tuple) and isinstance(made, list):
        return set().union(*(_unknown(one, other) for one, other in zip(plain, made, strict=False)))
    return set()


@cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter  # here, because values are imported everywhere and seldom read back

    return TypeAdapter(kind)
