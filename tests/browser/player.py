"""Talks to the player as a visitor does, and asks it what it shows."""

from typing import Any

from playwright.sync_api import Page, expect

_PARTS = """
    const shadow = document.querySelector("[data-testid=stBidiComponentIsolated]").shadowRoot;
    const video = shadow.querySelector("video");
    const part = (name) => shadow.querySelector(name);
"""


def player_video(page: Page, expression: str) -> Any:
    """The value of a JavaScript expression over `video`, the element, and `part(selector)` of the player."""
    return page.evaluate(f"() => {{ {_PARTS} return {expression}; }}")


def wait_for_player(page: Page) -> None:
    """Until the first frame is there, and the lanes."""
    expect(page.locator(".names button").first).to_be_visible(timeout=60_000)
    page.wait_for_function(f"() => {{ {_PARTS} return video.readyState >= 2; }}", timeout=60_000)


def player_time(page: Page) -> float:
    """The moment that the player shows, in seconds."""
    return float(page.get_by_role("slider", name="Moment in the recording").get_attribute("data-moment") or "nan")


def key(page: Page, *names: str) -> None:
    """Press keys in the player."""
    slider = page.get_by_role("slider", name="Moment in the recording")
    slider.focus()
    for name in names:
        page.keyboard.press(name)
        page.wait_for_timeout(250)


def click_lane(page: Page, across: float, person: int = 0, touch: bool = False) -> None:
    """A click at a share of the width of the lanes, in the lane of the person of this place, from 0."""
    lanes = page.get_by_role("slider", name="Moment in the recording")
    lanes.scroll_into_view_if_needed()
    box = lanes.bounding_box()
    assert box
    place = box["x"] + across * box["width"], box["y"] + 38 * person + 15
    (page.touchscreen.tap if touch else page.mouse.click)(*place)
