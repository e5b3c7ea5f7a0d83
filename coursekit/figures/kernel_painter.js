// What does a kernel see in a photograph?
//
// Itself. Each output is the dot product of the kernel with a patch: large where the patch looks like the kernel, very
// negative where it looks like its opposite, and 0 where the patch is plain and the weights sum to 0.

import { add, box, clamp, diverging, dot2, figure, fixed, gray, line, max, min, num, photo, range, raster, sum,
  text } from "kit";

const [HIGH, WIDE] = [60, 90];
const MOST = 2; // largest weight
const [LEFT, TOP, CELL] = [4, 0.82, 1.55]; // of the kernel's cells; those of patch and products are of size 1
const middle = (k) => [LEFT + (0.5 + (k % 3)) * CELL, TOP - (0.5 + Math.floor(k / 3)) * CELL]; // of a kernel's cell
const tall = (w) => (clamp(w, -MOST, MOST) / MOST) * 0.42 * CELL; // the bar of a weight
const PRESETS = {
  Identity: [0, 0, 0, 0, 1, 0, 0, 0, 0],
  Blur: Array(9).fill(1 / 9),
  Sharpen: [0, -0.25, 0, -0.25, 2, -0.25, 0, -0.25, 0],
  "Vertical edges": [-0.5, 0, 0.5, -1, 0, 1, -0.5, 0, 0.5],
  "Horizontal edges": [-0.5, -1, -0.5, 0, 0, 0, 0.5, 1, 0.5],
  "All edges": [-0.25, -0.25, -0.25, -0.25, 2, -0.25, -0.25, -0.25, -0.25],
};

/** The base64 text as rows of gray values; what is missing is black. */
function decode(code) {
  let bytes = "";
  try {
    bytes = atob(code);
  } catch {
    // not from us: a black picture
  }
  return range(HIGH).map((i) => range(WIDE).map((j) => bytes.charCodeAt(i * WIDE + j) || 0));
}

const patch = (rows, i, j) => range(9).map((k) => rows[i + Math.floor(k / 3)][j + (k % 3)]);
const used = (s) => (s.flip ? [...s.kernel].reverse() : s.kernel);

