// The player: plays the recording, or its numbers where there is no picture, draws over it, and keeps lanes, figures and
// page at one moment.
// One `Player` lives as long as its element; each run of the page only gives it new data.

const SEEK_S = 0.002; // a seek aims so far into a frame, so that rounding does not show the one before
const JUMP_S = 5;
const TELL_MS = 180; // the page is told once nothing more happens for so long
const SETTLED_MS = 80;
const players = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".player");
  if (!root || !data) return undefined;
  if (!players.has(root)) players.set(root, new Player(root));
  const player = players.get(root);
  player.send = (message) => setTriggerValue("told", message);
  player.update(data);
  return () => player.end();
}

class Player {
  constructor(root) {
    this.root = root;
    this.part = (name) => root.querySelector(name);
    this.element = this.part("video");
    this.clock = new Clock();
    this.track = this.part(".track");
    Object.assign(this, { time: 0, media: null, data: null, readings: null, outlines: null, pending: null, queued: null, snap: null });
    this.steps = new FrameSteps(this, () => this.tell({ moment: true }));
    this.drawing = new Drawing(this);
    this.stimulus = new Stimulus(this);
    this.looping = this.muted = false;
    // What the page may not have heard of yet: range and person, the moment, and every marker and label.
    Object.assign(this, { chosen: {}, unheard: {}, deeds: [], sent: null, visit: Math.random().toString(36).slice(2) });
    this.shown = { boxes: true, labels: true, bars: false, mesh: false };
    const full = Boolean(document.fullscreenEnabled && root.requestFullscreen); // not on an iPhone
    for (const element of root.querySelectorAll('[data-do="full"], .help .full')) element.hidden = !full;
    listenToPlayer(this);
    this.watch = new ResizeObserver(() => this.drawing.lay());
    this.watch.observe(root);
  }

  end() {
    clearTimeout(this.timer);
    this.steps.forget();
    this.watch.disconnect();
    this.video.pause();
    this.element.removeAttribute("src");
    this.element.load();
    this.stimulus.empty();
    players.delete(this.root);
  }

  // --- what the page says ---

  update(data) {
    const before = this.data;
    if (before && data.video !== before.video) {
      this.video.pause();
      this.notice("", "video");
    }
    if (!this.pending && data.heard === this.sent) Object.assign(this, { chosen: {}, unheard: {} });
    this.deeds = this.deeds.filter((deed) => !(deed.sent <= data.heard));
    this.data = { ...data, ...this.chosen }; // the page may answer what came before a choice
    this.showPlaying();
    this.speed(0); // what plays may be another element now
    if (!before) this.show("mesh", this.numbers);
    this.source("video", before?.video, data.video);
    this.source("still", before?.still, data.still);
    this.part(".still").alt = data.words;
    this.element.setAttribute("aria-label", data.words);
    this.part(".overview").textContent = data.overview;
    this.root.classList.toggle("numbers", this.numbers);
    this.root.classList.toggle("silent", (!data.sound || !data.video) && !data.stimulus?.sound);
    this.root.classList.toggle("stills", Boolean(data.still));
    this.root.classList.toggle("bare", !data.outlines);
    if (data.seeks !== before?.seeks) {
      if (this.pending) delete this.pending.moment;
      this.told = data.moment;
      this.seek(data.moment, { tell: false });
    }
    if (data.track !== before?.track) this.fetch(data.track);
    if (data.outlines !== before?.outlines) {
      this.outlines = null;
      this.notice("", "outlines");
    }
    this.fetchOutlines();
    this.drawing.lay();
    this.stimulus.update(data.stimulus);
  }

  source(name, before, now) {
    const element = this.part(name === "still" ? ".still" : name);
    element.hidden = !now;
    if (now && now !== before) element.src = now;
  }

  async fetch(address) {
    try {
      const track = await fetched(address);
      if (address !== this.data.track) return; // a newer one is on its way
      const hides = track.blind !== this.readings?.blind; // a blind rater comes upon no reading
      this.readings = new Readings(track);
      if (hides) this.part(".said").textContent = "";
      if (hides) this.drawing.tell(); // while it plays, the lanes keep their words
      this.clock.duration = this.readings.end;
      this.notice("", "readings");
      showNames(this.part(".names"), this.readings);
      showLegend(this.part(".legend"), this.readings);
      this.drawing.lay();
    } catch {
      if (address === this.data.track) this.notice("The readings could not be loaded; reload the page.", "readings");
    }
  }

