// What did it see in my digit?
//
// Eight kernels of 3×3 look for edges, sixteen more look at those edges 5×5 pixels at a time, and the last layer adds
// up what each of them found where. That sum can be taken apart: each place has spoken for one class or the other.

import { argmax, box, clamp, diverging, figure, fixed, gray, line, max, percent, raster, range, sequential, signed, softmax, sum, text } from "kit";
import { heldOut, right, weights as hundredths } from "./data/digit.json";

const NAMES = ["conv 1", "conv 2", "pooled"];
const MAPS = [8, 16, 16];
const SIZE = [8, 8, 4]; // cells of a map, in each direction
const PITCH = SIZE.map((n) => 1.1 * n); // from one map to the next
const TALL = [17.6, PITCH[1], PITCH[2]]; // the maps of conv 1 have their kernels below
const INK = 300; // of 1024 pixels, at least: the data set's digits are normalized to about as much
const ALL = range(10);

const grid = (n, value) => range(n).map((r) => range(n).map((c) => value(r, c)));
const short = (x) => fixed(x, 2).replace("0.", ".");

/** The drawing as the data set would have it: 8×8 counts of 4×4 pixels each. */
function prepare(strokes) {
  const points = strokes.flat();
  if (!points.length) return grid(8, () => 0);
  const [low, high] = [Math.min, Math.max].map((end) => [0, 1].map((i) => end(...points.map((p) => p[i]))));
  const [wide, tall] = [0, 1].map((i) => Math.max(high[i] - low[i], 1e-9));
  const inked = (r) => {
    // The box of the ink is 32 tall and 20 wide, but nothing is stretched much out of its shape.
    const y = (32 - 2 * r) / tall;
    const kx = Math.min((20 - 2 * r) / wide, 1.4 * y);
    const ky = Math.min(y, 2 * kx);
    const on = new Uint8Array(1024);
    for (const stroke of strokes) {
      const path = stroke.map((p) => [(p[0] - (low[0] + high[0]) / 2) * kx + 16, 16 - (p[1] - (low[1] + high[1]) / 2) * ky]);
      path.forEach(([ax, ay], k) => {
        const [bx, by] = path[k + 1] ?? path[k];
        if (k && k === path.length - 1) return;
        const [dx, dy] = [bx - ax, by - ay];
        const long = dx * dx + dy * dy;
        const [top, bottom] = [Math.min(ay, by) - r - 1, Math.max(ay, by) + r + 1].map((v) => clamp(Math.round(v), 0, 32));
        const [left, end] = [Math.min(ax, bx) - r - 1, Math.max(ax, bx) + r + 1].map((v) => clamp(Math.round(v), 0, 32));
        for (let i = top; i < bottom; i++) {
          for (let j = left; j < end; j++) {
            const [px, py] = [j + 0.5 - ax, i + 0.5 - ay];
            const t = long ? clamp((px * dx + py * dy) / long, 0, 1) : 0;
            if ((px - t * dx) ** 2 + (py - t * dy) ** 2 <= r * r) on[32 * i + j] = 1;
          }
        }
      });
    }
    return on;
  };
  let [low4, high4] = [4, 24]; // the pen's radius in quarters of a pixel
  while (low4 < high4) {
    const middle = (low4 + high4) >> 1;
    if (sum(inked(middle / 4)) >= INK) high4 = middle;
    else low4 = middle + 1;
  }
  const on = inked(low4 / 4);
  return grid(8, (r, c) => sum(range(16).map((k) => on[32 * (4 * r + (k >> 2)) + 4 * c + (k & 3)])));
}

