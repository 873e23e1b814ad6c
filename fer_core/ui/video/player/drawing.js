// The drawing of the player: readings over the picture, the lanes and the part of time that they show, the cursor.

const CLOSEST_S = 0.5; // the shortest time that the lanes are zoomed to

class Drawing {
  // player: has `data`, `readings`, `time`, `playing`, `beyond`, `shown`, `outlines`, `whole()` and `showEnd()`.
  constructor(player) {
    const { part } = player;
    const context = (name) => part(name).getContext("2d");
    Object.assign(this, { player, part, track: part(".track"), stage: part(".stage") });
    Object.assign(this, { overlay: context(".overlay"), rows: context(".rows"), foot: context(".foot") });
    Object.assign(this, { view: null, scale: null, place: null }); // `view`: first and last second of the lanes
  }

  // Sizes, and everything anew: after the page, the window or the theme changed.
  lay() {
    const { player, stage, track } = this;
    const { readings, root } = player;
    if (!readings) return;
    this.view = this.view ?? player.whole();
    const { width, height } = readings;
    root.style.setProperty("--ratio", width && height ? width / height : 16 / 9);
    this.colours = coloursOf(root);
    fit(this.overlay, stage.clientWidth, stage.clientHeight);
    fit(this.rows, track.clientWidth, rowsHeight(readings));
    fit(this.foot, track.clientWidth, FOOT_PX);
    track.style.setProperty("--rows", `${rowsHeight(readings)}px`);
    this.lanes();
    this.draw(true);
  }

  lanes() {
    const { readings, data } = this.player;
    this.scale = new Scale(...this.view, this.track.clientWidth);
    drawRows(this.rows, readings, this.scale, data.range, this.colours);
    drawFoot(this.foot, readings, this.scale, this.colours);
    const [wider, whole] = [this.part('[data-do="wider"]'), this.view[1] - this.view[0] >= readings.end - readings.start];
    if (whole && wider.matches(":focus")) this.track.focus({ preventScroll: true }); // else the keys would be nobody's
    wider.disabled = whole;
  }

  // What changes with the moment; what changes with its sample only where that is another one, or everything is wanted.
  draw(everything = false) {
    const { readings, root, time, shown, outlines, data, beyond } = this.player;
    if (!readings || !this.scale) return;
    drawFitted(this.overlay, this.stage, readings, time, beyond ? {} : shown, outlines?.outlines);
    this.player.showEnd();
    this.cursor();
    const place = readings.before(time);
    const [sample, frame] = [readings.times[place], readings.frames[place]];
    for (const element of root.querySelectorAll(".time")) element.textContent = clock(time);
    const since = time - sample;
    this.part(".frame").textContent =
      place < 0 ? "" : since < readings.frame / 2 ? `frame ${frame}` : `frame ${frame} + ${since.toFixed(2)} s`;
    if (!everything && place === this.place) return;
    this.place = place;
    this.part(".total").textContent = `/ ${clock(readings.end)}`;
    showFaces(this.part(".faces"), readings.at(time), readings, data.person);
    for (const name of this.part(".names").children) pressed(name, Number(name.dataset.person) === data.person);
  }

  cursor() {
    const { player, track, view } = this;
    const { readings, time } = player;
    const [first, last] = player.whole();
    const left = (time > view[1] && view[1] < last) || (time < view[0] && view[0] > first);
    const follows = player.playing || this.follows; // a lane that was moved by hand stays where it is
    if (this.follows || !player.playing) this.tell(); // not of each frame: who listens would hear nothing else
    this.follows = false;
    if (follows && left) return this.pan(time - (view[1] - view[0]) / 10);
    const x = this.scale.x(time);
    const cursor = this.part(".cursor");
    cursor.style.transform = `translateX(${x}px)`;
    cursor.hidden = x < -1 || x > this.scale.width + 1;
    track.dataset.moment = time.toFixed(3);
    return undefined;
  }

  // The moment, for those who do not see it.
  tell() {
    const { track } = this;
    const { readings, time } = this.player;
    if (!readings) return;
    track.setAttribute("aria-valuemin", readings.start);
    track.setAttribute("aria-valuemax", readings.end);
    track.setAttribute("aria-valuenow", time.toFixed(3));
    track.setAttribute("aria-valuetext", `${clock(time)}, ${readings.lines(time).join(", ")}`);
  }

  zoom(factor, around = this.player.time) {
    const [first, last] = this.player.whole();
    const length = Math.min(Math.max((this.view[1] - this.view[0]) * factor, CLOSEST_S), last - first);
    const share = Math.min(Math.max((around - this.view[0]) / (this.view[1] - this.view[0]), 0), 1);
    this.pan(around - share * length, length);
  }

  pan(from, length = this.view[1] - this.view[0]) {
    const [first, last] = this.player.whole();
    const start = Math.min(Math.max(from, first), Math.max(first, last - length));
    this.view = [start, Math.min(start + length, last)];
    this.lay();
  }
}
