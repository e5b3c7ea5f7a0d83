// What is shared?
//
// One kernel, in every row. A convolution is a matrix multiplication whose matrix repeats the same few weights, one
// place further in each row, and is zero elsewhere: what is not near is not connected, and what is learned in one
// place holds in all.

import { area, box, clamp, dot, dot2, figure, gray, line, max, num, range, raster, sum, text } from "kit";

const TOP = -3.4; // below the bars, whose height is the weight itself
const MATRIX = -5.6; // upper edge of the matrix
const DEEP = 14; // its height at most, in the bars' units
const MOST = 3; // largest weight
// One color a weight; in two dimensions one a row of the kernel, paler from left to right.
const color = (s, k) => ["purple", "orange", "sky"][s.dims === 1 ? k : Math.floor(k / 3)];
const tint = (s, k) => (s.dims === 1 ? 0.4 : 0.55 - 0.18 * (k % 3));

/** What follows from the state: sizes, and for each output the input under each weight (or −1: padding). */
function layer(s) {
  const n = s.dims === 1 ? 10 : 5;
  const m = Math.floor((n + 2 * s.padding - 3) / s.stride) + 1;
  const [w, x] = s.dims === 1 ? [s.kernel, s.x] : [s.kernel2, s.image];
  const inside = (i) => (i >= 0 && i < n ? i : -1);
  const along = range(m).map((i) => range(3).map((k) => inside(i * s.stride + k - s.padding)));
  const pairs = (rows, columns) => rows.flatMap((r) => columns.map((c) => (r < 0 || c < 0 ? -1 : r * n + c)));
  const under = s.dims === 1 ? along : along.flatMap((r) => along.map((c) => pairs(r, c)));
  const rows = under.map((places) => {
    const row = Array(x.length).fill(0);
    places.forEach((place, k) => place >= 0 && (row[place] = w[k]));
    return row;
  });
  return { n, m, w, x, under, rows, y: rows.map((row) => dot2(row, x)), at: clamp(s.at, 0, rows.length - 1),
    held: s.held < w.length ? s.held : -1 };
}

/** The column over which weight k stands at output i, in one dimension also on the padding. */
const column = (s, l, i, k) => (s.dims === 1 ? i * s.stride + k - s.padding : l.under[i][k]);