export default figure("What does a kernel see in a photograph?", (f) => {
  const axes = { x: [0, WIDE], y: [-HIGH, 0], aspect: 1.37, least: 260 };
  const before = f.plot({ ...axes, name: "The photograph", title: "input" });
  const after = f.plot({ ...axes, name: "The photograph seen by the kernel", title: "output" });
  const sums = f.plot({ name: "One output pixel: patch times kernel", aspect: 2.75, phone: 1.95, least: 300 });

  const cache = { code: undefined };
  function pixels(s) {
    if (cache.code !== s.photo) Object.assign(cache, { code: s.photo, rows: decode(s.photo), key: undefined });
    return cache.rows;
  }
  function filtered(s) {
    const rows = pixels(s);
    const w = used(s);
    const key = JSON.stringify(w);
    if (cache.key !== key) {
      cache.key = key;
      cache.out = range(HIGH - 2).map((i) => {
        const [a, b, c] = [rows[i], rows[i + 1], rows[i + 2]];
        return range(WIDE - 2).map((j) =>
          w[0] * a[j] + w[1] * a[j + 1] + w[2] * a[j + 2] + w[3] * b[j] + w[4] * b[j + 1] + w[5] * b[j + 2] + w[6] * c[j] + w[7] * c[j + 1] + w[8] * c[j + 2],
        );
      });
    }
    return cache.out;
  }
  const place = (s) => [clamp(Math.round(s.at[0]), 0, HIGH - 3), clamp(Math.round(s.at[1]), 0, WIDE - 3)];

  f.handle(before, {
    label: "The patch",
    at: (s) => [place(s)[1] + 1.5, -place(s)[0] - 1.5],
    move: ([x, y]) => f.set({ at: [clamp(Math.round(-y - 1.5), 0, HIGH - 3),
      clamp(Math.round(x - 1.5), 0, WIDE - 3)] }),
    step: 1,
    words: (s) => `row ${place(s)[0] + 2}, column ${place(s)[1] + 2}`,
    color: "orange",
    r: 5,
  });
  range(9).forEach((k) =>
    f.handle(sums, {
      label: `Weight in row ${Math.floor(k / 3) + 1}, column ${(k % 3) + 1}`,
      at: (s) => [middle(k)[0], middle(k)[1] + tall(s.kernel[k])],
      move: ([, y], s) => {
        const w = clamp(Math.round((20 * (y - middle(k)[1])) / tall(1)) / 20, -MOST, MOST);
        f.set({ kernel: s.kernel.map((old, i) => (i === k ? w : old)) });
      },
      step: [0, 0.1 * tall(1)],
      words: (s) => num(s.kernel[k]),
      r: 5,
    }),
  );
  for (const [name, kernel] of Object.entries(PRESETS)) {
    f.button(name, () => f.set({ kernel }), { when: (s) => s.kernel.some((w, k) => Math.abs(w - kernel[k]) > 1e-9) });
  }
  f.toggle("flip", { label: "turn the kernel by 180° (convolution proper)" });
  f.predict({
    ask: "Mathematics turns the kernel by 180° before it is used. You turn this one. What happens to the output?",
    choices: ["Nothing: it finds the same edges", "Blue and vermilion change places", "It finds horizontal edges"],
    right: 1,
    because: "Half a turn makes this kernel its own negative; a symmetric one (try Blur) stays as it is. Deep learning does not turn: a learned kernel can come out either way.",
    when: (s) => s.flip && s.kernel.every((w, k) => Math.abs(w - PRESETS["Vertical edges"][k]) < 1e-9),
  });

  f.update((s) => {
    const rows = pixels(s);
    const out = filtered(s);
    const [i, j] = place(s);
    const w = used(s);
    const here = patch(rows, i, j);
    const products = here.map((x, k) => x * w[k]);
    const value = dot2(here, w);
    const total = sum(w);
    const [low, high] = [min(out, (row) => min(row)), max(out, (row) => max(row))];
    const size = sum(out.map((row) => sum(row.map(Math.abs)))) / out.length / out[0].length;
    f.read({ value, patch: here, total, low, high, size });

    // Weights that sum to (nearly) 0 answer with a sign: that is shown in color. Others give a picture again.
    const signs = Math.abs(total) < 0.3;
    const limit = clamp(0.6 * Math.max(-low, high), 20, 200);
    const scale = signs ? diverging(limit) : total > 0 ? photo(0, 255) : photo(-255, 0);
    before.paint([raster(rows, [0, -HIGH], [WIDE, 0], photo(0, 255))]);
    before.draw([box([j, -i], [j + 3, -i - 3], { color: "none", stroke: "orange", width: 2.5 })]);
    before.drawOver([text([WIDE, -HIGH], "photo: danielbuechele, CC BY 2.0",
      { size: 10, color: "muted", anchor: "end", dy: -7 })]);
    after.title = signs ? "output: blue +, vermilion −" : "output";
    after.layout();
    after.paint([raster(out, [1, 1 - HIGH], [WIDE - 1, -1], scale)]);
    after.draw([
      box([0, 0], [WIDE, -HIGH], { color: "none", stroke: "faint" }),
      box([j + 1, -i - 1], [j + 2, -i - 2], { color: "none", stroke: "orange", width: 2.5 }),
      box([j, -i], [j + 3, -i - 3], { color: "none", stroke: "orange", width: 1 }),
    ]);

    // patch · kernel = products, and their sum; on a phone without the products
    const narrow = matchMedia("(max-width: 600px)").matches;
    Object.assign(sums, { x: [-0.2, narrow ? 10.9 : 15.1], y: [-4.5, 0.95], equal: true });
    sums.layout();
    const cell = (k, left, options) => box([left + (k % 3), -Math.floor(k / 3)],
      [left + 1 + (k % 3), -1 - Math.floor(k / 3)], { stroke: "muted", width: 0.8, ...options });
    const inside = (k, left, words, options) => text([left + 0.5 + (k % 3), -0.5 - Math.floor(k / 3)], words,
      { size: narrow ? 10.5 : 13, ...options });
    const last = narrow ? 9.5 : 13.7;
    const right = 9.6; // where the products begin
    const times = Math.max(...products.map(Math.abs), 1);
    sums.paint([raster([0, 3, 6].map((k) => here.slice(k, k + 3)), [0, -3], [3, 0], photo(0, 255), { opacity: 0.35 })]);
    sums.draw([
      range(9).map((k) => [
        cell(k, 0, { color: "none", stroke: "orange", width: 1.5 }),
        box(add(middle(k), [-CELL / 2, CELL / 2]), add(middle(k), [CELL / 2, -CELL / 2]), {
          color: s.kernel[k] > 0 ? "blue" : "vermilion", opacity: 0.2 * Math.abs(clamp(s.kernel[k], -MOST, MOST)),
            stroke: "ink",
        }),
        line([add(middle(k), [-0.6, 0]), add(middle(k), [0.6, 0])], { color: "faint", width: 1 }),
        box(add(middle(k), [-0.3, 0]), add(middle(k), [0.3, tall(s.kernel[k])]),
          { color: s.kernel[k] > 0 ? "blue" : "vermilion", opacity: 0.6 }),
        !narrow && cell(k, right, { color: products[k] > 0 ? "blue" : "vermilion",
          opacity: (0.6 * Math.abs(products[k])) / times }),
      ]),
      box([last, -1], [last + 1.2, -2], { color: signs ? (value > 0 ? "blue" : "vermilion") : "muted",
        opacity: signs ? Math.min(Math.abs(value) / limit, 1) * 0.6 : 0.15, stroke: "orange", width: 2.5 }),
    ]);
    const caption = (x, words, y = -3) => text([x, y], words, { dy: 12, size: 12, color: "muted" });
    sums.drawOver([
      range(9).map((k) => [
        inside(k, 0, String(here[k]), { halo: false }),
        text(add(middle(k), [0, (s.kernel[k] > 0 ? -0.35 : 0.35) * CELL]), num(s.kernel[k], 2),
          { size: narrow ? 10.5 : 12 }),
        !narrow && inside(k, right, num(Math.round(10 * products[k]) / 10), { halo: false, size: 11.5 }),
      ]),
      text([3.5, -1.5], "·", { size: 20 }),
      !narrow && text([9.15, -1.5], "=", { size: 18 }),
      text([narrow ? 9.05 : 13.15, -1.5], narrow ? "=" : "sum", { size: narrow ? 18 : 13 }),
      text([last + 0.6, -1.5], fixed(value, 0), { size: narrow ? 11 : 14, weight: 600, halo: false }),
      caption(1.5, "patch"),
      caption(LEFT + 1.5 * CELL, s.flip ? "kernel, turned before use" : "kernel: drag its weights", TOP - 3 * CELL),
      !narrow && caption(right + 1.5, "products"),
      caption(last + 0.6, "output"),
    ]);

    const kind = signs ? "the weights sum to about 0, so plain areas vanish and only differences are seen"
      : `the weights sum to ${num(total, 2)}, and plain areas ${total > 0 ? `keep ${num(100 * total, 2)} % of their gray` : "turn negative"}`;
    return `Patch times ${s.flip ? "turned kernel" : "kernel"} sums to ${num(value)}: ${kind}. The output goes from ${num(low)} to ${num(high)}.`;
  });
});
