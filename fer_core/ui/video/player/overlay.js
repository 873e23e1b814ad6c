// Draws readings over the picture: boxes, name tags, bars, outlines. Tags and bars cover no face and no other tag.

const EMOJI = '"Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji", sans-serif';
const INK = "#ffffff";
const SHADE = "rgba(14, 18, 28, 0.82)";
const TAG_PX = 22;
const BARS_PX = [118, 96]; // width and height
const SYMBOL_PX = 20; // room for the symbol in a tag
let font = "system-ui, sans-serif"; // of the page, as the theme has it

// Over the picture where it lies in the stage: as large as fits, in the middle.
function drawFitted(context, stage, readings, time, shown, outlines) {
  const { clientWidth, clientHeight } = stage;
  const ratio = readings.width / readings.height || 16 / 9;
  const width = Math.min(clientWidth, clientHeight * ratio);
  const size = [width, width / ratio];
  const pixels = window.devicePixelRatio || 1;
  const [left, top] = [(clientWidth - size[0]) / 2, (clientHeight - size[1]) / 2];
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  context.setTransform(pixels, 0, 0, pixels, left * pixels, top * pixels);
  drawOverlay(context, size, readings, time, shown, outlines);
}

function drawOverlay(context, size, readings, time, shown, outlines) {
  const [width, height] = size;
  const found = readings.at(time).map((reading) => {
    const [x, y, w, h] = reading.box;
    return { reading, rect: [x * width, y * height, w * width, h * height] };
  });
  const taken = found.map((one) => one.rect);
  for (const one of found) {
    if (shown.mesh && outlines) drawOutline(context, one, outlines);
    if (shown.boxes) drawBox(context, one, readings);
    if (shown.labels) drawTag(context, size, one, readings, taken);
  }
  if (shown.bars && !readings.blind) for (const one of found) drawBars(context, size, one, readings, taken);
}

function drawBox(context, { reading, rect }, readings) {
  const [x, y, width, height] = rect;
  context.save();
  context.lineJoin = "round";
  context.setLineDash(reading.uncertain ? [7, 5] : []);
  for (const [colour, line] of [["rgba(0, 0, 0, 0.55)", 5], [readings.sign(reading).colour, 3]]) {
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.beginPath();
    context.roundRect(x, y, width, height, 6);
    context.stroke();
  }
  context.restore();
}

function drawTag(context, size, { reading, rect }, readings, taken) {
  const sign = readings.sign(reading);
  const whose = readings.people.length > 1 ? `${reading.person.name} ` : "";
  const text = `${whose}${readings.shown(reading)}`;
  context.save();
  context.font = `600 14px ${font}`;
  const width = Math.min(context.measureText(text).width + SYMBOL_PX + 16, size[0]);
  const place = freePlace(rect, [width, TAG_PX], size, taken);
  if (place) {
    taken.push(place);
    pill(context, place, SHADE, 6);
    context.fillStyle = sign.colour;
    context.fillRect(place[0], place[1] + 3, 3, TAG_PX - 6);
    context.fillStyle = INK;
    context.textBaseline = "middle";
    context.fillText(text, place[0] + 8 + SYMBOL_PX, place[1] + TAG_PX / 2 + 1, width - SYMBOL_PX - 12);
    context.font = `13px ${EMOJI}`;
    context.fillText(sign.symbol, place[0] + 8, place[1] + TAG_PX / 2 + 1);
  }
  context.restore();
}

function drawBars(context, size, { reading, rect }, readings, taken) {
  const place = freePlace(rect, BARS_PX, size, taken, true);
  if (!place) return; // the list beside the picture has them
  taken.push(place);
  context.save();
  pill(context, place, SHADE, 6);
  context.font = `500 11px ${font}`;
  context.textBaseline = "middle";
  const row = (BARS_PX[1] - 8) / reading.shares.length;
  reading.shares.forEach((share, emotion) => {
    const y = place[1] + 4 + row * emotion;
    context.fillStyle = INK;
    context.fillText(readings.signs[emotion].name, place[0] + 6, y + row / 2, 46);
    context.fillStyle = "rgba(255, 255, 255, 0.16)";
    context.fillRect(place[0] + 54, y + 3, 58, row - 6);
    context.fillStyle = lighter(readings.signs[emotion].colour);
    context.fillRect(place[0] + 54, y + 3, Math.max(1, 58 * share), row - 6);
  });
  context.restore();
}

// The contours of a face, dark beneath light, so that they are seen on any ground.
function drawOutline(context, { reading, rect }, outlines) {
  const points = outlines.at(reading);
  if (!points) return;
  const [x, y, width, height] = rect;
  const at = (place) => [x + points[2 * place] * width, y + points[2 * place + 1] * height];
  context.save();
  context.lineJoin = context.lineCap = "round";
  context.beginPath();
  for (const line of outlines.lines) line.forEach((place, n) => (n ? context.lineTo(...at(place)) : context.moveTo(...at(place))));
  for (const [middle, rim] of outlines.circles) {
    const [a, b] = [at(middle), at(rim)];
    const radius = Math.hypot(b[0] - a[0], b[1] - a[1]);
    context.moveTo(a[0] + radius, a[1]);
    context.arc(a[0], a[1], radius, 0, 2 * Math.PI);
  }
  for (const [colour, line] of [["rgba(0, 0, 0, 0.45)", 3], ["rgb(150, 225, 235)", 1.4]]) {
    context.strokeStyle = colour;
    context.lineWidth = line;
    context.stroke();
  }
  context.restore();
}

// Where beside a box there is room for something of a size; null where it would cover a face or something else.
function freePlace([x, y, width, height], [wide, high], size, taken, beside = false) {
  const left = Math.min(Math.max(x, 0), size[0] - wide);
  const ends = Math.min(Math.max(x + width - wide, 0), size[0] - wide);
  const gap = 4;
  const over = [[left, y - high - gap], [left, y + height + gap], [ends, y - high - gap], [ends, y + height + gap]];
  const aside = [[x + width + gap, y], [x - wide - gap, y], [x + width + gap, y + height - high], [x - wide - gap, y + height - high]];
  for (const [a, b] of beside ? [...aside, ...over] : [...over, ...aside]) {
    const place = [a, b, wide, high];
    const inside = a >= 0 && b >= 0 && a + wide <= size[0] && b + high <= size[1];
    if (inside && !taken.some((other) => overlap(place, other))) return place;
  }
  return null;
}

function overlap([ax, ay, aw, ah], [bx, by, bw, bh]) {
  return ax < bx + bw && bx < ax + aw && ay < by + bh && by < ay + ah;
}

function pill(context, [x, y, width, height], colour, radius) {
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(x, y, width, height, radius);
  context.fill();
}

// A colour that is told from a dark ground.
function lighter(colour) {
  const parts = [1, 3, 5].map((from) => parseInt(colour.slice(from, from + 2), 16));
  return `rgb(${parts.map((part) => Math.round(part + (255 - part) * 0.3)).join(", ")})`;
}

// A canvas at the screen's own resolution.
function fit(context, width, height) {
  const pixels = window.devicePixelRatio || 1;
  const { canvas } = context;
  const [wide, high] = [Math.round(width * pixels), Math.round(height * pixels)];
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
  context.setTransform(pixels, 0, 0, pixels, 0, 0);
}
