// What did it see in my digit?
//
// Eight kernels of 3×3 look for edges, sixteen more look at those edges 5×5 pixels at a time, and the last layer adds
// up what each of them found where. That sum can be taken apart: each place has spoken for one class or the other.

import { add, argmax, box, clamp, diverging, figure, fixed, gray, line, max, num, percent } from "kit";
import { range, raster, scale, sequential, signed, sum, text } from "kit";
import { forward, grid, heldOut, prepare, right } from "./data/digit_network.js";

const NAMES = ["conv 1", "conv 2", "pooled"];
const MAPS = [8, 16, 16];
const SIZE = [8, 8, 4]; // cells of a map, in each direction
const PITCH = SIZE.map((n) => 1.1 * n); // from one map to the next
const TALL = [17.6, PITCH[1], PITCH[2]]; // the maps of conv 1 have their kernels below
const ALL = range(10);

const short = (x) => fixed(x, 2).replace("0.", ".");

let last = { from: [] };
/** The 8×8 pixels and all that the network computes from them. */
function computed(s) {
  const shown = s.samples[s.sample];
  const from = [shown?.pixels, shown?.strokes ?? s.strokes, s.weights];
  if (from.every((value, i) => value === last.from[i])) return last;
  const seen = shown?.pixels ? grid(8, (r, c) => parseInt(shown.pixels[8 * r + c], 17)) : prepare(from[1]);
  const image = seen.map((row) => row.map((v) => v / 16));
  last = { from, seen, image, ...forward(image, s.weights) };
  last.answer = argmax(last.p);
  return last;
}

