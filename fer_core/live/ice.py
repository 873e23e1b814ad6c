"""How browser and server find each other: the setting of ICE servers."""

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter, ValidationError

from fer_core.errors import FerError
from fer_core.settings import ICE_SERVERS

_Address = Annotated[str, StringConstraints(strip_whitespace=True, pattern="^(stun|turn)s?:")]


class IceServer(BaseModel):
    """One entry of `iceServers`."""

    model_config = ConfigDict(extra="forbid")

    urls: _Address | list[_Address]
    username: str | None = None
    credential: str | None = None


def ice_servers(setting: str) -> list[dict[str, Any]] | None:
    """The browser's `iceServers`, from the setting that says how browser and server find each other.

    Args:
        setting: one of

            - empty or "none": directly. Nothing leaves the machine or its network.
            - "automatic": servers that streamlit-webrtc finds. It asks Cloudflare, Twilio or Hugging Face for TURN
              credentials where their variables are set (CLOUDFLARE_TURN_KEY_ID, TWILIO_ACCOUNT_SID, HF_TOKEN), else
              it uses a public STUN server of Google.
            - addresses with commas between them, such as "stun:stun.example.org:3478", or the JSON list that browsers
              know as `iceServers`, which can hold `username` and `credential`.

    Returns:
        a list of servers; None for automatic.

    Raises:
        FerError: the setting is not understood.
    """
    if setting.lower() in ("", "none"):
        return []
    if setting.lower() == "automatic":
        return None
    try:
        listed = json.loads(setting) if setting.startswith("[") else [{"urls": url} for url in setting.split(",")]
        servers = TypeAdapter(list[IceServer]).validate_python(listed)
    except (ValueError, ValidationError) as error:
        raise FerError(_not_understood()) from error
    return [server.model_dump(exclude_none=True) for server in servers]


def _not_understood() -> str:
    return (
        f"{ICE_SERVERS} is not understood; leave it empty, set it to automatic, or list addresses such as "
        "stun:stun.example.org:3478 with commas between them."
    )
