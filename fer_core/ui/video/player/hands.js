// Keys, pointer and wheel; and the frames as they are shown.

// What a key does; keys in fields stay there, and the browser's own stay its own.
function hearKey(player, event, actions) {
  if (event.altKey || event.ctrlKey || event.metaKey || !player.readings) return;
  const field = event.target.closest("input, select");
  if (field) {
    if (event.key === "Escape") player.unmark();
    event.stopPropagation();
    return;
  }
  const jump = event.shiftKey ? (count) => player.seconds(count) : (count) => player.samples(count);
  const keys = {
    " ": event.target.closest("button") ? null : actions.toggle,
    k: actions.toggle,
    j: () => player.seconds(-JUMP_S),
    l: () => player.seconds(JUMP_S),
    ArrowLeft: () => jump(-1),
    ArrowRight: () => jump(1),
    ",": actions.frameBack,
    ".": actions.frameOn,
    "<": () => player.speed(-1),
    ">": () => player.speed(1),
    i: actions.from,
    o: actions.to,
    r: actions.loop,
    m: actions.mark,
    f: actions.full,
    Home: () => player.seek(player.data.range[0], { snap: false }),
    End: () => player.seek(player.lastFrame, { snap: false }),
    "+": actions.closer,
    "=": actions.closer,
    "-": actions.wider,
    "?": actions.help,
  };
  const label = player.data.labels[Number(event.key) - 1];
  const action = label ? () => player.rate(label) : keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action) return;
  event.preventDefault();
  event.stopPropagation();
  action();
}

const SLIP_PX = 6; // that a finger goes before it is more than a tap

// Clicks, drags and the wheel over the lanes: the nearest sample, exactly. The foot lies over lanes that are scrolled
// out of sight; a place in it is nobody's.
function listenToLanes(player) {
  const { track } = player;
  const foot = track.querySelector(".foot");
  const at = (event) => {
    const box = track.getBoundingClientRect();
    const time = new Scale(...player.drawing.view, box.width).time(event.clientX - box.left);
    const inFoot = event.clientY >= foot.getBoundingClientRect().top;
    return { time, row: inFoot ? Infinity : Math.floor((event.clientY - box.top) / ROW_PX) };
  };
  const move = (event) => {
    const place = player.readings.nearest(at(event).time);
    const time = player.readings.times[place];
    if (time !== undefined && time !== player.time) player.seek(time);
  };
  const begin = (event, row) => {
    player.scrubbing = true;
    const person = player.readings.people[row];
    if (person && person.number !== player.data.person) player.choose(person.number);
    move(event);
  };
  track.addEventListener("focus", () => player.drawing.tell()); // while it plays, else an old moment would be read out
  let finger = null; // where one came down that may be about to scroll the page, which the browser tells by pointercancel
  track.addEventListener("pointerdown", (event) => {
    if (!player.readings || event.button) return;
    track.focus({ preventScroll: true });
    track.setPointerCapture(event.pointerId);
    const { row } = at(event);
    if (event.pointerType === "touch") finger = { x: event.clientX, y: event.clientY, row };
    else begin(event, row);
  });
  track.addEventListener("pointermove", (event) => {
    if (!player.readings) return;
    if (finger && Math.abs(event.clientX - finger.x) > SLIP_PX) {
      begin(event, finger.row);
      finger = null;
    } else if (finger && Math.abs(event.clientY - finger.y) > SLIP_PX) {
      finger = null; // up or down, also where the page has no further to scroll
    } else if (player.scrubbing) move(event);
    showTip(player, event, at(event));
  });
  track.addEventListener("pointerup", (event) => {
    if (finger && player.readings) begin(event, finger.row);
    finger = null;
    player.scrubbing = false;
  });
  track.addEventListener("pointercancel", () => {
    finger = null;
    player.scrubbing = false;
  });
  track.addEventListener("pointerleave", () => (player.part(".tip").hidden = true));
  track.addEventListener(
    "wheel",
    (event) => {
      if (!player.readings || !(event.ctrlKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))) return;
      event.preventDefault();
      if (event.ctrlKey) player.drawing.zoom(event.deltaY > 0 ? 1.25 : 0.8, at(event).time);
      else player.drawing.pan(player.drawing.view[0] + (event.deltaX / track.clientWidth) * (player.drawing.view[1] - player.drawing.view[0]));
    },
    { passive: false },
  );
}