export default figure("What did it see in my digit?", (f) => {
  const plot = (name, title, x, y, options) => f.plot({ name, title, x, y, equal: true, aspect: 0.93, ...options });
  const board = plot("The drawing", "draw a digit here", [0, 64], [0, 64], { least: 215, grow: 4 });
  const eye = plot("The 8×8 pixels", "what it sees: 8 × 8", [0, 8], [-0.9, 8], { least: 138, grow: 16 });
  const shares = { equal: false, aspect: 0.7, least: 138, grow: 6 };
  const bars = plot("Probabilities of the ten classes", "its answer", [-0.45, 1.4], [-0.6, 9.6], shares);
  const height = (i) => 4.3 * SIZE[i];
  const titles = ["conv 1: 8 maps, kernels", "conv 2: 16 maps", "pooled × weight: votes"];
  const layers = titles.map((title, i) =>
    plot(`The maps of ${NAMES[i]}`, title, [0, height(i)], [0, height(i)], { least: 180, grow: 16 }),
  );
  const low = { least: 560, grow: 40, aspect: 3, phone: 2.2 };
  const sums = plot("How the cell got its value", "the chosen cell, product by product", [0, 36], [0, 15], low);
  sums.frame.style.maxWidth = "min(100%, 46rem)";

  // --- places ---
  /** The upper left corner of a map's cell. */
  const corner = (i, [m, r, c]) => [(m % 4) * PITCH[i] + c, height(i) - ((m / 4) | 0) * TALL[i] - r];
  const middle = (i, cell) => [corner(i, cell)[0] + 0.5, corner(i, cell)[1] - 0.5];
  const nearest = (i, [x, y]) => {
    const across = clamp(Math.floor(x / PITCH[i]), 0, 3);
    const below = clamp(Math.floor((height(i) - y) / TALL[i]), 0, MAPS[i] / 4 - 1);
    const within = (value) => clamp(Math.floor(value), 0, SIZE[i] - 1);
    return [4 * below + across, within(height(i) - y - below * TALL[i]), within(x - across * PITCH[i])];
  };
  /** The next cell on that side, over the gap between maps, too. */
  const next = (i, [m, r, c], [dx, dy]) => {
    const n = SIZE[i];
    const x = clamp((m % 4) * n + c + dx, 0, 4 * n - 1);
    const y = clamp(((m / 4) | 0) * n + r - dy, 0, (MAPS[i] / 4) * n - 1);
    return [4 * ((y / n) | 0) + ((x / n) | 0), y % n, x % n];
  };
  const choose = (s, i, cell) => f.set({ layer: i, cells: s.cells.map((old, k) => (k === i ? cell : old)) });
  const versus = (s) => {
    const { p, answer } = computed(s);
    return s.rival >= 0 && s.rival !== answer ? s.rival : argmax(p.map((x, k) => (k === answer ? -1 : x)));
  };

  // --- what a reader does ---
  const clear = () => f.set({ strokes: [], sample: -1, down: false });
  function ink(s, p, first) {
    const here = p.map((v) => clamp(Math.round(2 * v) / 2, 2, 62));
    const old = s.sample < 0 ? s.strokes : (s.samples[s.sample].strokes ?? []);
    const stroke = old.at(-1);
    const far = stroke && Math.hypot(here[0] - stroke.at(-1)[0], here[1] - stroke.at(-1)[1]);
    if (old.flat().length > 1500) return;
    if (first && p[0] > 50 && p[1] > 57) return clear();
    if (!first && !stroke && s.sample < 0) return; // just cleared
    if (first || s.sample >= 0) f.set({ strokes: [...old, [here]], sample: -1, pen: here });
    else if (stroke.length > 300) f.set({ strokes: [...old, [stroke.at(-1), here]], pen: here });
    else if (far >= 1) f.set({ strokes: [...old.slice(0, -1), [...stroke, here]], pen: here });
  }
  f.press(board, (p, s, first) => ink(s, p, first));
  board.root.style.touchAction = "none"; // a finger draws here, and does not scroll
  f.handle(board, {
    label: "Pen: the arrow keys move it, the space bar puts it down or lifts it",
    at: (s) => s.pen,
    move: (p, s) => (s.down ? ink(s, p, false) : f.set({ pen: p })),
    keys: { " ": (s) => (f.set({ down: !s.down }), s.down && ink(s, s.pen, true)) },
    words: (s) => `${s.down ? "down" : "lifted"}, ${s.pen.map(Math.round).join(", ")}`,
    ...{ step: 2, r: 4, color: "muted", pointer: false },
  });
  layers.forEach((plot, i) => {
    f.press(plot, (p, s) => choose(s, i, nearest(i, p)));
    f.handle(plot, {
      label: `Cell of ${NAMES[i]}`,
      at: (s) => middle(i, s.cells[i]),
      move: (p, s, way) => {
        const [x, y] = middle(i, s.cells[i]);
        const cells = Math.abs(p[0] - x) + Math.abs(p[1] - y) > 2 ? SIZE[i] : 1; // with Shift a whole map
        choose(s, i, way ? next(i, s.cells[i], scale(way, cells)) : nearest(i, p));
      },
      words: (s) => `map ${s.cells[i][0] + 1}, row ${s.cells[i][1] + 1}, column ${s.cells[i][2] + 1}`,
      ...{ step: 1, r: 2, pointer: false },
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
    ...{ step: [0, 1], r: 5, color: "vermilion" },
  });
  f.button("Clear", clear);
  f.choice("sample", { label: "Show", options: [[-1, "yours"], ...f.state.samples.map(({ name }, i) => [i, name])] });
  f.predict({
    ask: "The network knows ten digits. You give it a minus sign. What will its ten probabilities do?",
    choices: ["All ten stay low: it knows no such thing", "About 10 % each: it cannot tell", "One digit wins clearly"],
    right: 2,
    because: "Ten probabilities always add up to 1, and none of them means “no digit”.",
    when: (s) => s.samples[s.sample]?.name === "minus",
  });
  const within = (list, ...tops) =>
    list.every((v, i) => Number.isInteger(v) && v >= 0 && v < tops[i]) ? list : undefined;
  f.limit("weights", () => undefined); // not from an address
  f.limit("layer", (v) => within([v], 3)?.[0]);
  f.limit("rival", (v) => within([v + 1], 11) && v);
  const inMaps = (cell, i) => within(cell, MAPS[i], SIZE[i], SIZE[i]);
  f.limit("cells", (v) => (v.length === 3 && v.every(inMaps) ? v : undefined));
  f.limit("pen", (v) => v.map((x) => clamp(x, 2, 62)));
  const onBoard = (stroke) => stroke.map((p) => p.map((x) => clamp(x, 0, 64)));
  f.limit("strokes", (v) => v.filter((stroke) => stroke.length).map(onBoard));

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
    const parts = s.layer === 2 ? votes : products.flat();
    f.read({ seen, logits, probabilities: p, answer, rival, value, products: parts, evidence, lead });
    const hue = (k) => (k === answer ? "blue" : k === rival ? "vermilion" : "muted");
    const word = (at, words, size = 12) => text(at, words, { size });

    const shown = s.samples[s.sample];
    const strokes = shown ? (shown.strokes ?? []) : s.strokes;
    board.paint([shown?.pixels && raster(seen, [0, 64], [64, 0], gray(0, 16))]);
    board.draw([
      box([0, 0], [64, 64], { color: "none", stroke: "muted" }),
      strokes.map((each) => line([...each, add(each.at(-1), [0.1, 0])], { width: board.X(3.5) - board.X(0) })),
    ]);

    board.drawOver([text([62, 60], "clear", { anchor: "end", size: 12, color: "muted" })]);

    // What the chosen cell can see, layer by layer.
    const base = s.layer === 2 ? [2 * r, 2 * r + 1, 2 * c, 2 * c + 1] : [r, r, c, c];
    const spread = (k) => base.map((v, i) => clamp(v + (i % 2 ? k : -k), 0, 7));
    const frame = ([r0, r1, c0, c1], [x, y], width = 2) =>
      box([x + c0, y - r0], [x + c1 + 1, y - r1 - 1], { color: "none", stroke: "orange", width });
    const view = spread(Math.min(s.layer + 1, 2));
    const limit = Math.max(1, max(evidence.flat(), Math.abs));
    eye.paint([raster(evidence, [0, 8], [8, 0], diverging(1.6 * limit))]);
    eye.draw([
      seen.map((row, i) =>
        row.map((v, j) => box([j + 0.14, 7.86 - i], [j + 0.86, 7.14 - i], { color: "ink", opacity: v / 16 })),
      ),
      box([0, 0], [8, 8], { color: "none", stroke: "muted" }),
      frame(view, [0, 8], 2.5),
    ]);

    eye.drawOver([[0, answer, "blue"], [8, rival, "vermilion"]].map(([x, k, color]) =>
      text([x, -0.5], `■ for ${k}`, { color, anchor: x ? "end" : "start", size: 12 })));

    const high = maps.map((each) => Math.max(0.5, max(each.flat(2))));
    const strongest = Math.max(0.3, max(range(256), (k) => Math.abs(vote(k >> 4, (k >> 2) & 3, k & 3))));
    layers.forEach((plot, i) => {
      const rectangle = (k) => [corner(i, [k, 0, 0]), corner(i, [k, SIZE[i], SIZE[i]])];
      const under = (k) => [[0.7, -8.6], [7.3, -15.2]].map((p) => add(corner(0, [k, 0, 0]), p));
      const shown = (k) => (i === 2 ? grid(4, (rr, cc) => vote(k, rr, cc)) : maps[i][k]);
      const colors = i === 2 ? diverging(strongest) : sequential(0, high[i]);
      plot.paint(range(MAPS[i]).map((k) => [
        raster(shown(k), ...rectangle(k), colors),
        i === 0 && raster(grid(3, (a, b) => kernels[0](k)[3 * a + b]), ...under(k), diverging(1)),
      ]));
      plot.draw([
        range(MAPS[i]).map((k) => box(...rectangle(k), { color: "none", stroke: "faint" })),
        // below, it looks at all maps of conv 1, but pools only its own of conv 2
        range(MAPS[i])
          .filter((k) => i < s.layer && (i === 0 || k === m))
          .map((k) => frame(spread(1 - i), corner(i, [k, 0, 0]), 1.5)),
        i === s.layer && frame([r, r, c, c], corner(i, [m, 0, 0])),
        i === 0 && s.layer === 0 && box(...under(m), { color: "none", stroke: "orange", width: 2 }),
      ]);
    });

    bars.draw(ALL.map((k) => box([0, 8.62 - k], [Math.max(p[k], 0.004), 9.38 - k], { color: hue(k) })));
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
    const added = `products ${short(total - bias)}, bias ${short(bias)}, together ${short(total)}`;
    const last = word([18, 0.9], `${added}; ReLU gives ${short(value)}`);
    if (s.layer === 0) {
      const three = [[patch(image), 1, sequential()], [kernels[0](m), 13, diverging()], [products[0], 25, diverging()]];
      sums.paint(three.map(([list, x, scale]) => squares(list, x, 12, scale, 10 / 3)));
      sums.draw(three.map(([, x]) => around(x, 12, 10 / 3)));
      const size = Math.min(11.5, 1.1 * (sums.X(1) - sums.X(0)));
      const place = (x, k) => [x + (10 / 3) * ((k % 3) + 0.5), 12 - (10 / 3) * (((k / 3) | 0) + 0.5)];
      const numbers = three.map(([list, x]) => list.map((v, k) => word(place(x, k), short(v), size)));
      const heads = ["pixels", "× kernel", "= products"].map((head, i) => word([6 + 12 * i, 13.3], head));
      sums.drawOver([numbers, heads, last]);
    } else if (s.layer === 1) {
      const x = (from) => 3.6 + 4.05 * from;
      const rows = (from) => [
        [patch(maps[0][from]), 14.6, sequential(0, high[0])],
        [kernels[1](m, from), 11, diverging()],
        [products[from], 7.4, diverging()],
      ];
      sums.paint(range(8).map((from) => rows(from).map(([list, y, scale]) => squares(list, x(from), y, scale, 1.08))));
      sums.draw(range(8).map((from) => rows(from).map(([, y]) => around(x(from), y, 1.08))));
      const signs = ["maps", "×", "=", "sum"].map((sign, i) => word([1.6, [13, 9.4, 5.8, 3.1][i]], sign, 11));
      sums.drawOver([signs, products.map((list, from) => word([x(from) + 1.6, 3.1], short(sum(list)), 11)), last]);
    } else {
      const four = grid(2, (a, b) => maps[1][m][2 * r + a][2 * c + b]);
      const most = Math.max(0.5, max(votes, Math.abs));
      sums.paint([raster(four, [0.5, 11.5], [7.5, 4.5], sequential(0, high[1]))]);
      const up = (v) => 8 + (4 * v) / most;
      sums.draw([
        box([0.5, 4.5], [7.5, 11.5], { color: "none", stroke: "muted" }),
        ALL.map((k) => box([11 + 2.4 * k, 8], [12.8 + 2.4 * k, up(votes[k])], { color: hue(k) })),
        line([[10.5, 8], [35, 8]], { width: 1 }),
      ]);
      sums.drawOver([
        four.map((row, a) => row.map((v, b) => word([2.25 + 3.5 * b, 9.75 - 3.5 * a], short(v), 11.5))),
        word([4, 13], "max of 4"),
        word([23, 13], "× weights = votes"),
        ALL.map((k) => word([11.9 + 2.4 * k, 2.7], String(k))),
        word([18, 0.9], `value ${short(value)}: ${short(votes[answer])} for ${answer}, ${short(votes[rival])} for ${rival}`),
      ]);
    }

    const [where, reach] = [["conv 1", 3], ["conv 2", 5], ["the pooling", 6]][s.layer];
    const says = `It says ${answer}: ${percent(p[answer], 1)}.`;
    const places = signed(logits[answer] - logits[rival] - lead);
    const why = `For ${answer} (blue) against ${rival} (vermilion) the places add up to ${places}, the biases ${signed(lead)}.`;
    const cell = `The framed cell of ${where} sees at most ${reach} × ${reach} pixels; its value is ${num(value)}.`;
    if (!sum(seen.flat())) return `Nothing is drawn, and its biases alone decide. ${says} No class means “nothing”. ${cell}`;
    if (shown?.strokes) return `${says} A minus sign is none of the ten, but the ten share 100 %. ${why} ${cell}`;
    const known = `It reads ${right} of ${heldOut} held-out digits right`;
    const mark = shown?.label === answer ? "Right" : `Wrong: this is a ${shown?.label}`;
    const hand = `${known}, but 13 people wrote them all, and you are new to it.`;
    const whose = s.weights.length ? "These are weights of your own." : shown ? `${mark}. This one was held out; ${known.replace("It", "it")}.` : hand;
    const plain = !shown && s.strokes.length === 1 && answer === 7; // as it is at first
    const bar = plain ? "Most of the sevens it learned from have a bar: give this one a bar. " : "";
    return `${says} ${bar}${why} ${cell} ${whose}`;
  });
});
