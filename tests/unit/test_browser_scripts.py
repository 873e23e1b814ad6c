"""Scripts of the pages as far as no browser is needed: run by Node.js, with as much of a browser as they ask for."""

import shutil
import subprocess

import pytest

from fer_core.ui.shared import browser_check
from fer_core.ui.start import browser_ways
from tests.conftest import ROOT

NODE = shutil.which("node")
PLAYER = ROOT / "fer_core" / "ui" / "video" / "player"

pytestmark = pytest.mark.skipif(NODE is None, reason="Node.js is missing; on Debian: apt-get install nodejs")


def said_by(*parts: str) -> str:
    """What a script made of these parts prints."""
    assert NODE is not None
    script = "\n".join(parts)
    done = subprocess.run([NODE, "--input-type=module", "-"], input=script, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def component(script: str) -> str:
    """The script of a component, of which other parts of a script can call the function."""
    return script.replace("export default function (", "function component(")


def test_a_moment_is_told_when_it_is_sought_or_stands_and_not_of_each_frame_that_plays():
    page = """
        const clock = (time) => `0:0${time}`;
        const told = [];
        const track = { dataset: {}, setAttribute: (name, value) => name === "aria-valuenow" && told.push(value) };
        const player = { time: 0, playing: true, whole: () => [0, 9], readings: { start: 0, end: 9, lines: () => [] } };
        const drawing = Object.create(Drawing.prototype);
        const part = () => ({ style: {} });
        Object.assign(drawing, { player, track, part, view: [0, 9], scale: { x: () => 5, width: 9 }, follows: false });
        const at = (time, more) => { Object.assign(player, { time, ...more }); drawing.cursor(); };
        at(1); at(2);
        drawing.follows = true; at(5); at(6);
        at(7, { playing: false });
        console.log(told.join(" "), track.dataset.moment);
    """
    assert said_by((PLAYER / "drawing.js").read_text(encoding="utf-8"), page) == "5.000 7.000 7.000"


def test_the_words_of_the_lanes_are_as_dark_as_those_beside_them():
    page = """
        let font = "";
        const clock = (time) => `0:0${time}`;
        globalThis.getComputedStyle = () => ({ fontFamily: "", getPropertyValue: (name) => name });
        const inks = [];
        const context = { fillRect() {}, measureText: () => ({ width: 9 }), fillText() { inks.push(this.fillStyle); } };
        drawAxis(context, new Scale(0, 9, 900), 0, coloursOf(null));
        console.log([...new Set(inks)].join());
    """
    lanes = (PLAYER / "lanes.js").read_text(encoding="utf-8")
    soft = "color-mix(in srgb, {} 68%, transparent)"
    assert said_by(lanes, page) == soft.format("--st-text-color")
    assert f"--soft: {soft.format('var(--st-text-color)')};" in (PLAYER / "player.css").read_text(encoding="utf-8")


def test_a_blind_rater_comes_upon_no_reading_in_the_words_of_the_lanes_while_it_plays():
    page = """
        const clock = (time) => `0:0${time}`;
        globalThis.fetch = async () => ({ ok: true, json: async () => ({ blind: true }) });
        const [showNames, showLegend] = [() => {}, () => {}];
        class Readings {
            constructor(track) { Object.assign(this, track, { start: 0, end: 9, times: [0], frames: [0] }); }
            lines() { return [this.blind ? "Person 1" : "Person 1: happy 93%"]; }
        }
        const words = {};
        const track = { dataset: {}, setAttribute: (name, value) => { words[name] = value; } };
        const player = Object.create(Player.prototype);
        const drawing = Object.create(Drawing.prototype);
        const readings = new Readings({ blind: false });
        Object.assign(player, { data: { track: "a" }, readings, clock: {}, notices: {}, drawing });
        Object.defineProperty(player, "time", { value: 3 });
        Object.assign(player, { part: () => ({}) });
        Object.assign(drawing, { player, track, lay() {} });
        drawing.tell();
        await player.fetch("a");
        console.log(words["aria-valuetext"]);
    """
    scripts = [component((PLAYER / name).read_text(encoding="utf-8")) for name in ("player.js", "drawing.js")]
    assert said_by(*scripts, page) == "0:03, Person 1"


def test_who_listens_hears_that_a_moment_is_excluded_and_why():
    page = """
        const signs = [{ name: "happy" }, { name: "uncertain" }];
        const person = {
            name: "Zoë", samples: [0, 1, 2], probabilities: Array(21).fill(0.93), labels: [0, 0, 0],
            uncertain: [0, 0, 0], close: [-1, -1, -1], quality: [0, 0, 0], boxes: Array(12).fill(0),
        };
        const excluded = [[1, 2, "mouth covered"], [1.5, 2, ""]];
        const track = { times: [0, 1, 2], signs, people: [person], excluded, qualities: [""], cuts: [] };
        const readings = new Readings({ ...track, unit: 1, bridged: 1 });
        console.log([0, 1, 2, 9].map((time) => readings.lines(time).join("; ")).join(" | "));
    """
    heard = "Zoë: happy 93% | Zoë: happy 93%; excluded: mouth covered | Zoë: happy 93% | nobody in the readings"
    assert said_by((PLAYER / "readings.js").read_text(encoding="utf-8"), page) == heard


def test_who_listens_hears_what_keys_for_range_loop_and_speed_did():
    page = """
        const clock = (time) => `0:0${time}`;
        const pressed = () => {};
        const player = Object.create(Player.prototype);
        const heard = [];
        const select = { selectedIndex: 1, options: ["0.5×", "1×"].map((text) => ({ text, value: parseFloat(text) })) };
        Object.defineProperty(select, "selectedOptions", { get: () => [select.options[select.selectedIndex]] });
        Object.assign(player, { part: () => select, speak: (words) => heard.push(words), chooses() {}, clock: {} });
        Object.assign(player, { drawing: { lay() {} }, stimulus: { follow() {} }, whole: () => [0, 9] });
        player.range(2, 5); player.loop(); player.loop(); player.speed(-1); player.speed(0);
        console.log(heard.join(", "));
    """
    player = component((PLAYER / "player.js").read_text(encoding="utf-8"))
    assert said_by(player, page) == "Range 0:02 to 0:05, Looping, Not looping, Speed 0.5×"


def test_names_in_the_lanes_stand_on_a_dark_ground():
    page = """
        const drawn = [];
        const context = {
            measureText: () => ({ width: 30 }), beginPath() {}, roundRect() {}, fill() { drawn.push(this.fillStyle); },
            fillText() { drawn.push(this.fillStyle); },
        };
        named(context, { name: "happy", letter: "h", colour: "#b87a00" }, 0, 10, 60);
        console.log(drawn.join(" on ") === `${SHADE} on #ffffff`);
    """
    scripts = [(PLAYER / name).read_text(encoding="utf-8") for name in ("overlay.js", "lanes.js")]
    assert said_by(*scripts, page) == "true"


def test_one_handler_listens_for_cameras_however_often_the_page_runs():
    page = """
        const listening = new Set();
        const mediaDevices = {
            getUserMedia: true, enumerateDevices: async () => [],
            addEventListener: (_, heard) => listening.add(heard),
            removeEventListener: (_, heard) => listening.delete(heard),
        };
        Object.defineProperty(globalThis, "navigator", { value: { mediaDevices } });
        globalThis.window = { isSecureContext: true };
        const found = [];
        let end;
        for (let run = 0; run < 3; run += 1) {
            end = component({ setStateValue() {} });
            found.push(listening.size);
        }
        end();
        console.log(found.join(" "), listening.size);
    """
    assert said_by(component(browser_check._SCRIPT), page) == "1 1 1 0"


def test_the_connection_that_asks_servers_is_closed_with_its_page_and_by_the_next_one():
    page = """
        const made = [];
        globalThis.RTCPeerConnection = class {
            constructor() { this.closed = 0; made.push(this); }
            createDataChannel() {}
            async setLocalDescription() {}
            close() { this.closed += 1; }
        };
        globalThis.setTimeout = () => undefined;
        const given = (run) => ({ data: { servers: [], run }, setStateValue() {} });
        component(given(0));
        component(given(0))(); // a further run of the page, then its end
        component(given(0)); // opened anew, it asks again
        component(given(1))();
        console.log(made.map((one) => one.closed).join(" "));
    """
    assert said_by(component(browser_ways._SCRIPT), page) == "1 1 1"


@pytest.mark.parametrize("can", [True, False])
def test_full_screen_is_offered_where_the_browser_has_it(can):
    page = f"""
        const shown = {{ button: {{}}, key: {{}} }};
        const root = {{
            requestFullscreen: {str(can).lower()},
            querySelector: () => ({{}}),
            querySelectorAll: () => [shown.button, shown.key],
        }};
        globalThis.document = {{ fullscreenEnabled: {str(can).lower()} }};
        globalThis.ResizeObserver = class {{ observe() {{}} }};
        class Part {{}}
        const [Clock, FrameSteps, Drawing, Stimulus] = [Part, Part, Part, Part];
        const listenToPlayer = () => undefined;
        new Player(root);
        console.log(shown.button.hidden, shown.key.hidden);
    """
    player = (PLAYER / "player.js").read_text(encoding="utf-8")
    hidden = str(not can).lower()
    assert said_by(component(player), page) == f"{hidden} {hidden}"
