// What a figure's module may import: `import { figure, line, dot, num } from "kit"`.
// page.js, which shows figures on the book's pages, is part of the same build.
export { figure } from "./figure.js";
export { define, show, widget } from "./page.js";
export { area, arrow, box, dot, glyph, line, path, raster, rule, text } from "./marks.js";
export { fixed, num, percent, point, signed } from "./format.js";
export { blend, diverging, gray, photo, sequential } from "./colors.js";
export { random } from "./random.js";
export * from "./maths.js";
export { bin, extent, max, min, range } from "d3-array";
export { contours } from "d3-contour";
