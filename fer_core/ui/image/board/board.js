// A picture with its faces: a click chooses one, a drag draws one, the delete key removes the chosen one.
// `fer_core.ui.image.board` sends the picture and the faces, and is told "chosen", "drawn" and "removed" as boxes
// [x, y, width, height] in pixels of the picture.

const SMALLEST_PX = 8; // of the picture; a shorter drag is a slip

export default function ({ data, parentElement, setTriggerValue }) {
  const board = parentElement.querySelector(".board");
  if (!board || !data) return;
  const stage = board.querySelector(".stage");
  const image = stage.querySelector("img");
  const draw = board.querySelector(".draw");
  const hint = board.querySelector(".hint");

  if (image.getAttribute("src") !== data.source) image.src = data.source;
  image.alt = data.alt;
  show(stage.querySelector(".faces"), data, setTriggerValue);
  const place = () => placeTags(stage);
  if (image.complete) place();
  image.onload = place;
  stage.watch?.disconnect(); // this function is called again with every change, and ended once
  stage.watch = new ResizeObserver(place);
  stage.watch.observe(stage);

  const drawing = (on) => {
    stage.classList.toggle("drawing", on);
    draw.setAttribute("aria-pressed", on);
    hint.textContent = on ? "Drag from the middle of the face outwards, to above the eyebrows and the chin; or give its numbers below." : data.hint;
  };
  drawing(false);
  draw.onclick = () => drawing(!stage.classList.contains("drawing"));
  board.onkeydown = (event) => {
    if (event.key === "Escape") drawing(false);
    const face = event.target.closest(".face");
    if (face && (event.key === "Delete" || event.key === "Backspace")) {
      event.preventDefault();
      setTriggerValue("removed", JSON.parse(face.dataset.box));
    }
  };
  followPointer(stage, data, drawing, (box) => setTriggerValue("drawn", box));
  return () => stage.watch.disconnect();
}

function show(faces, data, setTriggerValue) {
  const before = [...faces.querySelectorAll(".face")];
  const focused = before.indexOf(faces.getRootNode().activeElement);
  const box = before[focused]?.dataset.box;
  faces.replaceChildren();
  for (const face of data.faces) {
    const [x, y, width, height] = face.box;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "face";
    button.classList.toggle("uncertain", face.uncertain);
    button.classList.toggle("hand", face.drawn);
    button.dataset.box = JSON.stringify(face.box);
    button.setAttribute("aria-pressed", face.chosen);
    button.setAttribute("aria-label", `Face ${face.words}${face.drawn ? ", drawn by hand" : ""}`);
    button.style.setProperty("--colour", face.colour);
    button.style.left = `${(100 * x) / data.width}%`;
    button.style.top = `${(100 * y) / data.height}%`;
    button.style.width = `${(100 * width) / data.width}%`;
    button.style.height = `${(100 * height) / data.height}%`;
    button.onclick = () => setTriggerValue("chosen", face.box);
    const tag = document.createElement("span");
    tag.className = "tag";
    tag.textContent = face.words;
    tag.style.setProperty("--colour", face.colour);
    tag.style.setProperty("--ink", face.ink);
    faces.append(button, tag);
  }
  if (focused < 0) return;
  const now = [...faces.querySelectorAll(".face")];
  // Where the face is gone, as after the delete key, the next one takes the keyboard's focus.
  const next = now.find((button) => button.dataset.box === box) ?? now[Math.min(focused, now.length - 1)];
  (next ?? faces.closest(".board").querySelector(".draw")).focus();
}

// Each tag where it covers least of the faces and of the tags before it: above its face, below, right or left of it.
function placeTags(stage) {
  const area = stage.getBoundingClientRect();
  if (!area.width) return;
  const inStage = (element) => {
    const box = element.getBoundingClientRect();
    return { x: box.x - area.x, y: box.y - area.y, width: box.width, height: box.height };
  };
  const buttons = [...stage.querySelectorAll(".face")];
  const taken = buttons.map(inStage);
  for (const button of buttons) {
    const tag = button.nextElementSibling;
    const face = inStage(button);
    const { width, height } = inStage(tag);
    const right = face.x + face.width, bottom = face.y + face.height;
    const places = [
      [face.x, face.y - height], [right - width, face.y - height], [face.x, bottom], [right - width, bottom],
      [right, face.y], [right, bottom - height], [face.x - width, face.y], [face.x - width, bottom - height],
    ].map(([x, y]) => ({
      x: Math.max(0, Math.min(x, area.width - width)), y: Math.max(0, Math.min(y, area.height - height)), width, height,
    }));
    const covered = (place) => taken.reduce((sum, other) => sum + shared(place, other), 0);
    const best = places.reduce((one, other) => (covered(other) < covered(one) ? other : one));
    tag.style.left = `${best.x}px`;
    tag.style.top = `${best.y}px`;
    taken.push(best);
  }
}

function shared(one, other) {
  const width = Math.min(one.x + one.width, other.x + other.width) - Math.max(one.x, other.x);
  const height = Math.min(one.y + one.height, other.y + other.height) - Math.max(one.y, other.y);
  return Math.max(0, width) * Math.max(0, height);
}

// A drag from the middle of a face: a square about where it began.
function followPointer(stage, data, drawing, done) {
  const shape = stage.querySelector(".drawn");
  let middle = null;
  const at = (event) => {
    const area = stage.getBoundingClientRect();
    return [((event.clientX - area.x) / area.width) * data.width, ((event.clientY - area.y) / area.height) * data.height];
  };
  const square = (event) => {
    const [x, y] = at(event);
    const half = Math.max(Math.abs(x - middle[0]), Math.abs(y - middle[1]));
    return [middle[0] - half, middle[1] - half, 2 * half, 2 * half].map(Math.round);
  };
  stage.onpointerdown = (event) => {
    if (!stage.classList.contains("drawing")) return;
    event.preventDefault();
    stage.setPointerCapture(event.pointerId);
    middle = at(event);
  };
  stage.onpointermove = (event) => {
    if (!middle) return;
    const [x, y, width, height] = square(event);
    shape.hidden = false;
    shape.style.left = `${(100 * x) / data.width}%`;
    shape.style.top = `${(100 * y) / data.height}%`;
    shape.style.width = `${(100 * width) / data.width}%`;
    shape.style.height = `${(100 * height) / data.height}%`;
  };
  stage.onpointerup = (event) => {
    if (!middle) return;
    const box = square(event);
    middle = null;
    shape.hidden = true;
    if (box[2] < SMALLEST_PX) return;
    drawing(false);
    done(box);
  };
  stage.onpointercancel = () => {
    middle = null;
    shape.hidden = true;
  };
}
