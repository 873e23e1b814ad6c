// The list of who is there and what they show, the names beside the lanes, and what the colours mean.

// The chosen person stands there with seven bars, whoever else is seen in a line each.
function showFaces(list, found, readings, chosen) {
  const everyone = readings.people.filter(
    (person) => person.number === chosen || found.some((reading) => reading.person === person),
  );
  const kept = new Map([...list.children].map((item) => [Number(item.dataset.of), item]));
  const items = everyone.map((person) => {
    const reading = found.find((one) => one.person === person);
    const item = kept.get(person.number) ?? made("li", "face");
    item.dataset.of = person.number;
    fillFace(item, person, reading, readings, person.number === chosen);
    return item;
  });
  if (!items.length) items.push(made("li", "nobody", "nobody in the readings"));
  arrange(list, items);
}

// Give a list these items in this order; one that stays is not taken out, so that it keeps the focus.
function arrange(list, items) {
  for (const child of [...list.children]) if (!items.includes(child)) child.remove();
  items.forEach((item, place) => {
    if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
  });
}

function showNames(element, readings) {
  const buttons = readings.people.map((person) => {
    const button = made("button", "", person.name);
    button.title = person.name;
    button.dataset.person = person.number;
    return button;
  });
  element.replaceChildren(...buttons);
}

function showLegend(element, readings) {
  const used = new Set(readings.people.flatMap((person) => person.runs.map(([, , label]) => label)));
  const entries = readings.signs
    .filter((_, place) => used.has(place))
    .map((sign) => {
      const entry = made("span", "", `${sign.letter} ${sign.name}`);
      entry.style.setProperty("--colour", sign.colour);
      return entry;
    });
  if (readings.people.some((person) => person.uncertain.includes(1))) entries.push(made("em", "", "half height: uncertain"));
  if (readings.people.some((person) => person.poor.length)) entries.push(made("em", "poor", "poor picture"));
  if (readings.excluded.length) entries.push(made("em", "", "hatched: excluded"));
  element.replaceChildren(...entries);
}

function fillFace(item, person, reading, readings, chosen) {
  if (!item.firstChild) {
    const head = made("button", "head");
    head.dataset.person = person.number;
    head.append(made("span", "symbol"), made("span", "who"), made("span", "what"), made("span", "share"));
    item.append(head, made("div", "bars"), made("p", "quality"));
  }
  const [head, bars, quality] = item.children;
  const [symbol, who, what, share] = head.children;
  const sign = reading && readings.sign(reading);
  item.classList.toggle("chosen", chosen);
  item.classList.toggle("doubt", Boolean(reading?.uncertain));
  item.style.setProperty("--colour", sign?.colour ?? "transparent");
  pressed(head, chosen);
  symbol.textContent = sign?.symbol ?? "–";
  who.textContent = person.name;
  what.textContent = reading ? readings.words(reading) : "not seen here";
  share.textContent = reading ? readings.share(reading) : "";
  quality.textContent = reading?.quality ?? "";
  bars.hidden = !chosen || readings.blind;
  if (readings.blind) bars.replaceChildren();
  if (!bars.hidden) fillBars(bars, reading, readings);
}

function fillBars(bars, reading, readings) {
  if (!bars.firstChild) {
    for (const sign of readings.signs.slice(0, readings.emotions)) {
      const bar = made("div", "bar");
      const [name, line, share] = [made("span", "", sign.name), made("span", "line"), made("span", "share")];
      line.style.setProperty("--colour", sign.colour);
      line.style.setProperty("--limit", `${100 * readings.threshold}%`);
      line.append(made("i", ""));
      bar.append(name, line, share);
      bars.append(bar);
    }
  }
  [...bars.children].forEach((bar, place) => {
    const value = reading ? reading.shares[place] : 0;
    bar.classList.toggle("top", Boolean(reading) && place === reading.label);
    bar.children[1].firstChild.style.width = percent(value);
    bar.children[2].textContent = reading ? percent(value) : "";
  });
}

function made(kind, name, text = "") {
  const element = document.createElement(kind);
  if (name) element.className = name;
  element.textContent = text;
  return element;
}

function pressed(button, is) {
  button.setAttribute("aria-pressed", String(is));
}
