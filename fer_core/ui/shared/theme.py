"""The visitor's theme."""

from typing import Final

import streamlit as st

from fer_core.palette import INK

_INKS: Final = {"light": "theme.light.textColor", "dark": "theme.dark.textColor"}
_GROUNDS: Final = {"light": "theme.light.backgroundColor", "dark": "theme.dark.backgroundColor"}
_LINKS: Final = {"light": "theme.light.linkColor", "dark": "theme.dark.linkColor"}
_FALLBACK_GROUND: Final = "#fbfbfd"
_FALLBACK_LINK: Final = "#2f4bc0"


def ink() -> str:
    """The colour of text in the visitor's theme, `#rrggbb`."""
    return st.get_option(_INKS.get(st.context.theme.type or "light", "")) or INK


def ground() -> str:
    """The colour of the page in the visitor's theme, `#rrggbb`."""
    return st.get_option(_GROUNDS.get(st.context.theme.type or "light", "")) or _FALLBACK_GROUND


def page_style() -> str:
    """A style sheet for where Streamlit's own colours or sizes are too weak to be read or seen.

    No primary colour does all that Streamlit asks of it on a dark page: white on it and it as a word cannot both have
    4.5 to 1. Words and rings get the colour of links instead, which has at least 5 to 1 in both themes. Captions of
    60 % opacity have 4.2 to 1 on a light page; the list of uploaded files hides its button under the third row.
    """
    link = st.get_option(_LINKS.get(st.context.theme.type or "light", "")) or _FALLBACK_LINK
    return f"""<style>
[data-testid="stCaptionContainer"] {{ opacity: 0.75; }}
:is(a, button, summary, [data-testid="stTab"]):focus-visible {{
  outline: 2px solid {link} !important;
  outline-offset: 1px;
}}
:is([data-testid="stSidebarNavLink"], [data-testid="stTab"]):focus-visible {{ outline-offset: -2px !important; }}
:is([data-variant="segmented_control"], [data-variant="pills"])[data-selected]:not([data-disabled]),
[data-testid="stSliderThumbValue"],
[data-testid="stTab"]:is([data-selected], [data-hovered], [data-focus-visible]) {{ color: {link} !important; }}
button:is([kind="secondary"], [kind="tertiary"]):is(:hover, :focus-visible):enabled {{ color: {link} !important; }}
[data-testid="stFileUploader"] [data-testid="stFileChips"] {{
  max-height: none !important;
  overflow: visible !important;
}}
</style>"""
