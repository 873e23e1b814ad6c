// Shows what `fer_core.ui.live.panel` sends: the symbol and name of the emotion, seven bars, the last minute.
// It runs again with every new reading and changes what is there, so that bars glide and nothing flickers.

const MINUTE_S = 60;
const SYMBOL_EVERY_S = 5; // between two symbols of one lane, at least
const LARGER = 1.5; // by so much, in area, another face has to be larger before its bars are shown instead
const HELD_S = 1; // for so long a reading stands where the next one is late
const EMOJI = '"Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji", sans-serif';

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".panel");
  if (!root || !data) return;
  const part = (name) => root.querySelector(`.${name}`);

  show(part("message"), data.message, (element, message) => {
    element.dataset.kind = message.kind;
    if (element.textContent !== message.text) element.textContent = message.text; // else it is read aloud each time
  });
  const face = chosen(root, data.faces);
  now(part("symbol"), part("label"), part("detail"), face, data);
  people(root, part("people"), data);
  bars(part("bars"), face, data);
  show(part("progress"), data.progress, (element, progress) => {
    element.firstElementChild.style.width = `${100 * progress.share}%`;
    element.lastElementChild.textContent = progress.text;
  });
  show(part("minute"), data.minute, (element, minute) => lanes(element.querySelector(".lanes"), minute, data.emotions));
  show(part("recording"), data.recording, (element, text) => (element.textContent = text));
  part("stats").textContent = data.stats;
}

function show(element, value, fill) {
  element.hidden = value === null;
  if (value !== null) fill(element, value);
}

// The face whose bars are shown: the one that was clicked, else the largest. Of two about as large, the one that was
// shown before, so that the panel does not jump between them.
function chosen(root, faces) {
  const of = (person) => faces.find((face) => String(face.person) === person);
  const largest = faces.reduce((best, face) => (best === null || face.size > best.size ? face : best), null);
  const before = of(root.dataset.shown);
  const face = of(root.dataset.person) ?? (before && largest.size < LARGER * before.size ? before : largest);
  if (face) root.dataset.shown = face.person;
  return face;
}

function now(symbol, label, detail, face, data) {
  const style = face && data.emotions[face.label];
  symbol.textContent = face ? (face.uncertain ? "❔" : style.symbol) : data.idle.symbol;
  symbol.style.setProperty("--colour", face && !face.uncertain ? style.colour : "var(--st-border-color)");
  symbol.classList.toggle("uncertain", Boolean(face?.uncertain));
  label.textContent = face ? face.words : data.idle.title;
  const whose = face && data.faces.length > 1 ? [`Person ${face.person}`] : [];
  detail.textContent = face
    ? [...whose, `${percent(face.p[face.label])} confidence`, ...face.details].join(" · ")
    : data.idle.text;
}

function people(root, element, data) {
  element.hidden = data.faces.length < 2;
  if (element.hidden) return element.replaceChildren();
  const shown = chosen(root, data.faces);
  const known = new Map([...element.children].map((button) => [button.dataset.person, button]));
  const buttons = data.faces.map((face) => {
    const person = String(face.person);
    const button = known.get(person) ?? document.createElement("button");
    button.type = "button";
    button.dataset.person = person;
    button.setAttribute("aria-pressed", face === shown);
    const style = data.emotions[face.label];
    const name = face.uncertain ? `${style.name}?` : style.name;
    button.textContent = `${person} ${face.uncertain ? "❔" : style.symbol} ${name} ${percent(face.p[face.label])}`;
    button.onclick = () => {
      root.dataset.person = person;
      for (const other of element.children) other.setAttribute("aria-pressed", other === button);
    };
    return button;
  });
  // One that stays is not taken out, so that it keeps the focus.
  for (const child of [...element.children]) if (!buttons.includes(child)) child.remove();
  buttons.forEach((button, i) => {
    if (element.children[i] !== button) element.insertBefore(button, element.children[i] ?? null);
  });
}

function bars(element, face, data) {
  if (element.children.length !== data.emotions.length) element.replaceChildren(...data.emotions.map(bar));
  data.emotions.forEach((style, i) => {
    const row = element.children[i];
    const value = face ? face.p[i] : 0;
    row.classList.toggle("top", face !== null && i === face.label);
    row.setAttribute("aria-valuenow", (100 * value).toFixed(0));
    row.querySelector(".value").style.width = `${100 * value}%`;
    row.querySelector(".limit").style.left = `${100 * data.threshold}%`;
    row.title = `Dotted: uncertain below ${percent(data.threshold)}`;
    row.querySelector(".share").textContent = face ? percent(value) : "–";
  });
}

