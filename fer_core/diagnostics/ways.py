"""Whether the STUN and TURN servers for the camera's pictures answer, and why not."""

import asyncio
import ipaddress
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any, Final

from fer_core.diagnostics.reaching import ANSWER_S
from fer_core.live.ice import TurnCredentials, ice_servers, urls_of
from fer_core.settings import ICE_SERVERS, TURN_SECRET, Settings

_HEADER_BYTES: Final = 20
"""Of a STUN message."""

_UNAUTHORISED: Final = 401


@dataclass(frozen=True)
class Answer:
    """What came of asking one server.

    Attributes:
        url: of the server, as the setting has it.
        gives: the address that it gives; None where it gives none.
        problem: why, and what to do; None where all is well.
    """

    url: str
    gives: str | None
    problem: str | None = None


def ways(now: Settings) -> tuple[bool | None, str]:
    """Ask each server of the settings as browser and dashboard would.

    Returns:
        Whether all answer, None where there is nobody to ask; and what they gave or what to do.

    Raises:
        FerError: the setting is not understood.
    """
    servers = ice_servers(now.ice_servers)
    if servers is None:
        return None, f"{ICE_SERVERS} is automatic: streamlit-webrtc chooses, and asks others for it"
    if not servers:
        return None, f"direct only, as on one machine or in one network; {ICE_SERVERS} names a TURN server for others"
    if now.turn_secret:
        servers = TurnCredentials.made(now.turn_secret, "doctor", time.time()).added(servers)
    answers = asyncio.run(_asked([{**server, "urls": url} for server in servers for url in urls_of(server)]))
    problems = [f"{answer.url}: {answer.problem}." for answer in answers if answer.problem]
    if now.turn_secret and not any(answer.url.startswith("turn") for answer in answers):
        problems.append(f"{TURN_SECRET} is set, but no turn: or turns: address in {ICE_SERVERS}.")
    return not problems, " ".join(problems) or ", ".join(f"{answer.url} gives {answer.gives}" for answer in answers)


async def _asked(servers: list[dict[str, Any]]) -> list[Answer]:
    return await asyncio.gather(*map(_answer, servers))


async def _answer(server: dict[str, Any]) -> Answer:
    from aioice import stun
    from aiortc.rtcicetransport import parse_stun_turn_uri

    url = server["urls"]
    try:
        parts = parse_stun_turn_uri(url)
    except ValueError:
        return Answer(url, None, f"this is no address; write it as turn:host:3478, and look at {ICE_SERVERS}")
    if parts["scheme"].startswith("turn") and not (server.get("username") and server.get("credential")):
        return Answer(url, None, f"no user name and password; write them into {ICE_SERVERS}, or set {TURN_SECRET}")
    if parts["scheme"] == "turns" and parts["transport"] != "tcp":
        return Answer(url, None, f"TLS goes over TCP; leave ?transport= out in {ICE_SERVERS}")
    ask = {"stun": _by_udp, "stuns": _by_tls, "turn": _by_relay, "turns": _by_relay}[parts["scheme"]]
    try:
        gives = await asyncio.wait_for(ask(parts, server), ANSWER_S)
    except socket.gaierror:
        return Answer(url, None, f"the name {parts['host']} is not known; check the address in {ICE_SERVERS}")
    except ssl.SSLError as error:
        reason = getattr(error, "verify_message", "") or error.reason or "no TLS there"
        return Answer(url, None, f"its certificate is refused ({reason}); renew it, or use turn: without TLS")
    except stun.TransactionFailed as error:
        return Answer(url, None, _refusal(error))
    except (TimeoutError, OSError, stun.TransactionError, asyncio.IncompleteReadError):
        return Answer(url, None, "no answer; start the server, open its port in the firewall, or check the address")
    if parts["scheme"].startswith("turn") and _is_private(gives) and not await _is_private_name(parts["host"]):
        return Answer(url, gives, f"it gives {gives}, which others do not reach; name the outer address in external-ip")
    return Answer(url, gives)


def _refusal(error: Any) -> str:
    code, words = error.response.attributes.get("ERROR-CODE", (0, "no reason"))
    if code == _UNAUTHORISED:
        return (
            f"it refuses user name and password; check them in {ICE_SERVERS}, or that {TURN_SECRET} is its "
            "static-auth-secret and both clocks are right"
        )
    return f"it refuses with {code} ({words}); look at its log, quotas and ports"


async def _by_udp(parts: dict[str, Any], server: dict[str, Any]) -> str:
    import aioice

    connection = aioice.Connection(ice_controlling=True, stun_server=(parts["host"], parts["port"]))
    try:
        await connection.gather_candidates()
        found = next((each.host for each in connection.local_candidates if each.type == "srflx"), None)
    finally:
        await connection.close()
    if found is None:
        await asyncio.get_running_loop().getaddrinfo(parts["host"], parts["port"])  # tells a name that is not known
        raise TimeoutError
    return found


async def _by_tls(parts: dict[str, Any], server: dict[str, Any]) -> str:
    from aioice import stun

    reader, writer = await asyncio.open_connection(parts["host"], parts["port"], ssl=True)
    try:
        writer.write(bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST)))
        head = await reader.readexactly(_HEADER_BYTES)
        answer = stun.parse_message(head + await reader.readexactly(int.from_bytes(head[2:4], "big")))
    except ValueError as error:  # another service answers there
        raise TimeoutError from error
    finally:
        writer.close()
    return str(answer.attributes["XOR-MAPPED-ADDRESS"][0])


async def _by_relay(parts: dict[str, Any], server: dict[str, Any]) -> str:
    from aioice import turn

    transport, _ = await turn.create_turn_endpoint(
        asyncio.DatagramProtocol,
        (parts["host"], parts["port"]),
        username=server["username"],
        password=server["credential"],
        ssl=True if parts["scheme"] == "turns" else None,
        transport=parts["transport"],
    )
    try:
        return str(transport.get_extra_info("sockname")[0])
    finally:
        transport.close()
        await asyncio.sleep(0)  # the server is told of the end


def _is_private(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_private


async def _is_private_name(host: str) -> bool:
    """Whether the server itself has an address that only its own network reaches."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None)
    return any(_is_private(str(each[4][0])) for each in found)
