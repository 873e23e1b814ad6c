// Frame by frame. A press aims at the middle of the next frame; where the frame rate varies, it may be further away.

const TRIES = 8;
const LATE_MS = 800; // a frame that is not shown so long after its seek is the one before

class FrameSteps {
  // player: has `video`, `media` (time of the frame that is shown), `go(seconds)` and `readings.frame` (its length).
  // done: called when a step has ended.
  constructor(player, done) {
    Object.assign(this, { player, done, aim: null });
  }

  // Presses that come before the last one has ended add up.
  press(direction, now) {
    const { player } = this;
    const { frame } = player.readings;
    const from = player.media ?? now;
    const aim = (this.aim ?? from + frame / 2) + direction * frame;
    if (aim < 0 || aim > player.video.duration) return;
    const turned = this.aim !== null && this.direction !== direction;
    Object.assign(this, { aim, direction, from: turned ? null : from, tries: 0 });
    player.go(aim);
  }

  // After a seek: where no other frame comes, it has to go further.
  sought() {
    if (this.aim === null) return;
    clearTimeout(this.late);
    this.late = setTimeout(() => this.further(), LATE_MS);
  }

  shown(media) {
    if (this.aim !== null && media !== this.from) this.end();
  }

  further() {
    const { player } = this;
    if (this.aim === null || player.video.seeking || player.queued !== null) return;
    if (this.tries >= TRIES || player.media !== this.from) {
      this.end();
      return;
    }
    this.tries += 1;
    this.aim += this.direction * player.readings.frame;
    player.go(this.aim);
  }

  end() {
    this.forget();
    this.done();
  }

  forget() {
    clearTimeout(this.late);
    this.aim = null;
  }
}