  // They are large, so they are fetched once they are drawn.
  async fetchOutlines() {
    const address = this.data.outlines;
    if (!address || !this.shown.mesh || this.outlines?.address === address) return;
    this.outlines = { address };
    try {
      const outlines = new Outlines(await fetched(address));
      if (address !== this.data.outlines) return;
      this.outlines = { address, outlines };
      this.notice("", "outlines");
      this.drawing.draw();
    } catch {
      if (address === this.data.outlines) this.notice("The outlines of the faces could not be loaded; reload the page.", "outlines");
    }
  }

  // What is wrong with one thing stays said when another one is well.
  notice(words, about) {
    this.notices = { ...this.notices, [about]: words };
    const notice = this.part(".notice");
    notice.textContent = Object.values(this.notices).filter(Boolean).join(" ");
    notice.hidden = !notice.textContent;
  }

  // --- what the page is told ---

  tell(message) {
    this.pending = { ...this.pending, ...message };
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), TELL_MS);
  }

  flush() {
    const { moment, ...message } = this.pending ?? {};
    this.pending = null;
    if (moment && this.readings) {
      const sample = this.readings.times[Math.max(0, this.readings.before(this.time))] ?? this.time;
      if (sample !== this.told) this.unheard = { moment: (this.told = sample) };
      this.say();
    }
    if (!Object.keys({ ...message, ...this.unheard }).length && !this.deeds.length) return;
    this.sent = Date.now();
    for (const deed of this.deeds) deed.sent ??= this.sent;
    this.send({ ...message, ...this.chosen, ...this.unheard, deeds: this.deeds, number: this.sent });
  }

  // A message takes the place of one that the page has not come to, so what must not be lost goes with all until it has.
  does(deed) {
    this.done = (this.done ?? 0) + 1;
    this.deeds.push({ ...deed, id: `${this.visit} ${this.done}` });
    this.tell({});
  }

  chooses(choice) {
    this.chosen = { ...this.chosen, ...choice };
    this.data = { ...this.data, ...choice };
    this.tell(choice);
  }

  say() {
    // The slider says the moment itself while it has the focus.
    this.speak(`${clock(this.time)}. ${this.readings.lines(this.time).join(". ")}`, !this.track.matches(":focus"));
  }

  speak(words, aloud = true) {
    const said = this.part(".said");
    said.setAttribute("aria-live", aloud ? "polite" : "off");
    said.textContent = words;
  }

  // --- time ---

  // There is no picture at all.
  get numbers() {
    return Boolean(this.data) && !this.data.video && !this.data.still;
  }

  get video() {
    return this.data?.video ? this.element : this.clock;
  }

  get plays() {
    return Boolean(this.data?.video) || this.numbers;
  }

  get playing() {
    return this.plays && !this.video.paused && !this.video.ended;
  }

  // A copy may end before the recording does: its last frame is then not that of the moment.
  get beyond() {
    return Boolean(this.data?.video) && this.data.until !== null && this.time > this.data.until + SEEK_S;
  }

  // Where the last frame of the range begins.
  get lastFrame() {
    return Math.min(this.data.range[1], this.video.duration || Infinity) - this.readings.frame;
  }

  whole() {
    return [this.readings.start, this.readings.end];
  }

  // Go to a moment; to a sample's exactly, so that its frame is shown and its numbers stand.
  seek(time, { tell = true, snap = true } = {}) {
    const [first, last] = this.readings ? this.whole() : [0, Infinity];
    this.time = Math.min(Math.max(time, first), last);
    this.snap = snap ? this.time : null;
    this.steps.forget();
    if (this.plays) this.go(this.time + (snap ? SEEK_S : 0));
    if (tell) this.tell({ moment: true });
    this.drawing.follows = true;
    this.drawing.draw();
    this.stimulus.follow();
  }

  go(target) {
    if (this.video.readyState < 1) return; // goes there when it can
    if (this.video.seeking) this.queued = target;
    else this.video.currentTime = Math.min(target, Math.max(0, this.video.duration - 0.001));
  }

  sought() {
    if (this.queued !== null) {
      const target = this.queued;
      this.queued = null;
      this.go(target);
      return;
    }
    this.steps.sought();
    // The frame may have been shown before the browser said that the seek has ended.
    setTimeout(() => this.media !== null && this.frameShown(this.media), SETTLED_MS);
  }

  frameShown(media) {
    this.media = media;
    if (this.video.seeking || this.queued !== null) return;
    if (this.playing || !this.beyond) this.time = this.snap !== null && !this.playing ? this.snap : media;
    this.steps.shown(media);
    if (this.playing) {
      this.snap = null;
      const [from, to] = this.data.range;
      if (this.looping && this.readings && this.time >= to - this.readings.frame) return this.seek(from, { tell: false });
    }
    this.drawing.draw();
    this.stimulus.follow();
  }

  async toggle() {
    if (!this.plays) return;
    if (this.playing) return this.video.pause();
    const [from, to] = this.data.range;
    const outside = this.time < from - SAME_S || this.time >= to - (this.readings?.frame ?? 0.04);
    if (this.video.ended || (this.looping && outside)) this.seek(from, { tell: false });
    if (this.beyond) return;
    await this.video.play().catch((error) => {
      if (error.name !== "AbortError") this.notice("The browser does not play this recording.", "video"); // else it was paused
    });
  }

  samples(count) {
    if (!this.readings) return;
    this.video.pause();
    this.seek(this.readings.further(this.time, count));
  }

  seconds(count) {
    this.seek(this.time + count, { snap: false });
  }

  frames(direction) {
    if (!this.data.video || this.beyond) return this.samples(direction);
    this.video.pause();
    this.snap = null;
    return this.steps.press(direction, this.time);
  }

  speed(step) {
    const select = this.part("select");
    if (step) select.selectedIndex = Math.min(Math.max(select.selectedIndex + step, 0), select.options.length - 1);
    if (step) this.speak(`Speed ${select.selectedOptions[0].text}`);
    this.video.playbackRate = Number(select.value);
    this.stimulus.follow();
  }

  loop() {
    this.looping = !this.looping;
    pressed(this.part('[data-do="loop"]'), this.looping);
    this.speak(this.looping ? "Looping" : "Not looping");
  }

  mute() {
    this.muted = !this.muted;
    pressed(this.part('[data-do="mute"]'), this.muted);
    this.showSound();
  }

  // One sound at a time: the recording's, or the stimulus'.
  showSound() {
    this.video.muted = this.muted || this.stimulus.heard;
    this.stimulus.video.muted = this.muted || !this.stimulus.heard;
  }

  range(from, to) {
    const [first, last] = this.whole();
    const range = from < to ? [from, to] : from >= this.data.range[1] ? [from, last] : [first, to];
    this.chooses({ range });
    this.drawing.lay();
    this.speak(`Range ${clock(range[0])} to ${clock(range[1])}`);
  }

  // --- events of the page's visitor ---

  mark() {
    const form = this.part("form.mark");
    form.hidden = false;
    this.marked = this.time;
    form.querySelector(".at").textContent = clock(this.time);
    form.querySelector("input").focus();
  }

  unmark() {
    const form = this.part("form.mark");
    form.hidden = true;
    form.reset();
    this.track.focus({ preventScroll: true });
  }

  choose(person) {
    this.chooses({ person });
    this.drawing.draw(true);
  }

  // Label the range, tell who listens, and go on to the rest of the recording as the page will: the next key may be
  // quicker than its answer.
  rate(label) {
    const [from, to] = this.data.range;
    const { end, interval } = this.readings;
    this.does({ rate: label, range: [from, to], person: this.data.person });
    if (end - to >= 2 * interval - SAME_S) this.range(to, end);
    this.speak(`${clock(from)} to ${clock(to)}: ${label}`);
  }

  show(what, wanted) {
    this.shown[what] = wanted;
    pressed(this.part(`[data-show="${what}"]`), wanted);
  }

  full() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.root.requestFullscreen?.();
  }

  help() {
    const help = this.part(".help:not(button)");
    help.hidden = !help.hidden;
    this.part('[data-do="help"]').setAttribute("aria-expanded", String(!help.hidden));
  }

  changed() {
    this.showPlaying();
    this.stimulus.follow();
    if (this.video.ended && this.looping) return this.toggle();
    if (!this.playing) {
      this.drawing.tell();
      this.tell({ moment: true });
    }
    return undefined;
  }

  showPlaying() {
    this.part(".play").setAttribute("aria-label", this.playing ? "Pause" : "Play");
    this.root.classList.toggle("playing", this.playing);
  }

  showEnd() {
    const words = this.beyond ? `The copy ends at ${clock(this.data.until)}.` : "";
    if (words !== (this.notices?.copy ?? "")) this.notice(words, "copy");
  }

  drawn(what) {
    this.show(what, !this.shown[what]);
    this.fetchOutlines();
    this.drawing.draw();
  }

}

// The JSON document under an address.
async function fetched(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
}
