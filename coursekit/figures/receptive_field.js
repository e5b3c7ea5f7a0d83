// How far does one unit see?
//
// Each layer adds its kernel's reach, measured in the steps of the layer below it: after a pooling all that follows
// reaches twice as far. But not all that is seen counts the same: many paths lead from the middle, one from the edge.

import { area, box, clamp, dot, figure, gaussian, line, max, num, path, percent, range, sum, text } from "kit";

const INPUTS = 48;
// kernel, stride, dilation, padding
const KINDS = { "conv 3": [3, 1, 1, 1], "conv 5": [5, 1, 1, 2], strided: [3, 2, 1, 1], "pool 2": [2, 2, 1, 0], dilated: [3, 1, 2, 2] };
const NAMES = { strided: "conv 3, stride 2", dilated: "conv 3, dilation 2" };
const MOST = 7;
const HALVINGS = 3;

/** Of each layer, the input first: how many units, where the first one is, how far apart, and how many inputs one sees. */
function measure(layers) {
  const all = [{ units: INPUTS, first: 0, jump: 1, size: 1 }];
  for (const kind of layers) {
    const [kernel, stride, dilation, padding] = KINDS[kind];
    const { units, first, jump, size } = all.at(-1);
    const reach = dilation * (kernel - 1);
    all.push({
      units: Math.floor((units + 2 * padding - reach - 1) / stride) + 1,
      first: first + (reach / 2 - padding) * jump,
      jump: jump * stride,
      size: size + reach * jump,
    });
  }
  return all;
}

const below = (kind, i) => {
  const [kernel, stride, dilation, padding] = KINDS[kind];
  return range(kernel).map((j) => i * stride - padding + j * dilation);
};

const fits = (layers) =>
  layers.length > 0 && layers.length <= MOST && layers.every((kind) => kind in KINDS) && layers.filter((kind) => KINDS[kind][1] > 1).length <= HALVINGS;

