// Why backwards?
//
// Because a pass costs the same in both directions but brings different things home: forward the derivatives of
// everything by one input, backward the derivatives of one output by everything. Learning has a million inputs (the
// weights) and one output (the loss).

import { apply, arrow, box, clamp, dot, dot2, figure, line, num, path, random, range, sum, text, transpose } from "kit";

const WIDTH = 3; // nodes in each of the two inner layers
const SEEN = 6; // inputs that are drawn
const MOST = 6; // powers of ten on the axis of n
const TABLE = -3.15; // upper edge of the Jacobian

/** The count of inputs, and which of them are drawn: beyond six, four, a gap (null), and the last. */
const inputs = (s) => Math.round(clamp(s.n, 1, 10 ** MOST));
const drawn = (n) => (n <= SEEN ? range(n) : [0, 1, 2, 3, null, n - 1]);
const place = (i, n) => (n <= SEEN || i < 4 ? i : i === n - 1 ? 5 : 4);

const local = (draw, count) => range(count).map(() => [-2, -1, 1, 2][draw.integer(4)]);
const fromInput = (s, i) => local(random(1000 * s.seed + i + 1), WIDTH);
function inner(s) {
  const draw = random(1000 * s.seed);
  return [range(WIDTH).map(() => local(draw, WIDTH)), range(4).map(() => local(draw, WIDTH)).slice(0, s.m)];
}

/** What both modes have done after s.step layers. values[k] belongs to layer k, as far as the pass has come. */
function race(s) {
  const n = inputs(s);
  const [middle, last] = inner(s);
  const sizes = [n * WIDTH, WIDTH * WIDTH, WIDTH * s.m];
  const edges = sum(sizes);
  const progress = (passes, order) => {
    const layers = Math.min(s.step, 3 * passes);
    const pass = Math.max(Math.ceil(layers / 3) - 1, 0);
    const at = layers - 3 * pass;
    const count = pass * edges + sum(order.slice(0, at));
    return { passes, pass, at, full: pass + (at === 3), count, total: passes * edges };
  };
  const forward = progress(n, sizes);
  const backward = progress(s.m, [...sizes].reverse());
  const first = fromInput(s, forward.pass);
  const second = apply(middle, first);
  forward.values = [null, first, second, apply(last, second)].map((v, k) => (k <= forward.at ? v : null));
  const seen = drawn(n);
  const byRow = last.map((row) => apply(transpose(middle), row)); // ∂y/∂(first inner layer)
  const by = (j, i) => dot2(byRow[j], fromInput(s, i));
  const row = backward.pass;
  const whole = [seen.map((i) => (i === null ? null : by(row, i))), byRow[row], last[row], null];
  backward.values = whole.map((v, k) => (3 - k <= backward.at ? v : null));
  const jacobian = range(s.m).map((j) => seen.map((i) => (i === null ? null : by(j, i))));
  return { n, seen, edges, forward, backward, jacobian, cost: (k) => k * WIDTH + WIDTH * WIDTH + WIDTH * s.m };
}

/** 3 ms, 50 minutes */
function duration(seconds) {
  const small = [["ns", 1e-9], ["µs", 1e-6], ["ms", 1e-3], ["s", 1]];
  const units = [...small, ["minutes", 60], ["hours", 3600], ["days", 86400]];
  const [name, size] = units.findLast(([, unit]) => seconds >= unit) ?? units[0];
  return `${num(seconds / size, 2)} ${name}`;
}
/** 1 000 000, and powers of ten from there on */
const whole = (x) => (x < 1e8 ? String(x).replace(/\B(?=(\d{3})+$)/g, "\u202f") : num(x));
const many = (x, what) => `${whole(x)} ${what}${x === 1 ? "" : what.endsWith("s") ? "es" : "s"}`;
const RATE = 1e9; // multiplications a second
const PACE = 450; // milliseconds for a layer

const HOME = { forward: "column", backward: "row" }; // what a pass brings
const COLOR = { forward: "purple", backward: "blue" };
const SUPER = ["1", "10", "100", "1000", "10⁴", "10⁵", "10⁶"];

