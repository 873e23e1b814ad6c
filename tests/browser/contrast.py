"""How well words of a page are to be read, as the browser draws them."""

from playwright.sync_api import Locator

_CONTRAST = """(element) => {
    const pen = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
    const parts = (colour) => {
        pen.clearRect(0, 0, 1, 1);
        pen.fillStyle = colour;
        pen.fillRect(0, 0, 1, 1);
        const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
        return [[red, green, blue], alpha / 255];
    };
    const over = ([colour, alpha], ground) => colour.map((part, place) => alpha * part + (1 - alpha) * ground[place]);
    const linear = (part) => (part <= 10 ? part / 3295 : ((part / 255 + 0.055) / 1.055) ** 2.4);
    const light = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
    const around = [];
    for (let one = element; one; one = one.parentElement) around.unshift(getComputedStyle(one));
    const opacity = around.reduce((all, style) => all * Number(style.opacity), 1);
    const ground = around.reduce((below, style) => over(parts(style.backgroundColor), below), [255, 255, 255]);
    const [colour, alpha] = parts(getComputedStyle(element).color);
    const both = [light(over([colour, alpha * opacity], ground)), light(ground)];
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
}"""


def contrast(words: Locator) -> float:
    """WCAG contrast of the words of an element with what lies under them, opacity included; 1 to 21."""
    return float(words.first.evaluate(_CONTRAST))