/** A convolution of 3×3 with a border of zeros; kernel(to, from) is a list of nine. */
function convolve(maps, kernel, bias) {
  const padded = maps.map((map) => [[], ...map, []].map((row) => [0, ...(row.length ? row : Array(8).fill(0)), 0]));
  return bias.map((b, to) => {
    const total = grid(8, () => b);
    padded.forEach((map, from) => {
      const k = kernel(to, from);
      for (let r = 0; r < 8; r++) {
        for (let c = 0; c < 8; c++) {
          for (let i = 0; i < 9; i++) total[r][c] += k[i] * map[r + ((i / 3) | 0)][c + (i % 3)];
        }
      }
    });
    return total;
  });
}
const rectified = (maps) => maps.map((map) => map.map((row) => row.map((x) => Math.max(x, 0))));

/** Everything between the 8×8 pixels and the ten probabilities. */
function forward(image, own) {
  const [w1, b1, w2, b2, w3, b3] = own.length ? own : hundredths.map((list) => list.map((x) => x / 100));
  const kernels = [(to) => w1.slice(9 * to, 9 * to + 9), (to, from) => w2.slice(9 * (8 * to + from), 9 * (8 * to + from) + 9)];
  const first = rectified(convolve([image], kernels[0], b1));
  const second = rectified(convolve(first, kernels[1], b2));
  const pooled = second.map((map) => grid(4, (r, c) => Math.max(map[2 * r][2 * c], map[2 * r][2 * c + 1], map[2 * r + 1][2 * c], map[2 * r + 1][2 * c + 1])));
  const weight = (k, m, r, c) => w3[256 * k + 16 * m + 4 * r + c];
  const logits = ALL.map((k) => b3[k] + sum(pooled.map((map, m) => sum(map.map((row, r) => sum(row.map((x, c) => x * weight(k, m, r, c))))))));
  return { maps: [first, second, pooled], kernels, biases: [b1, b2, b3], weight, logits, p: softmax(logits) };
}

let last = {};
function computed(s) {
  const key = JSON.stringify([s.sample, s.strokes, s.weights]);
  if (last.key === key) return last;
  const shown = s.samples[s.sample];
  const seen = shown?.pixels ? grid(8, (r, c) => parseInt(shown.pixels[8 * r + c], 17)) : prepare(shown?.strokes ?? s.strokes);
  const image = seen.map((row) => row.map((v) => v / 16));
  last = { key, seen, image, ...forward(image, s.weights) };
  last.answer = argmax(last.p);
  return last;
}