export default figure("Why backwards?", (f) => {
  const graph = { x: [-0.35, 3.35], y: [TABLE - 1.85, 3.1], aspect: 0.98, least: 280 };
  const plots = {
    forward: f.plot({ ...graph, name: "Forward mode over the graph", title: "forward mode" }),
    backward: f.plot({ ...graph, name: "Reverse mode over the graph", title: "reverse mode" }),
  };
  const cost = f.plot({
    name: "Multiplications of both modes over the number of inputs", title: "multiplications for all derivatives",
    x: [-0.15, MOST + 0.15], y: [-0.6, 13.8], xLabel: "inputs *n*", aspect: 2.5, phone: 1.4, least: 500,
    yLabel: "", xTicks: range(MOST + 1), xFormat: (t) => SUPER[t], yTicks: [3, 6, 9, 12], yFormat: (t) => `10^{${t}}`,
  });

  f.slider("n", {
    label: "inputs *n*", min: 1, max: 10 ** MOST, step: 0.05, log: true, format: (n) => whole(Math.round(n)),
  });
  f.slider("m", { label: "outputs *m*", min: 1, max: 4, step: 1 });
  f.handle(cost, {
    label: "Number of inputs",
    at: (s) => [Math.log10(inputs(s)), Math.log10(race(s).forward.total)],
    move: ([x]) => f.set({ n: Math.round(10 ** clamp(x, 0, MOST)) }),
    step: [0.05, 0],
    words: (s) => `${inputs(s)} inputs`,
    color: COLOR.forward,
  });
  f.player({
    step: (s) => f.set({ step: s.step + 1 }),
    done: (s) => s.step >= 3 * Math.max(inputs(s), s.m),
    every: PACE,
    label: "One layer",
  });
  f.button("New numbers", (s) => f.set({ seed: s.seed + 1, step: 0 }));
  f.predict({
    ask: "Each table below a graph waits for the derivative of the one output by each of the four inputs. A pass goes once over all edges. What is in the tables after one pass of each mode?",
    choices: ["In each table all four: the chain rule is the same both ways", "Forward one, reverse all four", "In each table one"],
    right: 1,
    because: "Forward, a node knows how it depends on one input; backward, each node knows how the output depends on it, and the inputs are nodes, too.",
    when: (s) => s.step >= 3,
  });

  f.update((s) => {
    const r = race(s);
    const { n, seen, forward, backward } = r;
    const numbers = (list) => list?.filter((x) => x !== null);
    f.read({
      edges: r.edges,
      totals: [forward.total, backward.total],
      counts: [forward.count, backward.count],
      carried: [forward.values.filter(Boolean), backward.values.map(numbers).filter(Boolean)],
      jacobian: r.jacobian.map(numbers),
    });

    const heights = [seen.length, WIDTH, WIDTH, s.m];
    const spot = (k, i) => [k, ((heights[k] - 1) / 2 - i) * Math.min(1.5, 5 / Math.max(heights[k] - 1, 1))];
    const name = (i) => (i === null ? "⋮" : `*x*_{${i + 1 > 1e4 ? "n" : i + 1}}`);
    for (const [mode, color] of Object.entries(COLOR)) {
      const { at, pass, values, passes, full, count } = r[mode];
      const start = mode === "forward" ? spot(0, place(pass, n)) : spot(3, pass);
      const active = mode === "forward" ? at - 1 : 3 - at; // the layer of edges that was gone over last
      const gone = (k) => at > 0 && (mode === "forward" ? k <= active : k >= active);
      const lines = [0, 1, 2].flatMap((k) =>
        range(heights[k]).flatMap((i) => range(heights[k + 1]).map((j) => ({ k, ends: [spot(k, i), spot(k + 1, j)] }))),
      );
      const way = mode === "forward" ? [0.3, 0.7] : [0.7, 0.3];
      const draw = ({ k, ends }) => {
        if (k === active) return line(ends, { color, width: 2 });
        return line(ends, { color: gone(k) ? color : "faint", width: 1.2, opacity: gone(k) ? 0.5 : 1 });
      };
      const nodes = heights.flatMap((height, k) => range(height).map((i) => ({ k, i })));
      const shown = ({ k, i }) => values[k]?.[i] ?? null;
      const gap = ({ k, i }) => k === 0 && seen[i] === null; // its dots take the place of a node
      const table = ([column, row]) => [
        -0.2 + (3.4 * column) / seen.length,
        TABLE - 0.55 - row * Math.min(0.75, 1.3 / s.m),
      ];
      const known = (i, j) => (mode === "forward" ? i < full : j < full);
      plots[mode].draw([
        lines.filter(({ k }) => k !== active).map(draw),
        lines.filter(({ k }) => k === active).map(draw),
        at > 0 && arrow([active + way[0], -2.72], [active + way[1], -2.72], { color: "orange", width: 2.5 }),
        nodes.map((node) => {
          const fill = shown(node) === null ? "faint" : color;
          return !gap(node) && dot(spot(node.k, node.i), { r: 13, color: fill });
        }),
        at > 0 && dot(start, { r: 13, color, ring: "orange" }),
        r.jacobian.flatMap((row, j) => row.map((_, i) => {
          const here = known(seen[i] ?? (full > 4 ? -1 : Infinity), j);
          const look = here ? { color, opacity: 0.3 } : { color: "faint", opacity: 0.2 };
          return box(table([i, j]), table([i + 1, j + 1]), { ...look, stroke: "paper", width: 2 });
        })),
      ]);
      plots[mode].drawOver([
        nodes.map((node) => {
          const [x, y] = spot(node.k, node.i);
          const value = shown(node) ?? (at > 0 && x === start[0] && y === start[1] ? 1 : null);
          if (value !== null) return text([x, y], num(value), { color: "paper", size: 11.5, weight: 600, halo: false });
          const label = node.k === 0 ? name(seen[node.i]) : node.k === 3 ? (s.m > 1 ? `*y*_${node.i + 1}` : "*y*") : "";
          return label && text([x, y], label, { size: 12, halo: false });
        }),
        text([1.5, TABLE - 0.2], `∂*y*/∂*x*${full ? `: one ${HOME[mode]} a pass` : ""}`, { color: "muted", size: 12 }),
        r.jacobian.flatMap((row, j) => row.map((value, i) => {
          const [[a, b], [c, d]] = [table([i, j]), table([i + 1, j + 1])];
          const here = value !== null && known(seen[i], j);
          const label = here ? num(value) : value === null ? "…" : "";
          return label && text([(a + c) / 2, (b + d) / 2], label, { size: 12, weight: here ? 600 : 400 });
        })),
        text([3.35, 3.1], `pass ${at ? whole(pass + 1) : 0} of ${whole(passes)}`, {
          anchor: "end", dy: -14, dx: 4, size: 12, color: "muted",
        }),
        text([1.5, 2.75], many(count, "multiplication"), { color, size: 13, weight: 600 }),
      ]);
    }

    const curve = (mode, passes, dash) =>
      path((x) => Math.log10(passes(10 ** x) * r.cost(10 ** x)), {
        color: COLOR[mode], width: 2.5, from: 0, to: MOST, dash,
      });
    const x = Math.log10(n);
    const ends = [forward, backward].map(({ total }) => [x, Math.log10(total)]);
    cost.draw([
      line(ends, { color: "orange", width: 2 }),
      curve("forward", (k) => k, "7 4"),
      curve("backward", () => s.m),
      dot(ends[1], { color: COLOR.backward, r: 7 }),
    ]);
    const corner = { anchor: "start", weight: 600, size: 13, dx: 8 };
    const takes = ({ total }) => `${whole(total)} in ${duration(total / RATE)}`;
    cost.drawOver([
      text([0, 12.7], `forward: ${takes(forward)}`, { ...corner, color: COLOR.forward }),
      text([0, 11.2], `reverse: ${takes(backward)}`, { ...corner, color: COLOR.backward }),
      text([0, 9.7], "at a billion a second", { ...corner, weight: 400, size: 12, color: "muted" }),
      text([5, Math.log10(1e5 * r.cost(1e5))], "*n* passes", {
        color: COLOR.forward, dy: 22, anchor: "start", size: 12,
      }),
      text([5, Math.log10(s.m * r.cost(1e5))], s.m > 1 ? "*m* passes" : "one pass", {
        color: COLOR.backward, dy: 18, anchor: "end", size: 12,
      }),
    ]);

    const size = `${many(n, "input")}, ${many(s.m, "output")}`;
    const ratio = n / s.m;
    const cheaper = `${whole(+Math.max(ratio, 1 / ratio).toPrecision(3))} times as much`;
    const reverse = `Reverse costs ${cheaper}: with more outputs than inputs forward wins.`;
    const result = ratio > 1 ? `Forward costs ${cheaper}.` : ratio < 1 ? reverse : "Both cost the same.";
    if (s.step === 0) {
      const pass = `A pass carries derivatives along and multiplies once on each of the ${whole(r.edges)} edges.`;
      return `${size}. ${pass}${n > SEEN ? ` ${result}` : ""}`;
    }
    const state = ({ full, passes, pass }, what) =>
      full === passes
        ? `${what} has all of ∂*y*/∂*x* after ${many(passes, "pass")}`
        : `${what} is on pass ${whole(pass + 1)} of ${whole(passes)}`;
    const left = (3 * n - s.step) * PACE / 1000;
    const patience = n >= 1000 && backward.full === s.m ? ` (at this pace ${duration(left)} more)` : "";
    const end = backward.full === s.m || forward.full === n ? result : "";
    return `${size}. ${state(backward, "Reverse mode")}; ${state(forward, "forward mode")}${patience}. ${end}`;
  });
});
