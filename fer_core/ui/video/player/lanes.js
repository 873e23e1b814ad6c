// Draws the lanes: a row a person with what they showed, their quality beneath, events and the time at the foot.

const ROW_PX = 38;
const RIBBON_PX = 22;
const POOR_PX = 5;
const EVENTS_PX = 20;
const AXIS_PX = 22;
const STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const patterns = new Map();

const FOOT_PX = EVENTS_PX + AXIS_PX;

function rowsHeight(readings) {
  return Math.max(1, readings.people.length) * ROW_PX;
}

// The theme's colours, which a canvas does not take over by itself; its font, too.
function coloursOf(root) {
  const style = getComputedStyle(root);
  const colour = (name) => style.getPropertyValue(`--st-${name}`).trim();
  font = style.fontFamily;
  return {
    text: colour("text-color"),
    background: colour("background-color"),
    ground: colour("secondary-background-color"),
    border: colour("border-color"),
    primary: colour("primary-color"),
    quiet: "#8892a6", // of lines; words need more contrast
    soft: `color-mix(in srgb, ${colour("text-color")} 68%, transparent)`, // as `--soft` of the style sheet
    poor: "#d97706",
    veil: `color-mix(in srgb, ${colour("background-color")} 62%, transparent)`,
  };
}

// What a place across the lanes is as a moment, and back.
class Scale {
  constructor(from, to, width) {
    Object.assign(this, { from, to, width, span: Math.max(to - from, 1e-3) });
  }
  x(time) {
    return ((time - this.from) / this.span) * this.width;
  }
  time(x) {
    return this.from + (x / this.width) * this.span;
  }
}

function drawRows(context, readings, scale, range, colours) {
  const height = rowsHeight(readings);
  context.clearRect(0, 0, scale.width, height);
  readings.people.forEach((person, row) => drawPerson(context, person, row * ROW_PX, readings, scale, colours));
  if (!readings.people.length) write(context, "nobody in the readings", 8, ROW_PX / 2, colours.text, 12);
  for (const [start, end] of readings.excluded) drawExcluded(context, scale, start, end, height, colours);
  context.fillStyle = colours.primary;
  for (const [time] of readings.markers) {
    for (let y = 2; y < height; y += 6) context.fillRect(scale.x(time) - 0.5, y, 1, 3);
  }
  context.fillStyle = colours.veil;
  const [left, right] = [scale.x(range[0]), scale.x(range[1])];
  if (left > 0) context.fillRect(0, 0, left, height);
  if (right < scale.width) context.fillRect(right, 0, scale.width - right, height);
}

// Events and time, which stay in sight where the lanes are scrolled.
function drawFoot(context, readings, scale, colours) {
  context.clearRect(0, 0, scale.width, FOOT_PX);
  drawEvents(context, readings, scale, colours);
  drawAxis(context, scale, EVENTS_PX, colours);
}

function drawPerson(context, person, top, readings, scale, colours) {
  context.fillStyle = colours.ground;
  context.fillRect(0, top + 4, scale.width, RIBBON_PX);
  for (const [start, end, label, uncertain] of person.runs) {
    if (end < scale.from || start > scale.to) continue;
    const sign = readings.signs[label];
    const left = Math.max(scale.x(start), -2);
    const width = Math.max(Math.min(scale.x(end), scale.width + 2) - left, 1);
    const [y, high] = uncertain ? [top + 4 + RIBBON_PX / 2, RIBBON_PX / 2] : [top + 4, RIBBON_PX];
    context.fillStyle = sign.colour;
    context.fillRect(left, y, width, high);
    const hatching = width > 5 && pattern(context, sign.pattern);
    if (hatching) {
      context.fillStyle = hatching;
      context.fillRect(left, y, width, high);
    }
    if (!uncertain) named(context, sign, left, top + 4 + RIBBON_PX / 2, width);
  }
  context.fillStyle = colours.poor;
  for (const [start, end] of person.poor) {
    context.fillRect(scale.x(start), top + 5 + RIBBON_PX, Math.max(scale.x(end) - scale.x(start), 1), POOR_PX);
  }
}

