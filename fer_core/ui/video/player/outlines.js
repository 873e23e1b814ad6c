// The outlines that `fer_core.ui.video.player.outlines` makes: where the contours of a face lie in its box at a moment.

class Outlines {
  constructor({ points, low, high, lines, circles, people }) {
    Object.assign(this, { points, low, lines, circles, step: (high - low) / 255 });
    const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    this.people = new Map(people.map(({ number, samples, outlines }) => [number, { samples, bytes: bytes(outlines) }]));
  }

  // x and y of all points, one after the other, as shares of the box's sides; null where the sample has no outline.
  // Between two samples points move evenly, as boxes do.
  at({ person, place, weight }) {
    const own = this.people.get(person.number);
    const row = own ? rowOf(own.samples, place) : -1;
    if (row < 0) return null;
    const size = 2 * this.points;
    const here = own.bytes.subarray(row * size, (row + 1) * size);
    const joined = weight > 0 && own.samples[row + 1] === place + 1;
    const next = joined ? own.bytes.subarray((row + 1) * size, (row + 2) * size) : here;
    return Array.from(here, (value, at) => this.low + this.step * (value + weight * (next[at] - value)));
  }
}
