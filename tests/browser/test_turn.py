"""The camera's pictures by way of a TURN server alone, which Debian's coturn is."""

from pathlib import Path

from playwright.sync_api import Browser, expect

from fer_core.settings import ICE_SERVERS, TURN_SECRET
from tests.browser.conftest import running_server
from tests.browser.test_live import component, label, open_live, start, until
from tests.turn import SECRET, coturn, needs_coturn

pytestmark = needs_coturn

RELAY_ONLY = """(() => {
    const made = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends made {
        constructor(configuration) {
            super({...configuration, iceTransportPolicy: "relay"});
            window.connection = this;
        }
    };
})()"""
"""The browser uses no other way than the server that it is told of."""

WAYS = """async () => {
    const told = await window.connection.getStats();
    const pairs = [...told.values()].filter(one => one.type === "candidate-pair" && one.state === "succeeded");
    return pairs.map(pair => told.get(pair.localCandidateId).candidateType);
}"""
"""By which kinds of way the browser's end is connected."""


def test_a_face_is_read_though_nothing_goes_directly(face_browser: Browser, tmp_path: Path):
    with (
        coturn(tmp_path) as turn,
        running_server(**{ICE_SERVERS: f"turn:{turn.host}:{turn.port}", TURN_SECRET: SECRET}) as server,
    ):
        context = face_browser.new_context(permissions=["camera"])
        context.set_default_timeout(60_000)
        context.add_init_script(RELAY_ONLY)
        page = open_live(context, server)
        start(page)
        until(lambda: label(page).inner_text() == "happy", page)
        expect(page.locator(".stats")).to_contain_text("frames/s")
        assert set(component(page).locator("body").evaluate(WAYS)) == {"relay"}
        page.goto(server.replace("127.0.0.1", "localhost"))
        page.get_by_role("button", name="Check the deployment").click()
        expect(page.get_by_text("camera of this browser (")).to_be_visible()
        expect(page.get_by_text("ways of this browser (ok): relay")).to_be_visible()
        expect(page.get_by_text(f"turn:{turn.host}:{turn.port} gives {turn.host}")).to_be_visible()
        context.close()