// The name of the expression on a dark plate where there is room for it, else its letter.
function named(context, sign, left, middle, width) {
  for (const text of [sign.name, sign.letter]) {
    context.font = `600 12px ${font}`;
    const wide = context.measureText(text).width;
    if (wide + 10 > width) continue;
    pill(context, [left + (width - wide) / 2 - 3, middle - 7, wide + 6, 14], SHADE, 3);
    write(context, text, left + (width - wide) / 2, middle + 0.5, "#ffffff", 12, 600);
    return;
  }
}

function drawExcluded(context, scale, start, end, foot, colours) {
  const left = scale.x(start);
  context.save();
  context.globalAlpha = 0.55;
  context.fillStyle = colours.background;
  context.fillRect(left, 0, scale.x(end) - left, foot);
  context.globalAlpha = 0.8;
  context.strokeStyle = colours.quiet;
  context.beginPath();
  context.rect(left, 0, scale.x(end) - left, foot);
  context.clip();
  context.beginPath();
  for (let x = left - foot; x < scale.x(end); x += 9) {
    context.moveTo(x, foot);
    context.lineTo(x + foot, 0);
  }
  context.stroke();
  context.restore();
}

// Flags; their words where they do not run into the next one, else their number in the order of time.
function drawEvents(context, readings, scale, colours) {
  const markers = [...readings.markers].sort((one, other) => one[0] - other[0]);
  context.font = `500 12px ${font}`;
  markers.forEach(([time, text], place) => {
    const x = scale.x(time);
    if (x < -1 || x > scale.width) return;
    context.fillStyle = colours.primary;
    context.beginPath();
    context.moveTo(x, 1);
    context.lineTo(x, EVENTS_PX - 3);
    context.lineTo(x + 7, 5);
    context.fill();
    const next = markers[place + 1] ? scale.x(markers[place + 1][0]) : scale.width;
    const words = shortened(context, text, next - x - 16) ?? shortened(context, String(place + 1), next - x - 10);
    if (words) write(context, words, x + 11, EVENTS_PX / 2, colours.text, 12, 500);
  });
}

function shortened(context, text, room) {
  if (context.measureText(text).width <= room) return text;
  if (room < 34) return null;
  let length = text.length;
  while (length > 3 && context.measureText(`${text.slice(0, length)}…`).width > room) length -= 1;
  return `${text.slice(0, length)}…`;
}

function drawAxis(context, scale, top, colours) {
  const step = STEPS_S.find((seconds) => (seconds / scale.span) * scale.width >= 64) ?? 7200;
  for (let mark = Math.ceil(scale.from / step - 1e-6); mark * step <= scale.to + 1e-6; mark += 1) {
    const x = scale.x(mark * step);
    context.fillStyle = colours.border;
    context.fillRect(x, top, 1, 5);
    const text = clock(mark * step, step < 1 ? 1 : 0);
    context.font = `400 12px ${font}`;
    const wide = context.measureText(text).width;
    const left = Math.min(Math.max(x - wide / 2, 0), scale.width - wide);
    write(context, text, left, top + 14, colours.soft, 12, 400);
  }
}

function write(context, text, x, y, colour, size, weight = 500) {
  context.font = `${weight} ${size}px ${font}`;
  context.fillStyle = colour;
  context.textBaseline = "middle";
  context.fillText(text, x, y);
}

// White hatching as in the charts, by the sign of its shape; null for none.
function pattern(context, shape) {
  if (!shape) return null;
  if (!patterns.has(shape)) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const pen = tile.getContext("2d");
    pen.strokeStyle = pen.fillStyle = "rgba(255, 255, 255, 0.38)";
    pen.lineWidth = 1.1;
    const lines = {
      "/": [[-2, 2, 2, -2], [-2, 10, 10, -2], [6, 10, 10, 6]],
      "\\": [[-2, 6, 2, 10], [-2, -2, 10, 10], [6, -2, 10, 2]],
      x: [[0, 0, 8, 8], [0, 8, 8, 0]],
      "+": [[4, 0, 4, 8], [0, 4, 8, 4]],
      "-": [[0, 4, 8, 4]],
      "|": [[4, 0, 4, 8]],
    }[shape];
    for (const [x, y, toX, toY] of lines ?? []) {
      pen.beginPath();
      pen.moveTo(x, y);
      pen.lineTo(toX, toY);
      pen.stroke();
    }
    if (!lines) pen.fillRect(3, 3, 2, 2);
    patterns.set(shape, tile);
  }
  return context.createPattern(patterns.get(shape), "repeat");
}