export default figure("How far does one unit see?", (f) => {
  const wide = { x: [-1, INPUTS], least: 420, phone: 1.05 };
  const rows = f.plot({ ...wide, name: "The layers and what the chosen unit sees", title: "each row a layer", yLabel: "", aspect: 2.2 });
  const bell = f.plot({ ...wide, name: "Weight of each input", title: "weight of each input in that unit", xLabel: "input", yLabel: "weight in %", yTicks: 3, yFormat: (w) => num(100 * w), aspect: 3.3, phone: 1.7 });

  const unit = (s) => {
    const { first, jump, units } = measure(s.layers).at(-1);
    return clamp(Math.round((s.place - first) / jump), 0, units - 1);
  };
  const put = (s, i) => {
    const { first, jump, units } = measure(s.layers).at(-1);
    f.set({ place: first + jump * clamp(i, 0, units - 1) });
  };
  const nearest = (s, x) => Math.round((x - measure(s.layers).at(-1).first) / measure(s.layers).at(-1).jump);

  f.handle(rows, {
    label: "The chosen unit",
    at: (s) => [measure(s.layers).at(-1).first + measure(s.layers).at(-1).jump * unit(s), s.layers.length],
    move: ([x], s, way) => put(s, way ? unit(s) + way[0] * Math.max(1, Math.round(Math.abs(x - s.place) / 4)) : nearest(s, x)),
    words: (s) => `unit ${unit(s) + 1} of ${measure(s.layers).at(-1).units}`,
    step: 1,
    color: "orange",
  });
  f.press(rows, ([x], s) => put(s, nearest(s, x)));
  for (const kind of Object.keys(KINDS)) {
    f.button(`+ ${NAMES[kind] ?? kind}`, (s) => f.set({ layers: [...s.layers, kind] }), { when: (s) => fits([...s.layers, kind]) });
  }
  f.button("− top layer", (s) => f.set({ layers: s.layers.slice(0, -1) }), { when: (s) => s.layers.length > 1 });
  f.predict({
    ask: "The two conv 3 made a unit see 3 inputs, then 5: two more each. Put a conv 3 on top of the pooling. How many more inputs will its unit see?",
    choices: ["2 more, as before", "4 more", "3 times as many"],
    right: 1,
    because: "Neighbors in the pooled row stand two inputs apart, so the same kernel reaches twice as far.",
    when: (s) => s.layers.join() === "conv 3,conv 3,pool 2,conv 3",
  });
  f.limit("layers", (v) => (fits(v) ? v : undefined));
  f.limit("place", (v) => clamp(v, 0, INPUTS - 1));

  f.update((s) => {
    const stack = measure(s.layers);
    const top = stack.at(-1);
    const level = s.layers.length;
    const chosen = unit(s);
    // Downward from the chosen unit: each unit's weight is shared out evenly among what it looks at.
    const weights = stack.map(({ units }) => Array(units).fill(0));
    weights[level][chosen] = 1;
    const edges = stack.map(() => []);
    for (let l = level; l > 0; l--) {
      weights[l].forEach((w, i) => {
        if (!w) return;
        for (const j of below(s.layers[l - 1], i)) {
          if (j < 0 || j >= stack[l - 1].units) continue;
          weights[l - 1][j] += w / KINDS[s.layers[l - 1]][0];
          edges[l].push(at(stack, l, i), at(stack, l - 1, j), [NaN, NaN]);
        }
      });
    }
    const input = weights[0];
    const middle = top.first + top.jump * chosen;
    const start = middle - (top.size - 1) / 2;
    const inside = range(INPUTS).filter((i) => i >= start && i < start + top.size);
    const untouched = inside.filter((i) => !input[i]).length;
    const total = sum(input);
    const mean = sum(input.map((w, i) => w * i)) / total;
    const spread = Math.sqrt(sum(input.map((w, i) => w * (i - mean) ** 2)) / total);
    const [from, core] = shortest(input, 0.95 * total);
    f.read({ sizes: stack.map((l) => l.size), jumps: stack.map((l) => l.jump), units: top.units, weights: input, start, spread, core });

    rows.y = [-0.5, level + 0.6];
    rows.yTicks = range(level + 1);
    rows.yFormat = (l) => (l ? s.layers[l - 1] : "input");
    rows.layout();
    const pixels = rows.X(1) - rows.X(0);
    const ends = weights.map((list, l) => [list.findIndex(Boolean), list.findLastIndex(Boolean)].map((i) => at(stack, l, i)));
    const hull = [...ends.map(([a]) => [a[0] - 0.5, a[1]]), ...ends.map(([, b]) => [b[0] + 0.5, b[1]]).reverse()];
    rows.draw([
      area(hull, { color: "orange", opacity: 0.12 }),
      edges.map((each) => line(each, { color: "blue", width: 1, opacity: 0.55 })),
      stack.map(({ units }, l) => {
        const most = max(weights[l]);
        return range(units).map((i) => {
          const w = weights[l][i];
          const r = clamp(0.34 * pixels, 1.3, 4.5) * (w ? 1 : 0.7);
          return dot(at(stack, l, i), { r, color: w ? "blue" : "faint", opacity: w ? 0.35 + (0.65 * w) / most : 1 });
        });
      }),
      line([[start - 0.5, -0.32], [start + top.size - 0.5, -0.32]], { color: "orange", width: 4 }),
    ]);
    const left = middle > INPUTS / 2;
    rows.drawOver(stack.map(({ size, jump }, l) => l > 0 && text([left ? 0 : INPUTS - 1, l], `sees ${size}, jump ${jump}`, { anchor: left ? "start" : "end", dy: -12, size: 12 })));

    const high = 1.2 * max(input);
    bell.y = [0, high];
    bell.layout();
    bell.draw([
      range(INPUTS).map((i) => input[i] > 0 && box([i - 0.4, 0], [i + 0.4, input[i]], { color: "blue", opacity: i >= from && i < from + core ? 1 : 0.35 })),
      spread > 0 && path((x) => total * gaussian(x, mean, spread), { color: "ink", width: 1.5, dash: true }),
      line([[start - 0.5, 0], [start + top.size - 0.5, 0]], { color: "orange", width: 4 }),
    ]);

    const beyond = top.size - inside.length;
    const sees = `The top unit sees ${top.size} inputs in a row; its neighbor sees as many, ${top.jump} further on.`;
    const zeros = beyond ? ` ${beyond} of them are zeros beyond the edge.` : "";
    const holes = untouched ? ` It leaves out ${untouched} of them: no path leads there.` : "";
    const part = core < inside.length - untouched ? `${core} of them hold 95 % of the weight (full color)` : "All are needed for 95 % of the weight";
    const extreme = inside.filter((i) => input[i] > 0).map((i) => input[i]);
    return `${sees}${zeros}${holes} ${part}: the middle counts ${num(max(input) / Math.min(...extreme))} times as much as the faintest, at ${percent(Math.min(...extreme), 1)}. Dashed: a bell as wide.`;
  });

  const at = (stack, l, i) => [stack[l].first + stack[l].jump * i, l];

  /** [start, length] of the shortest run that holds `share`. */
  function shortest(weights, share) {
    for (let length = 1; length < weights.length; length++) {
      for (let i = 0; i + length <= weights.length; i++) if (sum(weights.slice(i, i + length)) >= share - 1e-9) return [i, length];
    }
    return [0, weights.length];
  }
});