function bar(style) {
  const row = document.createElement("div");
  row.className = "bar";
  row.setAttribute("role", "meter");
  row.setAttribute("aria-label", style.name);
  row.setAttribute("aria-valuemin", "0");
  row.setAttribute("aria-valuemax", "100");
  row.innerHTML =
    '<span class="name"><span class="emoji"></span> <span class="word"></span></span><span class="track"><div class="value"></div><span class="limit"></span></span>' +
    '<span class="share"></span>';
  row.querySelector(".emoji").textContent = style.symbol;
  row.querySelector(".word").textContent = style.name;
  row.querySelector(".value").style.background = style.colour;
  return row;
}

function lanes(element, minute, emotions) {
  element.parentElement.classList.toggle("several", minute.people.length > 1);
  const lanesNow = minute.people.map((lane) => {
    const row = [...element.children].find((child) => child.dataset.person === String(lane.person)) ?? newLane(lane.person);
    row.querySelector(".who").textContent = minute.people.length > 1 || lane.person > 1 ? lane.person : "";
    paint(row.querySelector("canvas"), lane, minute, emotions);
    return row;
  });
  if (lanesNow.some((row, i) => element.children[i] !== row) || lanesNow.length !== element.children.length) {
    element.replaceChildren(...lanesNow);
    lanesNow.forEach((row, i) => paint(row.querySelector("canvas"), minute.people[i], minute, emotions));
  }
}

function newLane(person) {
  const row = document.createElement("div");
  row.className = "lane";
  row.dataset.person = person;
  row.innerHTML = '<span class="who"></span><canvas role="img"></canvas>';
  return row;
}

// One lane: the seven probabilities stacked over time, pale and with a question mark where the reading is uncertain, empty
// where nobody was seen.
// A point is [seconds ago, uncertain (0 or 1), seven probabilities].
function paint(canvas, { person, points }, minute, emotions) {
  const alone = minute.people.length === 1;
  const height = alone ? 84 : 44;
  const width = canvas.clientWidth || 300;
  const ratio = window.devicePixelRatio || 1;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  const at = (ago) => width * (1 - ago / MINUTE_S);
  const spans = [];
  points.forEach(([ago, uncertain, ...p], number) => {
    const next = points[number + 1]?.[0] ?? 0;
    const end = ago - next <= HELD_S ? next : ago - minute.step;
    const [left, right] = [ago, end].map((time) => Math.round(ratio * at(time)) / ratio);
    let top = 0;
    pen.globalAlpha = uncertain ? 0.35 : 1;
    p.forEach((value, i) => {
      pen.fillStyle = emotions[i].colour;
      pen.fillRect(left, top, right - left, value * height);
      top += value * height;
    });
    const best = p.indexOf(Math.max(...p));
    const last = spans.at(-1);
    const same = last?.best === best && last.uncertain === uncertain;
    if (same && last.end - ago <= HELD_S) last.end = ago;
    else spans.push({ best, uncertain, start: ago, end: ago });
  });
  pen.globalAlpha = 1;
  const size = Math.min(20, height / 2.4);
  pen.font = `${size}px ${EMOJI}`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  let free = Infinity;
  for (const { best, uncertain, start, end } of spans) {
    const middle = (start + end) / 2;
    if (start - end < 1.5 || free - middle < SYMBOL_EVERY_S) continue;
    const inside = Math.min(Math.max(at(middle), 0.75 * size), width - 0.75 * size);
    pen.fillText(emotions[best].symbol + (uncertain ? "?" : ""), inside, height / 2);
    free = middle;
  }
  const said = spans.map(({ best, uncertain, start }) => {
    const label = uncertain ? `uncertain, ${emotions[best].name}?` : emotions[best].name;
    return `${label} from ${Math.round(start)} s ago`;
  });
  const whose = alone && person === 1 ? "Last minute" : `Person ${person}, last minute`;
  canvas.setAttribute("aria-label", `${whose}: ${said.slice(-6).join(", ") || "nobody"}`);
}

function percent(value) {
  return `${Math.round(100 * value)}%`;
}
