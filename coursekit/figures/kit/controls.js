// What a reader moves. Every control is a native one, or behaves like it: reachable by Tab, moved by the arrow keys,
// named and spoken. A control shows what is in the state and writes there; nothing else connects it with the drawing.

import { html, num, spoken } from "./format.js";
import { svg } from "./plot.js";

/** An element with attributes and children. */
export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** state.w for "w", state.w[0] for "w.0" */
export const look = (state, path) => path.split(".").reduce((value, key) => value[key], state);

/** The change that puts `value` there: {w: […]} */
export function change(state, path, value) {
  const [key, ...inside] = path.split(".");
  if (!inside.length) return { [key]: value };
  const copy = structuredClone(state[key]);
  const last = inside.pop();
  inside.reduce((at, step) => at[step], copy)[last] = value;
  return { [key]: copy };
}

/**
 * A number. label: markup; min, max, step; format: number → text; log: equal steps are equal factors, and `step` is in
 * powers of ten.
 */
export function slider(figure, path, { label, min, max, step = (max - min) / 100, format = num, log = false }) {
  const [to, from] = log ? [Math.log10, (x) => 10 ** x] : [(x) => x, (x) => x];
  const clean = (x) => +(+x).toPrecision(12); // 0.30000000000000004 is 0.3
  const input = element("input", {
    type: "range",
    min: to(min),
    max: to(max),
    step,
    "aria-label": spoken(label),
    oninput: () => figure.set(change(figure.state, path, clean(from(+input.value)))),
  });
  const output = element("span", { class: "fig-value", "aria-hidden": "true" });
  const node = element("label", { class: "fig-slider" }, element("span", { class: "fig-name" }, html(label)), input, output);
  figure.limit(path, (x) => (Number.isFinite(x) ? Math.min(Math.max(x, min), max) : undefined));
  return {
    node,
    refresh(state) {
      const value = look(state, path);
      if (+input.value !== to(value)) input.value = to(value);
      const shown = format(value);
      output.textContent = shown;
      input.setAttribute("aria-valuetext", spoken(shown));
    },
  };
}

/** One of a few. options: [[value, "what it is called"], …] */
export function choice(figure, path, { label, options }) {
  const name = `fig-${(choice.count = (choice.count ?? 0) + 1)}`;
  const inputs = options.map(([value]) =>
    element("input", { type: "radio", name, onchange: () => figure.set(change(figure.state, path, value)) }),
  );
  const node = element(
    "div",
    { class: "fig-choice", role: "radiogroup", "aria-label": spoken(label) },
    element("span", { class: "fig-name" }, html(label)),
    element(
      "span",
      { class: "fig-options" },
      ...options.map(([, text], i) => element("label", {}, inputs[i], element("span", {}, html(text)))),
    ),
  );
  figure.limit(path, (x) => (options.some(([value]) => value === x) ? x : undefined));
  return {
    node,
    refresh(state) {
      options.forEach(([value], i) => (inputs[i].checked = value === look(state, path)));
    },
  };
}

/** Yes or no. */
export function toggle(figure, path, { label }) {
  const input = element("input", {
    type: "checkbox",
    onchange: () => figure.set(change(figure.state, path, input.checked)),
  });
  return {
    node: element("label", { class: "fig-toggle" }, input, element("span", {}, html(label))),
    refresh: (state) => (input.checked = look(state, path)),
  };
}

/** Something to do. `when(state)` says whether it can be done now. */
export function button(figure, label, act, { when = () => true } = {}) {
  const node = element("button", { type: "button", class: "fig-button", onclick: () => act(figure.state) }, html(label));
  return { node, refresh: (state) => (node.disabled = !when(state)) };
}

/**
 * Play, pause, step. `step(state)` goes one step on (and may be async); `done(state)` says when there is none left. Playing takes a step
 * every `every` milliseconds; for readers who want no motion it goes to the end at once.
 */
export function player(figure, { step, done = () => false, every = 400, label = "Step" }) {
  let timer;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const pause = () => {
    clearInterval(timer);
    timer = undefined;
    play.textContent = "Play";
  };
  const tick = async () => {
    if (done(figure.state) || !figure.root.isConnected || document.hidden) pause();
    else await step(figure.state);
  };
  const start = async () => {
    if (still.matches) {
      for (let i = 0; i < 500 && !done(figure.state); i++) await step(figure.state);
    } else {
      timer = setInterval(tick, every);
      play.textContent = "Pause";
      await tick();
    }
  };
  const play = element("button", { type: "button", class: "fig-button fig-play", onclick: () => (timer ? pause() : start()) }, "Play");
  const once = element("button", { type: "button", class: "fig-button", onclick: () => (pause(), tick()) }, html(label));
  figure.whenReset(pause);
  return {
    node: element("span", { class: "fig-player", role: "group", "aria-label": "Run" }, play, once),
    refresh(state) {
      play.disabled = once.disabled = done(state);
      if (done(state)) pause();
    },
  };
}

/**
 * A point to drag, by pointer or by the arrow keys (with Shift ten steps at once).
 * at(state) → [x, y], or null when there is none; move([x, y], state, way) writes it, way being [−1, 0], [1, 0], [0, −1]
 * or [0, 1] where an arrow key moved it; step: what an arrow key adds, a number or [dx, dy]; words(state): what a screen
 * reader says; color; r: pixels; keys: { " ": (state) => … } for more keys. With `pointer: false` it is
 * for the keyboard alone, a twin of what `press` does, and shown while it has the focus. Where handles are close together, the one nearest to the pointer is taken.
 */
