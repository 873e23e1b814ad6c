"""What the visitor's own browser says of its camera and of the ways for its pictures, as checks of the deployment."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import streamlit as st

from fer_core.diagnostics.checks import Check
from fer_core.live.ice import urls_of
from fer_core.ui.shared.browser_check import Browser, browser_check

_SCRIPT: Final = """
const PATIENCE_MS = 8000;
let asked = "";
let end; // of the last connection: Streamlit runs the clean-up that was returned last, and no other

export default function ({ data, setStateValue }) {
  const servers = JSON.stringify([data.servers, data.run]);
  if (servers === asked) return end;
  end?.();
  asked = servers;
  const found = { kinds: [], problems: {} };
  let open = true;
  const connection = new RTCPeerConnection({ iceServers: data.servers });
  const tell = () => {
    if (!open) return;
    open = false;
    connection.close();
    setStateValue("found", found);
  };
  connection.onicecandidate = ({ candidate }) => {
    if (candidate === null) tell();
    else if (candidate.type && !found.kinds.includes(candidate.type)) found.kinds.push(candidate.type);
  };
  connection.onicecandidateerror = ({ url, errorCode, errorText }) => {
    found.problems[url] = `${errorCode} ${errorText}`;
  };
  connection.createDataChannel("doctor");
  connection.setLocalDescription().catch(tell);
  setTimeout(tell, PATIENCE_MS);
  const ends = () => {
    open = false;
    connection.close();
    if (end !== ends) return; // another one was asked since
    asked = "";
    end = undefined;
  };
  end = ends;
  return ends;
}
"""


def browser_checks(servers: Sequence[dict[str, Any]] | None, run: int = 0) -> list[Check]:
    """What is known so far; the browser answers a little later, and the fragment around this is run again then.

    Args:
        servers: the browser's `iceServers`; None where streamlit-webrtc chooses them.
        run: the how many-th check it is; a new one asks the servers again.
    """
    checks = []
    if (browser := browser_check()) is not None:
        checks.append(_camera(browser))
    if servers is not None:
        found = _component()(
            key=f"browser ways {run}",
            data={"servers": list(servers), "run": run},
            on_found_change=lambda: None,
            height=1,
        ).found
        if found:
            checks.append(ways(servers, list(found["kinds"]), dict(found["problems"])))
    return checks


def ways(servers: Sequence[dict[str, Any]], kinds: Sequence[str], problems: dict[str, str]) -> Check:
    """Whether the browser finds the ways that it is to have.

    Args:
        servers: the browser's `iceServers`.
        kinds: of candidates that it found: "host", "srflx", "relay".
        problems: by the server's address, why there came none from it.
    """
    name = "ways of this browser"
    told = "; ".join(f"{url}: {words}" for url, words in problems.items())
    if any(url.startswith("turn") for server in servers for url in urls_of(server)) and "relay" not in kinds:
        return Check(
            name,
            False,
            f"no way by the TURN server ({told or 'no answer'}); check its address, and that the network of this "
            "browser lets UDP and TCP to it through",
        )
    if not kinds:
        return Check(name, False, "the browser finds none; an extension or a policy may forbid WebRTC")
    return Check(name, True, ", ".join(sorted(kinds)))


def _camera(browser: Browser) -> Check:
    name = "camera of this browser"
    if browser.obstacle:
        return Check(name, False, browser.obstacle.replace("**", ""))
    if browser.permission == "granted":
        return Check(name, True, f"allowed; {browser.cameras} found")
    return Check(name, None, "the browser will ask when the camera is started")


@lru_cache(maxsize=1)
def _component() -> Any:
    return st.components.v2.component("face_value.browser_ways", js=_SCRIPT)
