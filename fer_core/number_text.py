"""Numbers in sentences for people."""

from typing import Final

_SMALL_P: Final = 0.001


def quantity(count: int, one: str, many: str = "", form: str = ",") -> str:
    """A count with its noun: "1 face", "1,000 faces".

    Args:
        count: of things.
        one: the noun in the singular.
        many: its plural, where that is not `one` with an s.
        form: how the number is formatted; by default with commas between thousands.
    """
    return f"{count:{form}} {one if count == 1 else many or f'{one}s'}"


def p_text(p_value: float, form: str) -> str:
    """A p-value: "p = 0.02", or "p < 0.001" for any below that.

    Args:
        p_value: 0 to 1; NaN where there is none.
        form: how it is formatted, such as ".2g".
    """
    return f"p < {_SMALL_P:g}" if p_value < _SMALL_P else f"p = {p_value:{form}}"
