// The stimulus beside the recording: another recording that follows the player's clock, moved by an offset.

const TOGETHER_S = 0.01; // so close, both play at one speed again
const DRIFTED_S = 0.03; // so far apart, the stimulus catches up or waits
const APART_S = 0.4; // so far apart, it jumps
const CATCH_UP = 2; // share of the speed by which it is faster or slower until then, for each second that it is late
const MOST = 0.25; // of the speed, so that its sound can still be listened to
const STEP = 0.05; // in these steps, as every change of speed costs the browser time

class Stimulus {
  // player: has `video`, `time`, `playing`, `part`, `root`, `data` and `toggle()`.
  constructor(player) {
    Object.assign(this, { player, figure: player.part(".stimulus"), given: null, aimed: null, catching: false, heard: false });
    this.video = this.figure.querySelector("video");
    for (const name of ["loadedmetadata", "seeked"]) this.video.addEventListener(name, () => this.follow());
    this.video.addEventListener("error", () => this.given && this.say("This browser cannot play it."));
    this.figure.addEventListener("click", () => player.toggle());
  }

  // given: `video` (its address), `name`, `offset` in seconds, `sound` (whether it has any); null for none.
  update(given) {
    const { player, video } = this;
    const before = this.given;
    this.given = given;
    this.figure.hidden = !given;
    player.root.classList.toggle("accompanied", Boolean(given));
    player.root.classList.toggle("unheard", !given?.sound);
    if (given?.video !== before?.video) {
      this.aimed = null;
      this.empty();
      if (given) video.src = given.video;
      this.hear(Boolean(given?.sound) && !player.data.sound);
    }
    if (given) video.setAttribute("aria-label", `Stimulus: ${given.name}`);
    this.follow();
  }

  // Let its sound be heard, instead of the recording's.
  hear(wanted) {
    this.heard = wanted;
    pressed(this.player.part('[data-do="sound"]'), wanted);
    this.player.showSound();
  }

  // To where the player is, and on with it where it plays.
  follow() {
    const { player, video, given } = this;
    if (!given || video.readyState < 1) return;
    const runs = player.playing && !player.video.seeking && player.video.readyState > 2;
    const wanted = (runs ? player.video.currentTime : player.time) - given.offset;
    const [early, over] = [wanted < -SAME_S, wanted >= video.duration];
    this.figure.classList.toggle("away", early || over);
    this.say(early ? `begins at ${clock(Math.max(0, given.offset))}` : over ? "is over" : clock(wanted));
    if (runs && !early && !over) this.run(wanted);
    else this.rest(wanted);
  }

  run(wanted) {
    const { video } = this;
    const late = wanted - video.currentTime;
    this.aimed = null;
    if (Math.abs(late) > APART_S) {
      if (!video.seeking) video.currentTime = wanted;
      this.catching = false;
    } else if (Math.abs(late) > DRIFTED_S) this.catching = true;
    else if (Math.abs(late) < TOGETHER_S) this.catching = false;
    const more = this.catching ? Math.min(Math.max(Math.ceil((CATCH_UP * Math.abs(late)) / STEP) * STEP, STEP), MOST) : 0;
    const rate = this.player.video.playbackRate * (1 + Math.sign(late) * more);
    if (video.playbackRate !== rate) video.playbackRate = rate;
    if (video.paused) video.play().catch(() => {}); // paused again before it began
  }

  // The very frame of the moment, once.
  rest(wanted) {
    const { video } = this;
    if (!video.paused) video.pause();
    const aim = Math.min(Math.max(wanted, 0) + SEEK_S, Math.max(0, video.duration - 0.001));
    if (video.seeking || aim === this.aimed) return; // where it seeks, it comes here again afterwards
    this.aimed = aim;
    video.currentTime = aim;
  }

  say(words) {
    this.figure.querySelector("figcaption").textContent = `Stimulus ${words}`;
  }

  empty() {
    this.video.pause();
    this.video.removeAttribute("src");
    this.video.load();
  }
}
