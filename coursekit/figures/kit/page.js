// Figures without Python: on the book's pages a plain object stands in for the model, and the address of the page may
// hold a state. In JupyterLab anywidget brings the model.

import { change, look } from "./controls.js";
import { Figure } from "./figure.js";

const definitions = new Map();

/** What a figure's script does when it is loaded. */
export const define = (name, definition) => definitions.set(name, definition);

/** The figure as anywidget wants it. */
export const widget = (name) => ({
  render({ model, el }) {
    const root = document.createElement("div");
    root.className = "course-figure";
    // The arrow keys are the figure's, not the notebook's.
    root.dataset.lmSuppressShortcuts = "true";
    root.addEventListener("keydown", (event) => event.stopPropagation());
    el.append(root);
    const figure = new Figure(definitions.get(name), model, root);
    return () => figure.close();
  },
});

/** Brings the figure in `root` (what the book's page has for it) to life. */
export function show(root) {
  const model = pageModel(JSON.parse(root.dataset.state));
  return new Figure(definitions.get(root.dataset.figure), model, root, new Page(root.id));
}

/** The part of anywidget's model that a figure uses, over a plain object. */
function pageModel(state) {
  const listeners = new Map();
  return {
    get: (name) => state[name],
    set(name, value) {
      state[name] = value;
      for (const listen of listeners.get("change") ?? []) listen();
    },
    save_changes() {},
    send() {},
    on: (event, listen) => listeners.set(event, [...(listeners.get(event) ?? []), listen]),
    off: (event, listen) => listeners.set(event, (listeners.get(event) ?? []).filter((other) => other !== listen)),
  };
}

/** A figure's state in the page's address: #fig-perceptron&w=[1,-2]&b=0.5 */
class Page {
  constructor(id) {
    this.id = id;
  }

  restore(figure) {
    const [id, ...pairs] = fragment().split("&");
    if (id !== this.id || !pairs.length) return;
    const changes = {};
    for (const pair of pairs) {
      const [name, text] = pair.split(/=(.*)/s);
      const before = figure.model.get(name);
      const value = acceptable(parsed(text), before);
      if (value !== undefined && name !== "readout") changes[name] = value;
    }
    for (const [path, allowed] of figure.limits) {
      const [name] = path.split(".");
      if (!(name in changes)) continue;
      const value = allowed(look(changes, path));
      if (value === undefined) delete changes[name];
      else Object.assign(changes, change(changes, path, value));
    }
    figure.predicted?.skip();
    figure.set(changes);
  }

  /** What was moved, in the address bar, a moment after the last move. */
  remember(figure) {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.write(figure), 400);
  }

  write(figure) {
    const short = (_, value) => (typeof value === "number" ? +value.toPrecision(6) : value);
    const pairs = [...figure.touched]
      .filter((name) => JSON.stringify(figure.model.get(name)) !== JSON.stringify(figure.initial[name]))
      .map((name) => `&${name}=${JSON.stringify(figure.model.get(name), short)}`);
    const hash = pairs.length ? `#${this.id}${pairs.join("")}` : location.pathname + location.search;
    history.replaceState(history.state, "", encodeURI(hash));
  }

  async share(figure) {
    this.write(figure);
    const copied = await navigator.clipboard?.writeText(location.href).then(() => true, () => false);
    figure.say(copied ? "A link to this state is copied." : "The address of the page now leads to this state.");
  }
}

/** What stands behind the # of the address; nothing where it is garbled. */
function fragment() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `value` if it has the form of `example`: an address can be written by anyone. */
function acceptable(value, example) {
  if (Array.isArray(example)) {
    if (!Array.isArray(value) || value.length > 400) return undefined;
    if (example.length && !value.every((each) => acceptable(each, example[0]) !== undefined)) return undefined;
    if (typeof example[0] === "number" && value.length !== example.length) return undefined;
    return value;
  }
  if (typeof value !== typeof example || example === null || typeof example === "object") return undefined;
  return typeof value === "number" && !Number.isFinite(value) ? undefined : value;
}
