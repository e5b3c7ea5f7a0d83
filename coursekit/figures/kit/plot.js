// A plot: a frame with scales, axes, an area painted pixel by pixel, marks, and handles to drag.

import { scaleLinear, scaleLog } from "d3-scale";
import { num, pieces } from "./format.js";

const SVG = "http://www.w3.org/2000/svg";

/** A new SVG element with attributes. */
export function svg(tag, attributes = {}) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

export class Plot {
  /**
   * name     what screen readers call it
   * x, y     [low, high] in its own units; may be changed before drawing
   * xLabel, yLabel  markup of format.js; without a label that axis is not drawn
   * title    above the plot
   * aspect   width over height; phone: the same on a narrow screen, where it has a row of its own
   * grow     its share of the width beside other plots; least: the width in pixels below which it gets a row of its own
   * equal    one unit is as long on both axes
   * xLog, yLog  logarithmic axes
   * xTicks, yTicks  how many ticks, about; or the list of them; xFormat, yFormat: number → text
   * clip     whether marks end at the frame (they do)
   */
  constructor(stage, options) {
    Object.assign(this, { x: [0, 1], y: [0, 1], aspect: 1.3, grow: 1, least: 230, xTicks: 5, yTicks: 5, clip: true }, options);
    this.frame = document.createElement("div");
    this.frame.className = "fig-plot";
    this.frame.style.setProperty("--aspect", this.aspect);
    if (this.phone) this.frame.style.setProperty("--phone", this.phone);
    this.frame.style.setProperty("--grow", this.grow);
    this.frame.style.setProperty("--least", `${this.least}px`);
    this.canvas = document.createElement("canvas");
    this.canvas.setAttribute("aria-hidden", "true");
    this.root = svg("svg", { role: "group", "aria-label": this.name });
    const id = `fig-clip-${(Plot.count = (Plot.count ?? 0) + 1)}`;
    this.window = svg("rect");
    const clip = svg("clipPath", { id });
    clip.append(this.window);
    this.axes = svg("g", { "aria-hidden": "true" });
    this.marks = svg("g", { "aria-hidden": "true", ...(this.clip && { "clip-path": `url(#${id})` }) });
    this.over = svg("g", { "aria-hidden": "true" });
    this.handles = svg("g");
    this.root.append(clip, this.axes, this.marks, this.over, this.handles);
    this.frame.append(this.canvas, this.root);
    stage.append(this.frame);
  }