// What was read where the pointer is.
function showTip(player, event, { time, row }) {
  const tip = player.part(".tip");
  const place = player.readings.nearest(time);
  const sample = player.readings.times[place];
  tip.hidden = sample === undefined || event.pointerType === "touch";
  if (tip.hidden) return;
  const person = player.readings.people[row];
  const found = person && player.readings.at(sample).find((reading) => reading.person === person);
  const words = person ? (found ? player.readings.line(found) : `${person.name} is not seen`) : eventsAt(player, sample);
  tip.textContent = [clock(sample), words, player.readings.excludedAt(sample)].filter(Boolean).join(" · ");
  const x = event.clientX - player.track.getBoundingClientRect().left;
  tip.style.left = `${Math.min(Math.max(x, tip.offsetWidth / 2), player.track.clientWidth - tip.offsetWidth / 2)}px`;
  tip.style.top = `${Math.min(Math.max(row, 0) + 1, player.readings.people.length) * ROW_PX - 4}px`;
}

// The events close to a moment.
function eventsAt(player, time) {
  const close = (player.drawing.view[1] - player.drawing.view[0]) / 50;
  const found = player.readings.markers.filter(([at]) => Math.abs(at - time) < close);
  return found.map(([at, text]) => `${clock(at)} ${text}`).join(", ");
}

// Calls with the presentation time of every frame that is shown.
function eachFrame(video, shown) {
  if (video.requestVideoFrameCallback) {
    const next = (_, frame) => {
      shown(frame.mediaTime);
      video.requestVideoFrameCallback(next);
    };
    video.requestVideoFrameCallback(next);
    return;
  }
  video.addEventListener("seeked", () => shown(video.currentTime));
  const next = () => {
    if (video.paused || video.ended) return;
    shown(video.currentTime);
    requestAnimationFrame(next);
  };
  video.addEventListener("play", next);
}

// Buttons, fields, keys, and what the recording itself reports.
function listenToPlayer(player) {
  const { element, root, stimulus, drawing } = player;
  const actions = {
    toggle: () => player.toggle(),
    back: () => player.samples(-1),
    on: () => player.samples(1),
    frameBack: () => player.frames(-1),
    frameOn: () => player.frames(1),
    loop: () => player.loop(),
    mute: () => player.mute(),
    sound: () => stimulus.hear(!stimulus.heard),
    from: () => player.range(player.time, player.data.range[1]),
    to: () => player.range(player.data.range[0], player.time),
    whole: () => player.range(...player.whole()),
    mark: () => player.mark(),
    unmark: () => player.unmark(),
    closer: () => drawing.zoom(0.5),
    wider: () => drawing.zoom(2),
    full: () => player.full(),
    help: () => player.help(),
  };
  root.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || !player.readings) return;
    if (button.dataset.do) actions[button.dataset.do]();
    if (button.dataset.person) player.choose(Number(button.dataset.person));
    if (button.dataset.show) player.drawn(button.dataset.show);
    const keeps = ["mark", "unmark"].includes(button.dataset.do) || button.type === "submit";
    if (event.detail && !keeps) player.track.focus({ preventScroll: true }); // keys go on from the lanes
  });
  root.addEventListener("keydown", (event) => hearKey(player, event, actions));
  player.part("select").addEventListener("change", () => player.speed(0));
  player.part("form.mark").addEventListener("submit", (event) => {
    event.preventDefault();
    player.does({ mark: { time: player.marked, text: player.part("form.mark input").value } });
    player.unmark();
  });
  player.part(".stage").addEventListener("click", () => {
    player.track.focus({ preventScroll: true });
    player.toggle();
  });
  element.addEventListener("loadedmetadata", () => player.go(player.time + SEEK_S));
  element.addEventListener("playing", () => player.notice("", "video"));
  element.addEventListener("error", () => element.hasAttribute("src") && player.notice("This browser cannot play the recording.", "video"));
  for (const video of [element, player.clock]) {
    const heard = (act) => (value) => video === player.video && act(value); // the other one is at rest
    video.addEventListener("seeked", heard(() => player.sought()));
    for (const name of ["play", "pause", "ended"]) video.addEventListener(name, heard(() => player.changed()));
    for (const name of ["waiting", "playing"]) video.addEventListener(name, heard(() => stimulus.follow()));
    eachFrame(video, heard((media) => player.frameShown(media)));
  }
  listenToLanes(player);
}
