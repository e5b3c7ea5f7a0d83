// What happens when shapes do not match?
//
// They are aligned from the right, and a missing axis counts as 1. An axis of size 1 stretches to the other's size; two
// different sizes, neither of them 1, refuse. So (3,) against (3, 1) is no error: both stretch, to 3 × 3.

import { box, figure, line, mean, num, range, sum, text } from "kit";

const SHAPES = [[3, 1], [3], [4], [1, 4], [3, 4], [2, 3, 1], []];
const GAP = 0.5; // between the layers of three axes, in boxes

const write = (shape) => (shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`);
const read = (name) => SHAPES.find((shape) => write(shape) === name) ?? SHAPES[0];
const pad = (shape) => [...Array(3 - shape.length).fill(1), ...shape]; // (layers, rows, columns)
const count = (shape) => shape.reduce((a, b) => a * b, 1);
const place = (index, shape) => index.reduce((at, i, k) => at * shape[k] + (shape[k] === 1 ? 0 : i), 0);
const cells = ([layers, rows, columns]) =>
  range(layers * rows * columns).map((n) => [
    Math.floor(n / rows / columns), Math.floor(n / columns) % rows, n % columns,
  ]);

/** All that follows from the two shapes. */
function align(s) {
  const [a, b] = [read(s.a), read(s.b)];
  const [pa, pb] = [pad(a), pad(b)];
  const refuses = [0, 1, 2].filter((k) => pa[k] !== pb[k] && pa[k] !== 1 && pb[k] !== 1);
  const axes = Math.max(a.length, b.length);
  const full = [0, 1, 2].map((k) => Math.max(pa[k], pb[k]));
  const squared = s.operation === "loss";
  const value = squared ? (x, y) => (x - y) ** 2 : (x, y) => x + y;
  const va = (index) => place(index, pa) + 1;
  const vb = (index) => (place(index, pb) + 1) * (squared ? 1 : 10);
  const pick = full.map((size, k) => Math.min(Math.max(Math.round(s.box[k]), 0), size - 1));
  const one = (index) => value(va(index), vb(index));
  const grows = full.some((size, k) => Math.min(pa[k], pb[k]) < size && !refuses.includes(k));
  const fits = !refuses.length;
  const open = fits && (s.stretch > 0 || !grows); // before anything is stretched, the result is a question
  return { a, b, pa, pb, axes, full, shape: full.slice(3 - axes), refuses, squared, va, vb, one, pick, fits, open };
}

export default figure("What happens when shapes do not match?", (f) => {
  const look = { x: [-0.1, 4.1], y: [-3.1, 0.1], equal: true, aspect: 1.1, least: 138 };
  const [left, right, result] = ["a", "b", "The result"].map((name) => f.plot({ ...look, name }));
  const table = f.plot({
    name: "The two shapes, aligned from the right", title: "right-aligned", x: [0, 4], y: [-4, 0], aspect: 1.1,
    least: 138,
  });

  const options = SHAPES.map((shape) => [write(shape), write(shape)]);
  f.handle(result, {
    label: "A box of the result",
    at(s) {
      const { pick: [layer, row, column], full, open } = align(s);
      return open ? [column + 0.86, -(layer * (full[1] + GAP) + row + 0.14)] : null;
    },
    move([x, y], s) {
      const { full } = align(s);
      const far = ([layer, row, column]) => Math.hypot(column + 0.86 - x, layer * (full[1] + GAP) + row + 0.14 + y);
      f.set({ box: cells(full).reduce((best, cell) => (far(cell) < far(best) ? cell : best)) });
    },
    step: 1,
    words: (s) => `box ${align(s).pick.slice(3 - align(s).axes).join(", ")} holds ${align(s).one(align(s).pick)}`,
    r: 4,
  });
  f.slider("stretch", { label: "stretch", min: 0, max: 1, step: 0.02, format: (t) => num(t, 2) });
  f.choice("a", { label: "*a*", options });
  f.choice("b", { label: "*b*", options });
  f.choice("operation", { label: "result", options: [["sum", "*a* + *b*"], ["loss", "(*a* − *b*)^2"]] });
  f.predict({
    ask: "*a* holds 1, 2, 3 in a column, *b* 10, 20, 30 in a row. What is *a* + *b*?",
    choices: ["Three sums: 11, 22, 33", "An error: the shapes differ", "Nine sums"],
    right: 2,
    because: "Each has an axis of size 1 where the other has 3. Both stretch, and every number of *a* meets every number of *b*; the sums that most people mean are only the diagonal.",
    when: (s) => s.stretch > 0.9,
  });

  /** One array: its boxes as far as they are stretched. */
  function draw(plot, own, all, value, color, s) {
    const { full, refuses, pick, open } = all;
    const grows = own.map((size, k) => size === 1 && full[k] > 1);
    const reach = (k) => (grows[k] ? 1 + (full[k] - 1) * s.stretch : own[k]);
    const [height, width] = [grows[1] ? reach(1) : 1, grows[2] ? reach(2) : 1];
    const size = plot.X(1) - plot.X(0);
    const step = (full[1] + GAP) * (grows[0] ? s.stretch : 1);
    const marks = [];
    for (const [layer, row, column] of cells([full[0], own[1], own[2]]).reverse()) {
      if (layer >= own[0] && !(grows[0] && s.stretch > 0)) continue;
      const top = -(layer * step + row);
      const corner = [column + width, top - height];
      marks.push(
        box([column, top], corner, { color: "paper" }),
        box([column, top], corner, { color, opacity: 0.22, stroke: color, width: 1.5 }),
      );
      for (let k = 1; k < width - 0.01; k++) marks.push(line(
        [[column + k, top], [column + k, top - height]], { color, width: 1, dash: "2 3" },
      ));
      for (let k = 1; k < height - 0.01; k++) marks.push(line(
        [[column, top - k], [column + width, top - k]], { color, width: 1, dash: "2 3" },
      ));
      for (const [, i, j] of cells([1, Math.floor(height + 0.25), Math.floor(width + 0.25)])) {
        const copy = i + j + (grows[0] ? layer : 0) > 0;
        marks.push(text([column + j + 0.5, top - i - 0.5], String(value([layer, row, column])), {
          size: Math.min(15, 0.46 * size), color: copy ? "muted" : "ink", weight: copy ? 400 : 600, halo: false,
        }));
      }
    }
    if (open) {
      const slot = pick.map((i, k) => (grows[k] ? i * s.stretch : i));
      const corner = [slot[2], -(slot[0] * (full[1] + GAP) + slot[1])];
      marks.push(box(corner, [corner[0] + 1, corner[1] - 1], { color: "none", stroke: "ink", width: 2.5 }));
    }
    // the axis that refuses, along the box
    if (refuses.includes(2)) marks.push(line([[0, 0.05], [own[2], 0.05]], { color: "vermilion", width: 5 }));
    if (refuses.includes(1)) marks.push(line([[-0.06, 0], [-0.06, -own[1]]], { color: "vermilion", width: 5 }));
    plot.draw(marks);
  }

  f.update((s) => {
    const all = align(s);
    const { a, b, pa, pb, axes, full, shape, refuses, squared, va, vb, one, pick, fits, open } = all;
    const every = fits ? cells(full).map(one) : [];
    const alike = fits && count(a) === count(b) && every.length > count(a); // the accident
    const error = fits
      ? ""
      : `The size of tensor a (${pa[refuses.at(-1)]}) must match the size of tensor b (${pb[refuses.at(-1)]}) at non-singleton dimension ${refuses.at(-1) - 3 + axes}`;
    f.read({
      shape: fits ? shape : null,
      error,
      numbers: every.length,
      total: sum(every),
      mean: fits ? mean(every) : null,
      box: fits ? one(pick) : null,
      stretched: [pa, pb].map((own) => own.map((size, k) => (size === 1 && full[k] > 1 ? k - 3 : 0)).filter(Boolean)),
    });

    const low = -full[0] * full[1] - (full[0] - 1) * GAP - 0.1;
    left.title = `*a*  ${s.a}`;
    right.title = `*b*  ${s.b}`;
    result.title = `${squared ? "(*a* − *b*)^2" : "*a* + *b*"}  ${open ? write(shape) : ""}`;
    for (const plot of [left, right, result]) {
      plot.y = [Math.min(low, -3.1), 0.1];
      plot.layout();
    }
    draw(left, pa, all, va, "blue", s);
    draw(right, pb, all, vb, "green", s);

    const there = (index) => index.every(
      (i, k) => i === 0 || (pa[k] > 1 && pb[k] > 1) || i <= (full[k] - 1) * s.stretch + 0.01,
    );
    const unit = result.X(1) - result.X(0);
    result.draw(
      (fits ? cells(full) : []).map((index) => {
        const [layer, row, column] = index;
        const corner = [column, -(layer * (full[1] + GAP) + row)];
        const other = [column + 1, corner[1] - 1];
        const meant = alike && va(index) === vb(index) / (squared ? 1 : 10);
        return [
          (open || there(index)) && box(corner, other, {
            color: meant && open ? "orange" : "faint", opacity: there(index) ? 0.4 : 0, stroke: "faint",
          }),
          there(index) && text([column + 0.5, corner[1] - 0.5], String(one(index)), {
            size: Math.min(15, (one(index) > 99 ? 0.4 : 0.46) * unit), weight: meant && open ? 700 : 400, halo: false,
          }),
        ];
      }),
    );
    const framed = [pick[2], -(pick[0] * (full[1] + GAP) + pick[1])];
    result.drawOver([
      open && box(framed, [framed[0] + 1, framed[1] - 1], { color: "none", stroke: "ink", width: 2.5 }),
      !fits && text([2, -1.2], "no result", { color: "vermilion", size: 15, weight: 600 }),
    ]);

    table.draw([0, 1, 2].filter((k) => k >= 3 - axes).map((k) => {
      const x = k + 1.5;
      const bad = refuses.includes(k);
      const entry = (own, size, y) => {
        const grows = own[k] === 1 && full[k] > 1;
        return [
          line([[k + 1.06, y + 0.42], [k + 1.94, y + 0.42], [k + 1.94, y - 0.42], [k + 1.06, y - 0.42]], {
            closed: true, width: bad ? 2.5 : 1, color: bad ? "vermilion" : grows ? "orange" : "muted",
            dash: k < 3 - size && "3 3",
          }),
          text([x, y], grows && s.stretch > 0 ? `1→${full[k]}` : String(own[k]), {
            color: bad ? "vermilion" : grows ? "orange" : k < 3 - size ? "muted" : "ink",
            weight: bad || grows ? 700 : 400, halo: false,
          }),
        ];
      };
      return [
        text([x, -0.35], `−${3 - k}`, { color: "muted", size: 11.5 }),
        entry(pa, a.length, -1.2),
        entry(pb, b.length, -2.2),
        text([x, -3.3], bad ? "✗" : open ? String(full[k]) : "?", {
          color: bad ? "vermilion" : "ink", weight: 700, size: 14,
        }),
      ];
    }));
    table.drawOver([
      text([0.5, -0.35], "axis", { color: "muted", size: 11.5 }),
      text([0.5, -1.2], "*a*", { color: "blue", weight: 600 }),
      text([0.5, -2.2], "*b*", { color: "green", weight: 600 }),
      text([0.5, -3.3], "result", { size: 12 }),
      axes > 0 && line([[0.1, -2.78], [4, -2.78]], { color: "muted", width: 1 }),
    ]);

    if (!fits) return `No result. Aligned from the right, axis −${3 - refuses.at(-1)} has ${pa[refuses.at(-1)]} and ${pb[refuses.at(-1)]}, and neither is 1. PyTorch says: “${error}”.`;
    if (!open) return `Aligned from the right, a missing axis counts as 1. What has size 1 (orange) can stretch to the other’s size: drag *stretch*, and watch the result.`;
    const grown = [[pa, "*a*"], [pb, "*b*"]].map(([own, name]) => [
      name, [2, 1, 0].filter((k) => own[k] === 1 && full[k] > 1).map((k) => `−${3 - k}`),
    ]).filter(([, list]) => list.length);
    const how = grown.length
      ? `${grown.map(([name, list]) => `${name} stretches along axis ${list.join(" and ")}`).join(", ")}: `
      : "Nothing has to stretch: ";
    const what = `${every.length} number${every.length > 1 ? "s" : ""}. `;
    const where = shape.length
      ? `The framed box: ${squared ? `(${va(pick)} − ${vb(pick)})^2` : `${va(pick)} + ${vb(pick)}`} = ${one(pick)}. `
      : "";
    const accident = squared
      ? `*a* and *b* hold the same ${count(a)} numbers, so a mean squared error of 0 was meant; the mean of these ${every.length} is ${num(mean(every))}.`
      : `Of these ${every.length}, only the ${count(a)} colored ones are likely to be meant.`;
    return how + what + where + (alike ? accident : squared ? `The mean of all is ${num(mean(every))}.` : "");
  });
});