  /** Takes the size that the page gives it, and draws the axes. */
  layout() {
    const width = this.frame.clientWidth;
    const height = this.frame.clientHeight;
    const { xLabel, yLabel, title } = this;
    this.inner = {
      left: yLabel === undefined ? 6 : 46,
      right: width - 10,
      top: title ? 26 : 8,
      bottom: height - (xLabel === undefined ? 6 : 40),
    };
    const { left, right, top, bottom } = this.inner;
    let [x, y] = [this.x, this.y];
    if (this.equal) {
      // The axis with room to spare shows more than was asked for.
      const perUnit = Math.min((right - left) / (x[1] - x[0]), (bottom - top) / (y[1] - y[0]));
      const widen = ([a, b], pixels) => [(a + b - pixels / perUnit) / 2, (a + b + pixels / perUnit) / 2];
      [x, y] = [widen(x, right - left), widen(y, bottom - top)];
    }
    this.shown = { x, y };
    this.X = (this.xLog ? scaleLog() : scaleLinear()).domain(x).range([left, right]);
    this.Y = (this.yLog ? scaleLog() : scaleLinear()).domain(y).range([bottom, top]);
    this.root.setAttribute("viewBox", `0 0 ${width} ${height}`);
    for (const [name, value] of Object.entries({ x: left, y: top, width: right - left, height: bottom - top })) {
      this.window.setAttribute(name, Math.max(value, 0));
    }
    const density = window.devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * density) || this.canvas.height !== Math.round(height * density)) {
      this.canvas.width = Math.round(width * density);
      this.canvas.height = Math.round(height * density);
    }
    this.drawAxes();
  }

  drawAxes() {
    const { left, right, top, bottom } = this.inner;
    const items = [];
    const tick = (value) => ({ fill: "var(--fig-muted)", "font-size": 11.5, ...value });
    const at = (scale, asked) => {
      if (Array.isArray(asked)) return asked;
      const found = scale.ticks(asked);
      return found.length > asked * 2 ? found.filter((t) => Math.abs(Math.log10(t) % 1) < 1e-9) : found;
    };
    if (this.xLabel !== undefined) {
      items.push(["path", { d: `M${left} ${bottom}H${right}`, class: "fig-axis" }]);
      for (const t of at(this.X, this.xTicks)) {
        const label = (this.xFormat ?? num)(t);
        items.push(["path", { d: `M${this.X(t)} ${bottom}v4`, class: "fig-axis" }]);
        items.push(["text", tick({ x: this.X(t), y: bottom + 15, "text-anchor": "middle" }), pieces(label)]);
      }
      const middle = (left + right) / 2;
      items.push(["text", { x: middle, y: bottom + 33, "text-anchor": "middle", class: "fig-label" }, pieces(this.xLabel)]);
    }
    if (this.yLabel !== undefined) {
      items.push(["path", { d: `M${left} ${bottom}V${top}`, class: "fig-axis" }]);
      for (const t of at(this.Y, this.yTicks)) {
        const label = (this.yFormat ?? num)(t);
        items.push(["path", { d: `M${left} ${this.Y(t)}h-4`, class: "fig-axis" }]);
        items.push(["text", tick({ x: left - 7, y: this.Y(t) + 4, "text-anchor": "end" }), pieces(label)]);
      }
      const turn = `translate(11 ${(top + bottom) / 2}) rotate(-90)`;
      items.push(["text", { transform: turn, "text-anchor": "middle", class: "fig-label" }, pieces(this.yLabel)]);
    }
    if (this.title) items.push(["text", { x: left, y: 15, class: "fig-title" }, pieces(this.title)]);
    reconcile(this.axes, items);
  }

  /** Draws these marks in place of the last ones; they end at the frame. */
  draw(marks) {
    reconcile(this.marks, marks.flat(Infinity).filter(Boolean).map((mark) => mark(this.visible)));
  }

  /** Marks that may stand outside the frame, as labels do. */
  drawOver(marks) {
    reconcile(this.over, marks.flat(Infinity).filter(Boolean).map((mark) => mark(this.visible)));
  }

  /** What marks see: the scales, and the domains as they are shown. */
  get visible() {
    return { X: this.X, Y: this.Y, ...this.shown };
  }

  /** Paints rasters (marks.js) under the marks. */
  paint(rasters) {
    const pen = this.canvas.getContext("2d");
    const density = window.devicePixelRatio || 1;
    pen.setTransform(density, 0, 0, density, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    for (const { values, a, b, scale, smooth, opacity } of rasters.flat(Infinity).filter(Boolean)) {
      const cells = new ImageData(values[0].length, values.length);
      let place = 0;
      for (const row of values) {
        for (const value of row) {
          const color = scale(value);
          for (let i = 0; i < 3; i++) cells.data[place++] = color[i];
          cells.data[place++] = 255;
        }
      }
      const small = new OffscreenCanvas(cells.width, cells.height);
      small.getContext("2d").putImageData(cells, 0, 0);
      const [x0, x1] = [this.X(a[0]), this.X(b[0])].sort((p, q) => p - q);
      const [y0, y1] = [this.Y(a[1]), this.Y(b[1])].sort((p, q) => p - q);
      pen.imageSmoothingEnabled = smooth;
      pen.globalAlpha = opacity;
      pen.drawImage(small, x0, y0, x1 - x0, y1 - y0);
    }
  }

  /** Values of a function on a grid over the plot, first row on top: what raster wants. */
  field(f, columns = 60, rows = Math.round(columns / this.aspect)) {
    const { x, y } = this.shown;
    return Array.from({ length: rows }, (_, i) =>
      Array.from({ length: columns }, (_, j) =>
        f(x[0] + ((j + 0.5) / columns) * (x[1] - x[0]), y[1] - ((i + 0.5) / rows) * (y[1] - y[0])),
      ),
    );
  }

  /** Where in the plot a pointer is. */
  under(event) {
    const bounds = this.root.getBoundingClientRect();
    return [this.X.invert(event.clientX - bounds.left), this.Y.invert(event.clientY - bounds.top)];
  }
}

/** Makes the children of `parent` what `items` says: [tag, attributes, text pieces], reusing what is there. */
export function reconcile(parent, items) {
  items.forEach(([tag, attributes, label], i) => {
    let node = parent.childNodes[i];
    if (!node || node.tagName !== tag) {
      const fresh = svg(tag);
      fresh.was = {};
      if (node) parent.replaceChild(fresh, node);
      else parent.append(fresh);
      node = fresh;
    }
    for (const name of Object.keys(node.was)) if (!(name in attributes)) node.removeAttribute(name);
    for (const [name, value] of Object.entries(attributes)) {
      if (node.was[name] !== value) node.setAttribute(name, value);
    }
    node.was = attributes;
    const key = label && JSON.stringify(label);
    if (node.label !== key) {
      node.replaceChildren(...(label ? spans(label) : []));
      node.label = key;
    }
  });
  while (parent.childNodes.length > items.length) parent.lastChild.remove();
}

function spans(label) {
  let height = 0; // of the text before, over the line
  return label.map(({ text, italic, shift }) => {
    const node = svg("tspan");
    node.textContent = text;
    if (italic) node.setAttribute("font-style", "italic");
    if (shift) node.setAttribute("font-size", "75%");
    const want = shift > 0 ? -0.3 : shift < 0 ? 0.19 : 0;
    // dy is in em of the span itself, which is smaller where it is shifted
    if (want !== height) node.setAttribute("dy", `${((want - height) / (shift ? 0.75 : 1)).toFixed(3)}em`);
    height = want;
    return node;
  });
}
