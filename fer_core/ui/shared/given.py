"""Files that were given on a page: they stay while another tab of it is looked at.

Streamlit empties an uploader that is not drawn, and says nothing of it.
"""

from typing import Any, Final

import streamlit as st

from fer_core.ui.shared import page_memory
from fer_core.ui.shared.text import plain

_MOST_NAMED: Final = 3


def staying(page: str, name: str, now: Any) -> Any:
    """The file or files that a widget holds, or those that it held before it was emptied unasked.

    The widget needs `on_change=page_memory.forget, args=(page, name)`: what the visitor gives or takes away counts,
    also where that is nothing.

    Args:
        page: the last part of the page's address.
        name: of these files, unlike that of everything else that is kept for the page.
        now: what the widget returned: a file, a list of files, or nothing.
    """
    if now:
        page_memory.keep(page, name, now)
        return now
    before = page_memory.kept(page, name)
    if not before:
        return now
    files = before if isinstance(before, list) else [before]
    names = ", ".join(file.name for file in files[:_MOST_NAMED])
    more = f" and {len(files) - _MOST_NAMED:,} more" if len(files) > _MOST_NAMED else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Given before: {plain(names)}{more}")
        st.button(
            "Take away",
            icon=":material/close:",
            key=f"take away {name}",
            on_click=page_memory.forget,
            args=(page, name),
        )
    return before