export function handle(figure, plot, { label, at, move, step = 0.1, words, color = "ink", r = 7, keys = {}, pointer = true }) {
  const steps = Array.isArray(step) ? step : [step, step];
  const node = svg("g", { class: "fig-handle", tabindex: 0, role: "slider", "aria-label": spoken(label) });
  const disk = svg("circle", { r, fill: `var(--fig-${color})`, stroke: "var(--fig-paper)", "stroke-width": 2 });
  node.append(svg("circle", { r: 20, fill: "transparent" }), svg("circle", { r: r + 5, class: "fig-halo-ring" }), disk);
  if (!pointer) node.classList.add("fig-keys");
  plot.handles.append(node);
  const go = ([x, y], way) => {
    const { x: xs, y: ys } = plot.shown;
    const within = (value, [a, b]) => Math.min(Math.max(value, Math.min(a, b)), Math.max(a, b));
    move([within(x, xs), within(y, ys)], figure.state, way);
  };
  let grip; // from the pointer to the middle of the handle
  node.take = (event) => {
    const [x, y] = plot.under(event);
    const [hx, hy] = at(figure.state);
    grip = [hx - x, hy - y];
    node.setPointerCapture(event.pointerId);
    node.focus();
    event.preventDefault();
  };
  node.far = (event) => {
    const { left, right, top, bottom } = disk.getBoundingClientRect();
    const gone = !pointer || node.style.display === "none";
    return gone ? Infinity : Math.hypot((left + right) / 2 - event.clientX, (top + bottom) / 2 - event.clientY);
  };
  node.addEventListener("pointerdown", (event) => {
    const near = [...plot.handles.children].reduce((best, other) => (other.far(event) < best.far(event) ? other : best));
    near.take(event);
  });
  node.addEventListener("pointermove", (event) => {
    if (!grip) return;
    const [x, y] = plot.under(event);
    go([x + grip[0], y + grip[1]]);
  });
  for (const end of ["pointerup", "pointercancel"]) node.addEventListener(end, () => (grip = undefined));
  node.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!way && !keys[event.key]) return;
    event.preventDefault();
    if (!way) return keys[event.key](figure.state);
    const times = event.shiftKey ? 10 : 1;
    const [x, y] = at(figure.state);
    go([x + times * way[0] * steps[0], y + times * way[1] * steps[1]], way);
  });
  return {
    refresh(state) {
      const here = at(state);
      node.style.display = here ? "" : "none";
      if (!here) return;
      node.setAttribute("transform", `translate(${plot.X(here[0])} ${plot.Y(here[1])})`);
      node.setAttribute("aria-valuenow", +here[0].toPrecision(6));
      node.setAttribute("aria-valuetext", words ? words(state) : here.map((x) => num(x)).join(", "));
    },
  };
}

/**
 * act([x, y], state, first) where a plot is pressed (first is true), and on while the pointer is drawn over it. Give it
 * a twin for the keyboard.
 */
export function press(figure, plot, act) {
  let down = false;
  plot.root.classList.add("fig-pressable");
  plot.root.addEventListener("pointerdown", (event) => {
    if (event.target.closest(".fig-handle")) return;
    down = true;
    plot.root.setPointerCapture(event.pointerId);
    act(plot.under(event), figure.state, true);
  });
  plot.root.addEventListener("pointermove", (event) => down && act(plot.under(event), figure.state, false));
  for (const end of ["pointerup", "pointercancel"]) plot.root.addEventListener(end, () => (down = false));
}

/**
 * A prediction before anything can be moved: { ask, choices, right (place of the true one), because, when }.
 * `when(state)` says that the reader has now seen the answer; it is shown then, beside what was predicted.
 */
export function prediction(figure, { ask, choices, right, because, when = () => true }) {
  let chosen;
  let seen = false;
  const skip = () => {
    if (chosen !== undefined) return;
    chosen = null;
    node.remove();
    figure.unlock();
  };
  const choose = (i) => {
    skip();
    chosen = i;
    result.hidden = i === null;
    figure.schedule();
    figure.controlsBox.querySelector("input, button")?.focus({ preventScroll: true });
  };
  const result = element("p", { class: "fig-predicted", hidden: true });
  const node = element(
    "div",
    { class: "fig-predict", role: "group", "aria-label": "Your prediction" },
    element("p", {}, html(ask)),
    element(
      "div",
      { class: "fig-options" },
      ...choices.map((text, i) => element("button", { type: "button", class: "fig-button", onclick: () => choose(i) }, html(text))),
      element("button", { type: "button", class: "fig-button fig-skip", onclick: () => choose(null) }, "Skip"),
    ),
  );
  return {
    node,
    result,
    skip,
    refresh(state) {
      if (chosen === undefined || chosen === null) return;
      seen ||= figure.moved && when(state);
      const said = seen ? "Your prediction: " : "Your prediction stands: ";
      result.replaceChildren(said, element("b", {}, html(choices[chosen])), ". ");
      if (!seen) result.append("Now try it.");
      else if (chosen === right) result.append("That is what happens. ", html(because));
      else result.append("What happens: ", element("b", {}, html(choices[right])), ". ", html(because));
    },
  };
}
