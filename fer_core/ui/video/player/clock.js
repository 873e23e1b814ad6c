// Time that passes where there is no picture: what the player uses of a video element, without the video.

class Clock extends EventTarget {
  constructor() {
    super();
    Object.assign(this, { duration: Infinity, paused: true, muted: false, seeking: false, readyState: 4 });
    Object.assign(this, { rate: 1, from: 0, since: 0 }); // at `since`, in milliseconds, it was at `from`, in seconds
  }

  get currentTime() {
    const passed = this.paused ? 0 : ((performance.now() - this.since) / 1000) * this.rate;
    return Math.min(this.from + passed, this.duration);
  }

  set currentTime(time) {
    this.set(time);
    setTimeout(() => this.tell("seeked"));
  }

  get playbackRate() {
    return this.rate;
  }

  set playbackRate(rate) {
    this.set(this.currentTime);
    this.rate = rate;
  }

  get ended() {
    return this.currentTime >= this.duration;
  }

  async play() {
    if (!this.paused) return;
    this.set(this.from);
    this.paused = false;
    this.tell("play");
    this.tick();
  }

  pause() {
    if (this.paused) return;
    this.set(this.currentTime);
    this.paused = true;
    this.tell("pause");
  }

  tick() {
    if (this.paused) return;
    if (this.ended) this.pause();
    else requestAnimationFrame(() => this.tick());
  }

  set(time) {
    Object.assign(this, { from: time, since: performance.now() });
  }

  tell(what) {
    this.dispatchEvent(new Event(what));
  }
}
