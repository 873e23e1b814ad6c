"""Whether the visitor's browser has a camera for this page, so that the page can say what is wrong."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import streamlit as st

_SCRIPT: Final = """
let told = "";
let heard; // what listens for cameras: Streamlit calls again with each run, and runs the last clean-up alone

export default function ({ setStateValue }) {
  async function tell() {
    const media = window.isSecureContext ? navigator.mediaDevices : undefined;
    const found = { secure: Boolean(media?.getUserMedia), cameras: 0, permission: "unknown" };
    if (found.secure) {
      const devices = await media.enumerateDevices();
      found.cameras = devices.filter((device) => device.kind === "videoinput").length;
      try {
        found.permission = (await navigator.permissions.query({ name: "camera" })).state;
      } catch {
        // Some browsers do not tell; the camera's own question will.
      }
    }
    if (JSON.stringify(found) !== told) {
      told = JSON.stringify(found);
      setStateValue("found", found);
    }
  }
  tell();
  const devices = navigator.mediaDevices;
  devices?.removeEventListener?.("devicechange", heard);
  heard = tell;
  devices?.addEventListener?.("devicechange", heard);
  return () => {
    told = "";
    devices?.removeEventListener?.("devicechange", tell);
  };
}
"""


@dataclass(frozen=True)
class Browser:
    """What the browser said.

    Attributes:
        secure: it gives this page access to cameras at all, which takes HTTPS or localhost.
        cameras: how many are connected.
        permission: "granted", "denied", "prompt" (it will ask), or "unknown".
    """

    secure: bool
    cameras: int
    permission: str

    @property
    def obstacle(self) -> str | None:
        """Why no live picture can come, with the way out; None where nothing speaks against it."""
        if not self.secure:
            return (
                "**No live picture over plain HTTP.** Browsers give a page the camera only over HTTPS or on localhost. "
                "Open this page at an `https://` address, or upload photographs instead."
            )
        if self.cameras == 0:
            return "**The browser finds no camera.** Connect one, or end the program that uses it; this line then goes."
        if self.permission == "denied":
            return (
                "**The browser denies this page the camera.** Allow it with the symbol beside the address, then reload "
                "the page."
            )
        return None


def browser_check() -> Browser | None:
    """What the visitor's browser said; None until it did."""
    found = _component()(key="browser check", on_found_change=lambda: None, height=1).found
    if not found:
        return None
    return Browser(bool(found["secure"]), int(found["cameras"]), str(found["permission"]))


@lru_cache(maxsize=1)
def _component() -> Any:
    return st.components.v2.component("face_value.browser_check", js=_SCRIPT)
