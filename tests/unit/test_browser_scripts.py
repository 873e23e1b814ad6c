"""Scripts of the pages as far as no browser is needed: run by Node.js, with as much of a browser as they ask for."""

import shutil
import subprocess

import pytest

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


def test_a_moment_is_told_when_it_is_sought_or_stands_and_not_of_each_frame_that_plays():
    page = """
        const clock = (time) => `0:0${time}`;
        const told = [];
        const track = { dataset: {}, setAttribute: (name, value) => name === "aria-valuenow" && told.push(value) };
        const player = { time: 0, playing: true, whole: () => [0, 9], readings: { start: 0, end: 9, at: () => [] } };
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
