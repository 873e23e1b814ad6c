"""What Pydantic finds wrong with a value, in the words that people meet here."""

from collections.abc import Mapping
from typing import Any, Final

_WORDS: Final[Mapping[str, str]] = {
    "json_invalid": "it is no JSON that can be read ({error}); correct it",
    "extra_forbidden": "it is not known here; leave it out",
    "missing": "it is missing; give it",
    "list_type": "it is no list",
    "tuple_type": "it is no list",
    "dict_type": "it is no object of JSON",
    "model_type": "it is no object of JSON",
    "string_type": "it is no text",
    "string_too_short": "it has fewer than {min_length} characters",
    "string_too_long": "it has more than {max_length} characters",
    "too_long": "it has more than {max_length} entries",
    "int_type": "it is no whole number",
    "int_parsing": "it is no whole number",
    "int_from_float": "it is no whole number",
    "float_type": "it is no number",
    "float_parsing": "it is no number",
    "bool_type": "it has to be true or false",
    "bool_parsing": "it has to be true or false",
    "finite_number": "it is no finite number",
    "greater_than": "it has to be more than {gt}",
    "greater_than_equal": "it has to be {ge} or more",
    "less_than": "it has to be less than {lt}",
    "less_than_equal": "it has to be {le} or less",
    "literal_error": "it has to be {expected}",
}


def words_of(error: Mapping[str, Any]) -> str:
    """What is wrong, to end a sentence with.

    Args:
        error: one of those that `ValidationError.errors` lists. What it says of the value itself is not repeated.
    """
    words, known = _WORDS.get(str(error["type"])), error.get("ctx", {})
    return str(error["msg"]).removeprefix("Value error, ") if words is None else words.format_map(known)