export default figure("What did it see in my digit?", (f) => {
  const square = { x: [0, 8], y: [0, 8], equal: true, aspect: 0.93 };
  const board = f.plot({ ...square, x: [0, 64], y: [0, 64], name: "The drawing", title: "draw a digit here", least: 215, grow: 4 });
  const eye = f.plot({ ...square, y: [-0.9, 8], name: "The 8×8 pixels that the network sees", title: "what it sees: 8 × 8", least: 138, grow: 16 });
  const bars = f.plot({ x: [-0.45, 1.4], y: [-0.6, 9.6], name: "Probabilities of the ten classes", title: "its answer", least: 138, grow: 6, aspect: 0.7 });
  const layers = NAMES.map((name, i) => {
    const title = ["conv 1: 8 maps, kernels", "conv 2: 16 maps", "pooled × weight: votes"][i];
    return f.plot({ ...square, x: [0, 4 * PITCH[i] - PITCH[i] / 11], y: [0, 4 * PITCH[i] - PITCH[i] / 11], name: `The maps of ${name}`, title, least: 180 });
  });
  const sums = f.plot({ x: [0, 36], y: [0, 15], equal: true, name: "How the chosen cell got its value", title: "the chosen cell, product by product", least: 300, aspect: 3, phone: 2.2 });

  // --- places ---
  const height = (i) => 4 * PITCH[i] - PITCH[i] / 11;
  /** The upper left corner of a map's cell. */
  const corner = (i, [m, r, c]) => [(m % 4) * PITCH[i] + c, height(i) - ((m / 4) | 0) * TALL[i] - r];
  const middle = (i, cell) => [corner(i, cell)[0] + 0.5, corner(i, cell)[1] - 0.5];
  const nearest = (i, [x, y]) => {
    const [across, below] = [clamp(Math.floor((x + PITCH[i] / 22) / PITCH[i]), 0, 3), clamp(Math.floor((height(i) - y) / TALL[i]), 0, MAPS[i] / 4 - 1)];
    const within = (value) => clamp(Math.floor(value), 0, SIZE[i] - 1);
    return [4 * below + across, within(height(i) - y - below * TALL[i]), within(x - across * PITCH[i])];
  };
  const next = (i, [m, r, c], [dx, dy]) => {
    const n = SIZE[i];
    const [x, y] = [clamp((m % 4) * n + c + dx, 0, 4 * n - 1), clamp(((m / 4) | 0) * n + r - dy, 0, (MAPS[i] / 4) * n - 1)];
    return [4 * ((y / n) | 0) + ((x / n) | 0), y % n, x % n];
  };
  const choose = (s, i, cell) => f.set({ layer: i, cells: s.cells.map((old, k) => (k === i ? cell : old)) });
  const versus = (s) => {
    const { p, answer } = computed(s);
    return s.rival >= 0 && s.rival !== answer ? s.rival : argmax(p.map((x, k) => (k === answer ? -1 : x)));
  };

  // --- what a reader does ---
  function ink(s, p, first) {
    const here = p.map((v) => clamp(Math.round(2 * v) / 2, 2, 62));
    const old = s.sample < 0 ? s.strokes : (s.samples[s.sample].strokes ?? []);
    const stroke = old.at(-1);
    const far = stroke && Math.hypot(here[0] - stroke.at(-1)[0], here[1] - stroke.at(-1)[1]);
    if (old.flat().length > 1500) return;
    if (first || s.sample >= 0 || !stroke) f.set({ strokes: [...old, [here]], sample: -1, pen: here });
    else if (stroke.length > 300) f.set({ strokes: [...old, [stroke.at(-1), here]], pen: here });
    else if (far >= 1) f.set({ strokes: [...old.slice(0, -1), [...stroke, here]], pen: here });
  }
  f.press(board, (p, s, first) => ink(s, p, first));
  f.handle(board, {
    label: "Pen: the arrow keys move it, the space bar puts it down or lifts it",
    at: (s) => s.pen,
    move: (p, s) => (s.down ? ink(s, p, false) : f.set({ pen: p })),
    keys: { " ": (s) => (f.set({ down: !s.down }), s.down && ink(s, s.pen, true)) },
    words: (s) => `${s.down ? "down" : "lifted"}, ${s.pen.map(Math.round).join(", ")}`,
    step: 2,
    r: 4,
    color: "muted",
    pointer: false,
  });
  layers.forEach((plot, i) => {
    f.press(plot, (p, s) => choose(s, i, nearest(i, p)));
    f.handle(plot, {
      label: `Cell of ${NAMES[i]}`,
      at: (s) => middle(i, s.cells[i]),
      move: (p, s, way) => {
        const from = middle(i, s.cells[i]);
        choose(s, i, way ? next(i, s.cells[i], way.map((v) => v * (Math.hypot(p[0] - from[0], p[1] - from[1]) > 2 ? SIZE[i] : 1))) : nearest(i, p));
      },
      words: (s) => `map ${s.cells[i][0] + 1}, row ${s.cells[i][1] + 1}, column ${s.cells[i][2] + 1}`,
      step: 1,
      r: 2,
    });
  });
  const compare = (s, k) => k !== computed(s).answer && f.set({ rival: k });
  f.press(bars, ([, y], s) => compare(s, clamp(Math.round(9 - y), 0, 9)));
  f.handle(bars, {
    label: "The class that the answer is compared with",
    at: (s) => [-0.35, 9 - versus(s)],
    move: ([, y], s, way) => {
      const k = clamp(Math.round(9 - y), 0, 9);
      compare(s, way && k === computed(s).answer ? clamp(k - way[1], 0, 9) : k);
    },
    words: (s) => `class ${versus(s)}`,
    step: [0, 1],
    color: "vermilion",
    r: 5,
  });
  f.button("Clear", () => f.set({ strokes: [], sample: -1, down: false }));
  f.choice("sample", { label: "Show", options: [[-1, "yours"], ...f.state.samples.map(({ name }, i) => [i, name])] });
  f.predict({
    ask: "The network knows ten digits. You give it a minus sign. What will its ten probabilities do?",
    choices: ["All ten stay low: it has seen nothing like it", "About 10 % each: it cannot know", "One digit wins clearly"],
    right: 2,
    because: "Ten probabilities always add up to 1, and none of them means “no digit”.",
    when: (s) => s.samples[s.sample]?.name === "minus",
  });
  const within = (list, ...tops) => (list.every((v, i) => Number.isInteger(v) && v >= 0 && v < tops[i]) ? list : undefined);
  f.limit("layer", (v) => within([v], 3)?.[0]);
  f.limit("rival", (v) => within([v + 1], 11) && v);
  f.limit("cells", (v) => (v.length === 3 && v.every((cell, i) => within(cell, MAPS[i], SIZE[i], SIZE[i])) ? v : undefined));
  f.limit("pen", (v) => v.map((x) => clamp(x, 2, 62)));
  f.limit("strokes", (v) => v.filter((each) => each.length).map((each) => each.map((p) => p.map((x) => clamp(x, 0, 64)))));

  f.update((s) => {
    const all = computed(s);
    const { seen, image, maps, kernels, biases, weight, logits, p, answer } = all;
    const rival = versus(s);
    const [m, r, c] = s.cells[s.layer];
    const value = maps[s.layer][m][r][c];
    const patch = (map) => range(9).map((k) => map[r - 1 + ((k / 3) | 0)]?.[c - 1 + (k % 3)] ?? 0);
    const inputs = s.layer === 0 ? [image] : s.layer === 1 ? maps[0] : [];
    const products = inputs.map((map, from) => patch(map).map((x, k) => x * kernels[s.layer](m, from)[k]));
    const votes = ALL.map((k) => value * weight(k, m, r, c));
    const vote = (mm, rr, cc) => maps[2][mm][rr][cc] * (weight(answer, mm, rr, cc) - weight(rival, mm, rr, cc));
    const evidence = grid(4, (rr, cc) => sum(range(16).map((mm) => vote(mm, rr, cc))));
    const lead = biases[2][answer] - biases[2][rival];
    f.read({ seen, logits, probabilities: p, answer, rival, value, products: s.layer === 2 ? votes : products.flat(), evidence, lead });

    const shown = s.samples[s.sample];
    const strokes = shown ? (shown.strokes ?? []) : s.strokes;
    board.paint([shown?.pixels && raster(seen, [0, 64], [64, 0], gray(0, 16))]);
    board.draw([
      box([0, 0], [64, 64], { color: "none", stroke: "muted" }),
      strokes.map((each) => line(each.length > 1 ? each : [each[0], [each[0][0] + 0.1, each[0][1]]], { width: Math.abs(board.X(3.5) - board.X(0)) })),
    ]);

    // What the chosen cell can see, layer by layer.
    const base = s.layer === 2 ? [2 * r, 2 * r + 1, 2 * c, 2 * c + 1] : [r, r, c, c];
    const spread = (k) => base.map((v, i) => clamp(v + (i % 2 ? k : -k), 0, 7));
    const frame = ([r0, r1, c0, c1], [x, y], width = 2) => box([x + c0, y - r0], [x + c1 + 1, y - r1 - 1], { color: "none", stroke: "orange", width });
    const view = spread(Math.min(s.layer + 1, 2));
    const limit = Math.max(1, max(evidence.flat(), Math.abs));
    eye.paint([raster(evidence, [0, 8], [8, 0], diverging(1.6 * limit))]);
    eye.draw([
      seen.map((row, i) => row.map((v, j) => v > 0 && box([j + 0.14, 7.86 - i], [j + 0.86, 7.14 - i], { color: "ink", opacity: v / 16 }))),
      box([0, 0], [8, 8], { color: "none", stroke: "muted" }),
      frame(view, [0, 8], 2.5),
    ]);

    eye.drawOver([[0, answer, "blue"], [8, rival, "vermilion"]].map(([x, k, color]) =>
      text([x, -0.5], `■ for ${k}`, { color, anchor: x ? "end" : "start", size: 12 })));

    const high = maps.map((each) => Math.max(0.5, max(each.flat(2))));
    const strongest = Math.max(0.3, max(range(256), (k) => Math.abs(vote(k >> 4, (k >> 2) & 3, k & 3))));
    layers.forEach((plot, i) => {
      const rectangle = (k) => [corner(i, [k, 0, 0]), corner(i, [k, SIZE[i], SIZE[i]])];
      const under = (k) => [[0.7, -8.6], [7.3, -15.2]].map(([x, y]) => [corner(0, [k, 0, 0])[0] + x, corner(0, [k, 0, 0])[1] + y]);
      plot.paint(range(MAPS[i]).map((k) => [
        raster(i === 2 ? grid(4, (rr, cc) => vote(k, rr, cc)) : maps[i][k], ...rectangle(k), i === 2 ? diverging(strongest) : sequential(0, high[i])),
        i === 0 && raster(grid(3, (a, b) => kernels[0](k)[3 * a + b]), ...under(k), diverging(1)),
      ]));
      plot.draw([
        range(MAPS[i]).map((k) => box(...rectangle(k), { color: "none", stroke: "faint" })),
        i < s.layer && range(MAPS[i]).map((k) => (i === 0 || k === m) && frame(spread(s.layer === 2 ? 1 - i : 1), corner(i, [k, 0, 0]), 1.5)),
        i === s.layer && frame([r, r, c, c], corner(i, [m, 0, 0])),
        i === 0 && s.layer === 0 && box(...under(m), { color: "none", stroke: "orange", width: 2 }),
      ]);
    });

    bars.draw(ALL.map((k) => box([0, 8.62 - k], [Math.max(p[k], 0.004), 9.38 - k], { color: k === answer ? "blue" : k === rival ? "vermilion" : "muted" })));
    bars.drawOver(ALL.map((k) => [
      text([-0.12, 9 - k], String(k), { weight: k === answer ? 700 : 400 }),
      p[k] >= 0.005 && text([p[k], 9 - k], percent(p[k]), { anchor: "start", dx: 4, size: 11.5 }),
    ]));

    // The chosen cell's arithmetic.
    const nine = (list) => grid(3, (a, b) => list[3 * a + b]);
    const squares = (list, x, y, scale, side = 1) => raster(nine(list), [x, y], [x + 3 * side, y - 3 * side], scale);
    const around = (x, y, side) => box([x, y], [x + 3 * side, y - 3 * side], { color: "none", stroke: "muted" });
    const bias = s.layer < 2 ? biases[s.layer][m] : 0;
    const total = sum(products.flat()) + bias;
    const low = text([18, 0.9], `products ${short(total - bias)}, bias ${short(bias)}, together ${short(total)}; ReLU gives ${short(value)}`, { size: 12 });
    if (s.layer === 0) {
      const parts = [[patch(image), 1, sequential()], [kernels[0](m), 13, diverging()], [products[0], 25, diverging()]];
      sums.paint(parts.map(([list, x, scale]) => squares(list, x, 12, scale, 10 / 3)));
      sums.draw(parts.map(([, x]) => around(x, 12, 10 / 3)));
      const number = (list, x) => list.map((v, k) => text([x + (10 / 3) * ((k % 3) + 0.5), 12 - (10 / 3) * (((k / 3) | 0) + 0.5)], short(v), { size: Math.min(11.5, 1.1 * (sums.X(1) - sums.X(0))) }));
      const heads = ["pixels", "× kernel", "= products"].map((word, i) => text([6 + 12 * i, 13.3], word, { size: 12 }));
      sums.drawOver([parts.map(([list, x]) => number(list, x)), heads, low]);
    } else if (s.layer === 1) {
      const x = (from) => 3.6 + 4.05 * from;
      const rows = (from) => [[patch(maps[0][from]), 14.6, sequential(0, high[0])], [kernels[1](m, from), 11, diverging()], [products[from], 7.4, diverging()]];
      sums.paint(range(8).map((from) => rows(from).map(([list, y, scale]) => squares(list, x(from), y, scale, 1.08))));
      sums.draw(range(8).map((from) => rows(from).map(([, y]) => around(x(from), y, 1.08))));
      const signs = ["maps", "×", "=", "sum"].map((word, i) => text([1.6, [13, 9.4, 5.8, 3.1][i]], word, { size: 11 }));
      sums.drawOver([signs, range(8).map((from) => text([x(from) + 1.6, 3.1], short(sum(products[from])), { size: 11 })), low]);
    } else {
      const four = grid(2, (a, b) => maps[1][m][2 * r + a][2 * c + b]);
      const most = Math.max(0.5, max(votes, Math.abs));
      sums.paint([raster(four, [0.5, 11.5], [7.5, 4.5], sequential(0, high[1]))]);
      const up = (v) => 8 + (4 * v) / most;
      sums.draw([
        box([0.5, 4.5], [7.5, 11.5], { color: "none", stroke: "muted" }),
        ALL.map((k) => box([11 + 2.4 * k, 8], [12.8 + 2.4 * k, up(votes[k])], { color: k === answer ? "blue" : k === rival ? "vermilion" : "muted" })),
        line([[10.5, 8], [35, 8]], { width: 1 }),
      ]);
      sums.drawOver([
        four.map((row, a) => row.map((v, b) => text([2.25 + 3.5 * b, 9.75 - 3.5 * a], short(v), { size: 11.5 }))),
        text([4, 13], "max of 4", { size: 12 }),
        text([23, 13.6], "× weights = votes", { size: 12 }),
        ALL.map((k) => text([11.9 + 2.4 * k, 2.7], String(k), { size: 12 })),
        text([18, 0.9], `value ${short(value)}: ${short(votes[answer])} for ${answer}, ${short(votes[rival])} for ${rival}`, { size: 12 }),
      ]);
    }

    const sees = s.layer === 2 ? "6 × 6" : s.layer === 1 ? "5 × 5" : "3 × 3";
    const says = `It says ${answer}: ${percent(p[answer], 1)}.`;
    const why = `For ${answer} (blue) against ${rival} (vermilion) the places add up to ${signed(logits[answer] - logits[rival] - lead)}, the biases ${signed(lead)}.`;
    const cell = `The framed cell of ${NAMES[s.layer]} sees at most ${sees} pixels; its value is ${short(value)}.`;
    const known = `It reads ${right} of ${heldOut} held-out digits right`;
    if (!seen.flat().some(Boolean)) return `Nothing is drawn, and ${says.replace("It", "it")} Its biases alone decide; no class means “nothing”. ${cell}`;
    if (shown?.strokes) return `${says} A minus sign is none of the ten, but the ten share 100 % among themselves. ${why} ${cell}`;
    const mark = shown && (shown.label === answer ? `Right: this ${shown.label} was held out of training.` : `Wrong: this is a ${shown.label}, held out of training.`);
    const whose = s.weights.length ? "These are weights of your own." : shown ? `${mark} ${known}.` : `${known}, but 13 people wrote them all, and you are new to it.`;
    const bar = !shown && s.strokes.length === 1 && answer === 7 ? "Most of the sevens it learned from have a bar: give this one a bar. " : "";
    return `${says} ${bar}${why} ${cell} ${whose}`;
  });
});