export default figure("What is shared?", (f) => {
  const big = f.plot({
    name: "The kernel over the input, and the matrix", title: "output = matrix · input",
    y: [MATRIX - DEEP - 0.4, 4.7], aspect: 0.94, grow: 2.1, least: 300,
  });
  const small = f.plot({ name: "The same as a sliding kernel", title: "the same, as a layer", aspect: 0.5, phone: 1.5, grow: 1,
    least: 170 });

  range(9).forEach((k) =>
    f.handle(big, {
      label: `Weight *w*_${k + 1}`,
      at: (s) => {
        const l = layer(s);
        return k < l.w.length && column(s, l, l.at, k) >= -s.padding * (s.dims === 1)
          && (s.dims === 1 || l.under[l.at][k] >= 0)
          ? [column(s, l, l.at, k), l.w[k]]
          : null;
      },
      move: ([x, y], s, way) => {
        const l = layer(s);
        const weight = clamp(Math.round(2 * y) / 2, -MOST, MOST);
        const name = s.dims === 1 ? "kernel" : "kernel2";
        // To the nearest place; an arrow key, to the next one in its direction.
        const places = range(l.rows.length).filter((i) => (s.dims === 1 || l.under[i][k] >= 0)
          && (!way?.[0] || (i - l.at) * way[0] > 0));
        const off = (i) => Math.abs(column(s, l, i, k) - x);
        const next = places.reduce((best, i) => (off(i) < off(best) ? i : best), places[0] ?? l.at);
        f.set({ at: next, ...(weight !== l.w[k] && { [name]: l.w.map((old, j) => (j === k ? weight : old)),
          held: k }) });
      },
      step: [1, 0.5],
      words: (s) => `${num(layer(s).w[k])}, at output ${layer(s).at + 1}`,
      r: 6,
    }),
  );
  f.player({ step: (s) => f.set({ at: layer(s).at + 1 }), done: (s) => layer(s).at === layer(s).rows.length - 1,
    every: 600, label: "Slide on" });
  f.choice("dims", { label: "input", options: [[1, "10 numbers"], [2, "5 × 5 image"]] });
  f.choice("padding", { label: "padding", options: [[0, "0"], [1, "1"]] });
  f.choice("stride", { label: "stride", options: [[1, "1"], [2, "2"]] });
  f.predict({
    ask: "You drag the middle bar of the kernel up or down. What changes in the matrix?",
    choices: ["One entry, in the framed row", "One entry in every row", "All three entries of the framed row"],
    right: 1,
    because: "All rows hold the same kernel: 3 weights are learned, however often they are written down.",
    when: (s) => s.held >= 0,
  });

  f.update((s) => {
    const l = layer(s);
    const { w, x, y, under, rows, at, held } = l;
    const filled = sum(under.map((places) => places.filter((place) => place >= 0).length));
    f.read({ output: y, row: rows[at], rows: rows.length, columns: x.length, filled, learned: w.length,
      all: sum(rows.map(sum)) });

    // The matrix, its columns under the input, its rows beside the output.
    const pad = s.dims === 1 ? s.padding : 0;
    big.x = [-0.7 - pad, x.length + pad + 0.2 + x.length * 0.13];
    big.layout();
    const tall = Math.min(DEEP / rows.length, 1.9);
    const up = (i) => MATRIX - i * tall; // upper edge of row i
    const out = x.length - 0.5 + pad + x.length * 0.04;
    const wide = big.X(1) - big.X(0);
    const cell = (j, top, high, options) => box([j - 0.5, top], [j + 0.5, top - high], options);
    const numbers = wide > 19 && (big.Y(0) - big.Y(tall)) > 13;
    const high = (value) => (value / MOST) * 0.46 * tall;
    const size = wide > 24 ? 12.5 : 10;
    big.draw([
      box([-0.5, MATRIX], [x.length - 0.5, up(rows.length)], { color: "faint", opacity: 0.22 }),
      line([[-0.5 - pad, 0], [x.length - 0.5 + pad, 0]], { color: "muted", width: 1 }),
      // the kernel over the input, and down to the row that it makes
      under[at].map((place, k) => {
        const j = column(s, l, at, k);
        if (place < 0 && s.dims === 2) return false;
        return [
          area([[j - 0.5, TOP], [j + 0.5, TOP], [j + 0.5, up(at)], [j - 0.5, up(at)]],
            { color: color(s, k), opacity: place < 0 ? 0.08 : 0.2 }),
          box([j - 0.4, 0], [j + 0.4, w[k]], { color: color(s, k), opacity: tint(s, k) + 0.35 }),
        ];
      }),
      under.flatMap((places, i) =>
        places.map((place, k) => {
          const j = column(s, l, i, k);
          if (place < 0) return s.dims === 1 && cell(j, up(i), tall, { color: "none", stroke: "faint" });
          return [
            cell(j, up(i), tall, { color: "paper" }),
            cell(j, up(i), tall, { color: color(s, k), opacity: tint(s, k), stroke: "paper", width: 0.6 }),
            !numbers && box([j - 0.3, up(i) - tall / 2], [j + 0.3, up(i) - tall / 2 + high(w[k])],
              { color: "ink", opacity: 0.75 }),
          ];
        }),
      ),
      range(-pad, x.length + pad).map((j) => cell(j, TOP, 1.5, { color: "none",
        stroke: x[j] === undefined ? "faint" : "muted" })),
      rows.map((_, i) => box([out, up(i)], [out + x.length * 0.11, up(i) - tall], { color: "none", stroke: "muted" })),
      box([-0.5, up(at)], [x.length - 0.5, up(at) - tall], { color: "none", stroke: "ink", width: 2.5 }),
      box([out, up(at)], [out + x.length * 0.11, up(at) - tall],
        { color: "blue", opacity: 0.25, stroke: "ink", width: 2.5 }),
      // all copies of the weight that was moved
      held >= 0 && under.map((places, i) => places[held] >= 0 && cell(places[held], up(i) - tall * 0.06, tall * 0.88,
        { color: "none", stroke: color(s, held), width: 2.5 })),
    ]);
    const outputs = (i) => text([out + x.length * 0.055, up(i) - tall / 2], num(y[i]),
      { size: tall * (big.Y(0) - big.Y(1)) > 15 ? size : 9, halo: false });
    big.drawOver([
      range(-pad, x.length + pad).map((j) => wide > 9 && text([j, TOP - 0.75], num(x[j] ?? 0),
        { size, color: x[j] === undefined ? "muted" : "ink", halo: false })),
      numbers && rows.flatMap((row, i) => row.map((value, j) => text([j, up(i) - tall / 2], num(value),
        { size, color: under[i].includes(j) ? "ink" : "muted", halo: false }))),
      rows.map((_, i) => outputs(i)),
      text([-0.5 - pad, 4.35], "kernel: ↕ changes a weight, ↔ slides it",
        { color: "muted", anchor: "start", size: 11.5 }),
      text([out + x.length * 0.055, TOP - 0.75], "output", { color: "muted", size: 11.5 }),
      s.dims === 1 && under[at].map((_, k) => text([column(s, l, at, k), w[k] < 0 ? 0.55 : -0.55], `*w*_${k + 1}`,
        { size: 12, halo: false })),
    ]);
    const stacked = small.frame.offsetTop > big.frame.offsetTop; // on a phone
    (s.dims === 1 ? network : pictures)(s, l, stacked);

    const terms = under[at].map((place, k) => (place < 0 ? 0 : x[place]));
    const product = w.map((v, k) =>
      `${k && v >= 0 ? "+ " : ""}${num(v).replace("−", k ? "− " : "−")}·${terms[k]}`).join(" ");
    const value = s.dims === 1 ? `${product} = ${num(y[at])}` : num(y[at]);
    const copies = under.filter((places) => places[held] >= 0).length;
    const moved = held < 0 ? ""
      : `*w*_${held + 1} = ${num(w[held])} stands in ${copies} rows, and all changed at once. `;
    return `${moved}Output ${at + 1} is the framed row times the input: ${value}. The matrix has ${rows.length} × ${x.length} = ${rows.length * x.length} entries; ${rows.length * x.length - filled} are always 0, and only ${w.length} are learned.`;
  });

  /** One dimension: neurons, and a connection for each entry that is not zero. */
  function network(s, { x, y, under, at, held }) {
    Object.assign(small, { x: [0, 1], y: [-1.5, 11.1], equal: false });
    small.layout();
    small.paint([]);
    const input = (j) => [0.2, 9.5 - j];
    const output = (i) => [0.8, 9.5 - (i * s.stride + 1 - s.padding)];
    const ends = under.flatMap((places, i) => places.map((place, k) => ({ i, k, place,
      from: input(i * s.stride + k - s.padding) })));
    const edge = ({ i, k, place, from }) =>
      line([from, output(i)], {
        color: color(s, k),
        width: i === at || k === held ? 4 : 1.5,
        opacity: i === at || k === held ? 1 : 0.6,
        dash: place < 0 ? true : undefined,
      });
    small.draw([
      ends.map(edge),
      range(-s.padding, x.length + s.padding).map((j) =>
        dot(input(j), { color: x[j] === undefined ? "faint" : "muted", r: 6, hollow: x[j] === undefined })),
      y.map((_, i) => dot(output(i), { color: "blue", r: i === at ? 9 : 6, ring: i === at ? "ink" : "paper" })),
    ]);
    small.drawOver([text([0.2, -1.4], "input", { color: "muted", size: 12 }),
      text([0.8, -1.4], "output", { color: "muted", size: 12 })]);
  }

  /** Two dimensions: the image with the kernel over it, and what comes out. */
  function pictures(s, { n, m, x, y, at, held }, beside) {
    Object.assign(small, beside ? { x: [-1.2, 12.2], y: [-1.8, 6.9] } : { x: [-1.2, 6.2], y: [-8.2, 6.9] },
      { equal: true });
    small.layout();
    const grid = (values, side) => range(side).map((r) => values.slice(r * side, (r + 1) * side));
    const [r, c] = [Math.floor(at / m), at % m].map((i) => i * s.stride - s.padding);
    const [left, low] = beside ? [9 - m / 2, (n - m) / 2] : [(n - m) / 2, -4.5 - m / 2];
    const largest = max(y, Math.abs) || 1;
    const square = (x, y, side, options) => box([x, y], [x + side, y + side], { color: "none", ...options });
    small.paint([raster(grid(x, n), [0, 0], [n, n], gray(0, 8)),
      raster(grid(y, m), [left, low], [left + m, low + m], gray(-largest, 3 * largest))]);
    small.draw([
      square(0, 0, n, { stroke: "muted" }),
      s.padding && square(-1, -1, n + 2, { stroke: "faint" }),
      range(9).map((k) =>
        square(c + (k % 3), n - 1 - r - Math.floor(k / 3), 1,
          { color: color(s, k), opacity: 0.8 * tint(s, k), stroke: color(s, k), width: held === k ? 4 : 1 }),
      ),
      square(c, n - 3 - r, 3, { stroke: "ink", width: 2.5 }),
      square(left, low, m, { stroke: "muted" }),
      square(left + (at % m), low + m - 1 - Math.floor(at / m), 1, { stroke: "ink", width: 2.5 }),
    ]);
    const each = (values, side, left, low, size) =>
      values.map((v, i) => text([left + (i % side) + 0.5, low + side - 0.5 - Math.floor(i / side)], num(v),
        { size, halo: false }));
    small.drawOver([
      each(x, n, 0, 0, 12),
      each(y, m, left, low, 9),
      text([2.5, 6.45], "input", { color: "muted", size: 12 }),
      text([left + m / 2, low - 0.6], "output", { color: "muted", size: 12 }),
    ]);
  }
});
