// Looks readings up in the track that `fer_core.ui.video.player.track` makes: moments in, what the table holds out.

const NO_LABEL = { name: "no label", symbol: "–", colour: "#8892a6", pattern: "", letter: "" }; // of a rater, so far
const SAME_S = 1e-5; // moments that the browser and the table give for one frame differ by less

class Readings {
  constructor(track) {
    Object.assign(this, track);
    this.emotions = this.signs.length - 1; // the last sign is that of uncertain readings
    this.frame = 1 / (this.rate || 25);
  }

  // Place of the last sample up to a moment; -1 before the first.
  before(time) {
    return lastUpTo(this.times, time + SAME_S);
  }

  // Place of the sample nearest to a moment; -1 where there is none.
  nearest(time) {
    const place = this.before(time);
    if (place < 0) return this.times.length ? 0 : -1;
    const next = this.times[place + 1];
    return next !== undefined && next - time < time - this.times[place] ? place + 1 : place;
  }

  // Time of the sample that so many samples further stands.
  further(time, samples) {
    const place = this.before(time);
    const between = place >= 0 && time - this.times[place] > this.frame / 2;
    const wanted = place + samples + (between && samples < 0 ? 1 : 0);
    return this.times[Math.min(Math.max(wanted, 0), this.times.length - 1)] ?? time;
  }

  // What the table says of everybody in the sample that stands at a moment, boxes moved on towards the next sample.
  at(time) {
    const place = this.before(time);
    if (place < 0 || time - this.times[place] > this.bridged) return [];
    const found = [];
    for (const person of this.people) {
      const row = rowOf(person.samples, place);
      if (row >= 0) found.push(this.reading(person, row, time));
    }
    return found;
  }

  reading(person, row, time) {
    const start = 7 * row;
    const weight = this.weight(person, row, time);
    const shares = person.probabilities.slice(start, start + this.emotions).map((value) => value / this.unit);
    return {
      person,
      shares,
      label: person.labels[row],
      uncertain: person.uncertain[row] === 1,
      close: person.close[row],
      quality: this.qualities[person.quality[row]],
      place: person.samples[row],
      weight,
      box: this.box(person, row, weight),
    };
  }

  // How far a moment is on the way from a person's sample to the next one, 0 to 1; 0 where the two are not joined.
  weight(person, row, time) {
    const place = person.samples[row];
    const [from, to] = [this.times[place], this.times[place + 1]];
    const joined =
      person.samples[row + 1] === place + 1 &&
      to - from <= this.bridged &&
      !this.cuts.some((cut) => cut > from + SAME_S && cut <= to + SAME_S);
    return joined ? Math.min(Math.max((time - from) / (to - from), 0), 1) : 0;
  }

  // Shares of the picture's sides: x, y, width, height.
  box(person, row, weight) {
    return [0, 1, 2, 3].map((side) => {
      const here = person.boxes[4 * row + side];
      return (here + (weight ? weight * (person.boxes[4 * row + 4 + side] - here) : 0)) / this.unit;
    });
  }

  sign(reading) {
    return this.signs[reading.uncertain ? this.emotions : reading.label] ?? NO_LABEL;
  }

  // "happy", or "uncertain: sad or neutral".
  words(reading) {
    if (this.blind) return this.sign(reading).name;
    const name = this.signs[reading.label].name;
    if (!reading.uncertain) return name;
    return `uncertain: ${reading.close < 0 ? `${name}?` : `${name} or ${this.signs[reading.close].name}`}`;
  }

  // What a person shows at a moment, in a line for a tip or for who listens.
  line(reading) {
    const quality = reading.quality ? `, ${reading.quality}` : "";
    return `${reading.person.name}: ${this.shown(reading)}${quality}`;
  }

  // Its words with the probability of the label; of a rater's label there is none.
  shown(reading) {
    return [this.words(reading), this.share(reading)].filter(Boolean).join(" ");
  }

  // What everybody shows at a moment and whether it counts, a line each.
  lines(time) {
    const faces = this.at(time).map((reading) => this.line(reading));
    return [...(faces.length ? faces : ["nobody in the readings"]), this.excludedAt(time)].filter(Boolean);
  }

  // "excluded: mouth covered" where a moment counts in no figure, else nothing.
  excludedAt(time) {
    const spans = this.excluded.filter(([start, end]) => start - SAME_S <= time && time < end - SAME_S);
    const reasons = [...new Set(spans.map(([, , reason]) => reason).filter(Boolean))].join(", ");
    return spans.length ? `excluded${reasons && `: ${reasons}`}` : "";
  }

  share(reading) {
    return this.blind ? "" : percent(reading.shares[reading.label]);
  }
}

// Place of the last number that is not above a limit, in a list that grows; -1 where there is none.
function lastUpTo(numbers, limit) {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function rowOf(samples, place) {
  const row = lastUpTo(samples, place);
  return row >= 0 && samples[row] === place ? row : -1;
}

function percent(share) {
  return `${Math.round(100 * share)}%`;
}

// Seconds as "0:09.76" or "1:02:09.76".
function clock(seconds, digits = 2) {
  const unit = 10 ** digits;
  const total = Math.round(Math.max(0, seconds) * unit);
  const rest = ((total % (60 * unit)) / unit).toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
  const minutes = Math.floor(total / (60 * unit));
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}
