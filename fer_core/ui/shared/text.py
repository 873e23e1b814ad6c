"""Words for Markdown."""

_SPECIAL = frozenset("\\`*_{}[]()#+-.!|~$:<>&")


def plain(text: str) -> str:
    """Text that comes from anyone, such as a file name, so that Markdown shows it as it is."""
    return "".join(f"\\{c}" if c in _SPECIAL else c for c in text)
