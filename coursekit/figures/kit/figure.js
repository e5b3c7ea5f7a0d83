// A figure: its state, its parts on the page, and the loop between them. State lives in the model (a trait in Python,
// or the page's stand-in); a control writes there; each change draws anew, at most once a frame.

import { watchTheme } from "./colors.js";
import { button, choice, element, handle, player, prediction, press, slider, toggle } from "./controls.js";
import { html } from "./format.js";
import { Plot } from "./plot.js";

/**
 * A figure's module exports one of these by default.
 * question: what a learner wants to know and this figure answers
 * setup(f): makes plots and controls, and ends with f.update(…)
 */
export const figure = (question, setup) => ({ question, setup });

export class Figure {
  constructor({ question, setup }, model, root, page) {
    Object.assign(this, { model, root, page, plots: [], parts: [], limits: new Map(), touched: new Set(), resets: [] });
    /** What is in the model, by name: f.state.w */
    this.state = new Proxy({}, { get: (_, name) => model.get(name), has: (_, name) => model.get(name) !== undefined });
    this.readout = {};
    this.initial = {};
    this.moved = false; // whether anything was changed since the figure was made
    this.build(question);
    setup(this);
    this.unlock(!this.predicted);
    page?.restore(this);
    this.root.replaceChildren(this.body);
    this.root.figure = this;
    this.observeAll();
    try {
      this.draw();
    } catch (error) {
      if (!this.moved) throw error;
      this.reset(); // an address asked for a state that cannot be drawn
      this.draw();
    }
  }

  // --- for the figure's module ------------------------------------------------------------------

  /** A new plot beside the others; see plot.js for the options. */
  plot(options) {
    const plot = new Plot(this.stage, options);
    this.plots.push(plot);
    return plot;
  }

  /** New controls below the plots; see controls.js for what each takes. A path is "b", or "w.0" for w[0]. */
  slider(path, options) {
    return this.control(slider(this, path, options));
  }
  choice(path, options) {
    return this.control(choice(this, path, options));
  }
  toggle(path, options) {
    return this.control(toggle(this, path, options));
  }
  button(label, act, options) {
    return this.control(button(this, label, act, options));
  }
  player(options) {
    return this.control(player(this, options));
  }
  handle(plot, options) {
    return this.control(handle(this, plot, options));
  }
  press(plot, act) {
    press(this, plot, act);
  }
  predict(options) {
    this.predicted = prediction(this, options);
    this.parts.push(this.predicted);
    this.controlsBox.before(this.predicted.node);
    this.saysBox.before(this.predicted.result);
  }

  /**
   * draw(state) is called after every change, and draws; the text it returns says in words what is to be seen.
   * It changes no state.
   */
  update(draw) {
    this.drawn = draw;
  }

  /** Numbers that Python (and a test) may read: f.read({ loss }) → figure.readout["loss"]. */
  read(values) {
    if (JSON.stringify(values) === JSON.stringify(this.readout)) return;
    this.readout = values;
    this.quiet = true;
    this.model.set("readout", values);
    this.model.save_changes();
    this.quiet = false;
  }

  /** Changes the state: f.set({ b: 1, w: [0, 1] }). */
  set(changes) {
    for (const [name, value] of Object.entries(changes)) {
      this.touched.add(name);
      if (!(name in this.initial)) this.initial[name] = structuredClone(this.model.get(name));
      this.model.set(name, value);
    }
    this.moved = true;
    this.model.save_changes();
    this.schedule();
    this.page?.remember(this);
  }

  /**
   * Calls the function of that name that the reader gave to the figure in Python; resolves to what it returned, or to
   * undefined where there is none (always so on the book's pages). Its error becomes the figure's text.
   */
  python(name, ...values) {
    if (!this.state.driven?.includes(name)) return Promise.resolve(undefined);
    const id = (this.calls = (this.calls ?? 0) + 1);
    return new Promise((resolve) => {
      const listen = (message) => {
        if (message?.answer !== id) return;
        this.model.off("msg:custom", listen);
        this.trouble = message.error;
        this.schedule();
        resolve(message.value);
      };
      this.model.on("msg:custom", listen);
      this.model.send({ call: name, id, values });
    });
  }

  whenReset(act) {
    this.resets.push(act);
  }

  // --- the frame around it ----------------------------------------------------------------------

  build(question) {
    const icon = (path) => `<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d="${path}"/></svg>`;
    const tool = (name, path, act) => {
      const node = element("button", { type: "button", class: "fig-tool", "aria-label": name, title: name, onclick: act });
      node.innerHTML = icon(path);
      return node;
    };
    const tools = [tool("Reset", "M3 8a5 5 0 1 1 1.5 3.6M3 3v3.5h3.5", () => this.reset())];
    if (this.page) tools.push(tool("Copy a link to this state", "M6.5 9.5l3-3M7 5l1.5-1.5a2.5 2.5 0 0 1 4 4L11 9M5 7 3.5 8.5a2.5 2.5 0 0 0 4 4L9 11", () => this.page.share(this)));
    if (document.fullscreenEnabled) tools.push(tool("Full screen", "M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10", () => this.fullScreen()));
    this.stage = element("div", { class: "fig-stage" });
    this.controlsBox = element("div", { class: "fig-controls", role: "group", "aria-label": "Controls" });
    this.saysBox = element("p", { class: "fig-says" });
    this.announcer = element("span", { class: "fig-hidden", role: "status" });
    this.body = element(
      "div",
      { class: "fig-body" },
      element("div", { class: "fig-head" }, element("p", { class: "fig-question" }, html(question)), element("span", { class: "fig-tools" }, ...tools)),
      this.stage,
      this.controlsBox,
      this.saysBox,
      this.announcer,
    );
  }

  control(part) {
    this.parts.push(part);
    if (part.node) this.controlsBox.append(part.node);
    return part;
  }

  /** value → the value or its nearest allowed one, or undefined: for states that come from an address. */
  limit(path, allowed) {
    this.limits.set(path, allowed);
  }

  /** Before the prediction is made or skipped, nothing moves. */
  unlock(open = true) {
    this.controlsBox.inert = this.stage.inert = !open;
  }

  observeAll() {
    const again = () => this.schedule();
    this.model.on("change", (this.changed = () => this.quiet || again()));
    const size = new ResizeObserver(again);
    size.observe(this.stage);
    const stopTheme = watchTheme(again);
    this.close = () => {
      size.disconnect();
      stopTheme();
      this.model.off("change", this.changed);
      for (const act of this.resets) act();
    };
  }

  schedule() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = undefined;
      this.draw();
    });
  }

  draw() {
    if (!this.stage.clientWidth) return; // not on the page, or folded away: drawn when it gets a size
    for (const plot of this.plots) plot.layout();
    const words = this.drawn(this.state);
    for (const part of this.parts) part.refresh?.(this.state);
    this.say(this.trouble ?? words);
  }

  say(words) {
    if (words === this.said) return;
    this.said = words;
    this.saysBox.replaceChildren(html(words));
    clearTimeout(this.announcing); // not while it is still moving
    this.announcing = setTimeout(() => {
      if (this.moved) this.announcer.textContent = this.saysBox.textContent;
    }, 700);
  }

  reset() {
    for (const act of this.resets) act();
    this.trouble = undefined;
    for (const [name, value] of Object.entries(this.initial)) this.model.set(name, structuredClone(value));
    this.model.save_changes();
    this.touched.clear();
    this.page?.remember(this);
    this.schedule();
  }

  fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.root.requestFullscreen();
  }
}
