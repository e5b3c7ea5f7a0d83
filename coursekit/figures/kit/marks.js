// What can be drawn in a plot. A mark is a function of the plot that says which SVG element it is, so that
// `plot.draw([line(…), dot(…)])` can keep the elements of the last drawing and change only what changed.
//
// Positions are in the plot's own units. Colors are names from figures.css: ink, muted, faint, blue, vermilion, green,
// purple, orange, sky, yellow, paper.

import { pieces } from "./format.js";

const paint = (color) => (color === "none" ? "none" : `var(--fig-${color})`);
const place = (plot, points) => points.map(([x, y]) => `${fix(plot.X(x))} ${fix(plot.Y(y))}`);
const fix = (pixels) => (Number.isFinite(pixels) ? Math.round(clampPixels(pixels) * 100) / 100 : 0);
const clampPixels = (x) => Math.min(Math.max(x, -1e5), 1e5); // browsers lose what is farther away

const stroke = ({ color = "ink", width = 2, dash, opacity = 1 }) => ({
  fill: "none",
  stroke: paint(color),
  "stroke-width": width,
  "stroke-dasharray": dash === true ? "5 4" : (dash ?? "none"),
  "stroke-linejoin": "round",
  "stroke-linecap": "round",
  opacity,
});

/** Through the points, in order; a point that is no number leaves a gap. options: color, width, dash, opacity, closed */
export const line = (points, options = {}) => (plot) => {
  let d = "";
  let pen = "M";
  for (const p of points) {
    if (!Number.isFinite(p[0]) || !Number.isFinite(p[1])) pen = "M";
    else {
      d += pen + place(plot, [p])[0];
      pen = "L";
    }
  }
  return ["path", { d: d + (options.closed ? "Z" : ""), ...stroke(options) }];
};

/** y = f(x) over the plot's width, or over `from` … `to`. */
export const path = (f, { from, to, n = 160, ...options } = {}) => (plot) => {
  const [a, b] = [from ?? plot.x[0], to ?? plot.x[1]];
  return line(Array.from({ length: n + 1 }, (_, i) => [a + ((b - a) * i) / n, f(a + ((b - a) * i) / n)]), options)(plot);
};

/** The inside of a polygon. options: color, opacity */
export const area = (points, { color = "blue", opacity = 0.15 } = {}) => (plot) => [
  "path",
  { d: `M${place(plot, points).join("L")}Z`, fill: paint(color), stroke: "none", opacity },
];

/** A rectangle between two corners. options: color, opacity, stroke, width */
export const box = (a, b, { color = "blue", opacity = 1, stroke: edge = "none", width = 1 } = {}) => (plot) => {
  const [x0, x1] = [plot.X(a[0]), plot.X(b[0])].sort((p, q) => p - q);
  const [y0, y1] = [plot.Y(a[1]), plot.Y(b[1])].sort((p, q) => p - q);
  return [
    "rect",
    {
      x: fix(x0),
      y: fix(y0),
      width: Math.max(fix(x1 - x0), 0),
      height: Math.max(fix(y1 - y0), 0),
      fill: paint(color),
      "fill-opacity": opacity,
      stroke: paint(edge),
      "stroke-width": width,
    },
  ];
};

/** A whole line through the plot: rule({ x: 3 }) upright, rule({ y: 0 }) level. */
export const rule = ({ x, y, color = "faint", width = 1, dash }) => (plot) =>
  line(x === undefined ? [[plot.x[0], y], [plot.x[1], y]] : [[x, plot.y[0]], [x, plot.y[1]]], { color, width, dash })(plot);

const SHAPES = {
  disk: (r) => `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`,
  square: (r) => `M${-r} ${-r}h${2 * r}v${2 * r}h${-2 * r}Z`,
  triangle: (r) => `M0 ${-1.2 * r}L${1.1 * r} ${0.8 * r}H${-1.1 * r}Z`,
  diamond: (r) => `M0 ${-1.3 * r}L${1.3 * r} 0L0 ${1.3 * r}L${-1.3 * r} 0Z`,
  cross: (r) => `M${-r} ${-r}L${r} ${r}M${-r} ${r}L${r} ${-r}`,
};

/** A point. options: color, r (pixels), shape (disk, square, triangle, diamond, cross), hollow, opacity, ring (a color around it) */
export const dot = ([x, y], { color = "ink", r = 5, shape = "disk", hollow, opacity = 1, ring } = {}) => (plot) => [
  "path",
  {
    d: SHAPES[shape](r),
    transform: `translate(${fix(plot.X(x))} ${fix(plot.Y(y))})`,
    fill: shape === "cross" ? "none" : hollow ? paint("paper") : paint(color),
    stroke: shape === "cross" || hollow ? paint(color) : paint(ring ?? "paper"),
    "stroke-width": ring ? 3 : hollow || shape === "cross" ? 2 : 1,
    opacity,
  },
];

/** A point of class −1 (a vermilion square) or +1 (a blue disk), as in every picture of the book. */
export const glyph = (p, label, options = {}) =>
  dot(p, label > 0 ? { color: "blue", ...options } : { color: "vermilion", shape: "square", r: 4.5, ...options });

/** From a to b, with a head at b. options: color, width, dash, opacity */
export const arrow = (a, b, options = {}) => (plot) => {
  const [x0, y0, x1, y1] = [plot.X(a[0]), plot.Y(a[1]), plot.X(b[0]), plot.Y(b[1])];
  const length = Math.hypot(x1 - x0, y1 - y0);
  const head = Math.min(9, length);
  const [ux, uy] = length ? [(x1 - x0) / length, (y1 - y0) / length] : [0, 0];
  const [hx, hy] = [x1 - head * ux, y1 - head * uy];
  const wing = 0.45 * head;
  const d =
    `M${fix(x0)} ${fix(y0)}L${fix(hx)} ${fix(hy)}` +
    `M${fix(x1)} ${fix(y1)}L${fix(hx - wing * uy)} ${fix(hy + wing * ux)}L${fix(hx + wing * uy)} ${fix(hy - wing * ux)}Z`;
  return ["path", { d, ...stroke(options), fill: paint(options.color ?? "ink"), "stroke-linejoin": "miter" }];
};

/** A label, with `*w*_1` for formulas. options: color, size, anchor (start, middle, end), dx, dy (pixels), weight, halo */
export const text =
  ([x, y], label, { color = "ink", size = 13, anchor = "middle", dx = 0, dy = 0, weight = 400, halo = true } = {}) =>
  (plot) => [
    "text",
    {
      x: fix(plot.X(x) + dx),
      y: fix(plot.Y(y) + dy),
      fill: paint(color === "ink" || color === "muted" || color === "paper" ? color : `${color}-text`),
      "font-size": size,
      "font-weight": weight,
      "text-anchor": anchor,
      "dominant-baseline": "central",
      class: halo ? "fig-halo" : "",
    },
    pieces(label),
  ];

/**
 * Numbers painted as cells, for plot.paint: values (rows of numbers, the first row on top), the corners of the
 * rectangle they fill, and a scale of colors.js. options: smooth (mixes neighbors), opacity
 */
export const raster = (values, a, b, scale, { smooth = false, opacity = 1 } = {}) => ({ values, a, b, scale, smooth, opacity });
