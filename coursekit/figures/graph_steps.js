// Who passes what to whom?
//
// Forward, each node passes its value to those that use it; backward, each node passes (local derivative) × (what came
// in) to those it was made from. Who was used twice is told twice, and adds: a wiggle takes both ways at once.

import { arrow, clamp, dot, figure, fixed, line, max, num, path, rule, sum, text } from "kit";

const LAST = 7;
const REACH = 2.5; // of a
// Where the nodes stand, what they say, in which step their value is known; and the edges, which pass a value in one
// step and a gradient in another. `rows`: how many pixels below a node its value and its gradient are written; `side`:
// where along the edge its label is, and how many pixels below it.
const NODES = {
  a: { at: [0, 1.05], sign: "*a*", from: 0, rows: [-28, -45] },
  b: { at: [0, -1.05], sign: "*b*", from: 0, rows: [28, 45] },
  u: { at: [1.38, -0.72], sign: "×", from: 1, rows: [28, 45] },
  v: { at: [2.3, 0.45], sign: "+", from: 2, rows: [-28, 29] },
  e: { at: [3.35, 0.45], sign: "( )^2", from: 3, rows: [-28, 29] },
};
const EDGES = [
  { from: "a", to: "u", forward: 1, backward: 7, side: [0.48, 0] },
  { from: "b", to: "u", forward: 1, backward: 7, side: [0.31, -17] },
  { from: "u", to: "v", forward: 2, backward: 6, side: [0.5, 4] },
  { from: "a", to: "v", forward: 2, backward: 6, side: [0.5, -14] },
  { from: "v", to: "e", forward: 3, backward: 5, side: [0.5, -14] },
];

/** Values of all nodes, the local derivative on each edge, and the gradients as far as the steps have come. */
function graph({ a, b, step, overwrite }) {
  const u = a * b;
  const v = u + a;
  const value = { a, b, u, v, e: v * v };
  const local = [b, a, 1, 1, 2 * v];
  const told = { a: [], b: [], u: [], v: [], e: step >= 4 ? [1] : [] };
  const grad = (name) => (overwrite ? (told[name].at(-1) ?? 0) : sum(told[name]));
  for (const when of [5, 6, 7]) {
    EDGES.forEach(({ from, to, backward }, i) => {
      if (backward === when && step >= when) told[from].push(local[i] * grad(to));
    });
  }
  const known = Object.keys(NODES).filter((name) => step >= NODES[name].from);
  return { value, local, told, known, grad: Object.fromEntries(Object.keys(NODES).map((name) => [name, grad(name)])) };
}
const output = (a, b) => (a * b + a) ** 2;

export default figure("Who passes what to whom?", (f) => {
  const net = f.plot({
    name: "The graph", title: "*e* = (*a b* + *a*)^2,  ∂ is ∂*e*/∂(node)",
    x: [-0.4, 3.8], y: [-1.95, 1.95], aspect: 1.45, phone: 1.15, grow: 1.75, least: 300,
  });
  const curve = f.plot({
    name: "The output over a", title: "*e* as *a* moves", x: [-REACH, REACH], xLabel: "*a*", yLabel: "*e*",
    aspect: 0.83, phone: 1.3, least: 200, xTicks: [-2, 0, 2],
  });

  f.handle(curve, {
    label: "Input *a*",
    at: (s) => [s.a, output(s.a, s.b)],
    move: ([a]) => f.set({ a: clamp(+a.toFixed(2), -REACH, REACH) }),
    step: [0.05, 0],
    words: (s) => `a is ${num(s.a)}, e is ${num(output(s.a, s.b))}`,
    color: "blue",
  });
  f.player({ step: (s) => f.set({ step: s.step + 1 }), done: (s) => s.step >= LAST, every: 1400, label: "Step" });
  f.slider("step", { label: "step", min: 0, max: LAST, step: 1, format: (t) => (t > 3 ? `${t}, back` : `${t}`) });
  f.slider("b", { label: "*b*", min: -3, max: 2, step: 0.1 });
  f.toggle("overwrite", { label: "overwrite gradients (a bug)" });
  f.predict({
    ask: "All values are known; now the gradients go back from *e*. Two arrows leave *a*, so two gradients come back to it. What must *a* do with them?",
    choices: ["Keep the last one", "Take their mean", "Add them", "Multiply them"],
    right: 2,
    because: "A small change of *a* moves *e* along both ways at once, and small changes add.",
    when: (s) => s.step >= LAST && !s.overwrite,
  });

  f.update((s) => {
    const { value, local, told, known, grad } = graph(s);
    const { step } = s;
    f.read({ values: known.map((name) => value[name]), gradients: grad, toA: told.a, local });

    const back = step > 3;
    const pixels = (p, q) => Math.hypot(net.X(q[0]) - net.X(p[0]), net.Y(q[1]) - net.Y(p[1]));
    const between = (p, q, t) => [p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])];
    /** An edge that ends at its nodes' rims. */
    const ends = ({ from, to }) => {
      const [p, q] = [NODES[from].at, NODES[to].at];
      const rim = 21 / pixels(p, q);
      return [between(p, q, rim), between(p, q, 1 - rim)];
    };
    const look = (edge) => {
      const way = ends(edge);
      if (step === edge.forward) return arrow(...way, { color: "blue", width: 3 });
      if (step === edge.backward) return arrow(...way.reverse(), { color: "purple", width: 3 });
      if (back && step > edge.backward) return arrow(...way.reverse(), { color: "purple", width: 1.5, opacity: 0.6 });
      return arrow(...way, { color: step > edge.forward ? "blue" : "faint", width: 1.5, opacity: back ? 0.35 : 0.8 });
    };
    const names = Object.keys(NODES);
    net.draw([
      EDGES.map(look),
      names.map((name) => {
        const now = back ? grad[name] !== 0 || told[name].length > 0 : step >= NODES[name].from;
        return dot(NODES[name].at, { r: 18, color: now ? (back ? "purple" : "blue") : "faint" });
      }),
    ]);
    net.drawOver([
      names.flatMap((name) => {
        const { at, sign, rows } = NODES[name];
        const lit = back ? told[name].length > 0 : known.includes(name);
        const terms = told[name].map((x) => num(x));
        const adds = terms.length > 1 && !s.overwrite;
        const held = adds ? `${terms.join(" + ").replace("+ −", "− ")} = ${num(grad[name])}` : terms.at(-1);
        const [up, down] = rows;
        const style = { size: 12.5, weight: 600, ...(at[0] === 0 && { anchor: "start", dx: -17 }) };
        return [
          text(at, sign, { color: lit ? "paper" : "ink", weight: 600, size: name === "e" ? 12 : 14, halo: false }),
          known.includes(name) && text(at, `*${name}* = ${num(value[name])}`, { ...style, color: "blue", dy: up }),
          terms.length > 0 && text(at, `∂ = ${held}`, { ...style, color: "purple", dy: down }),
        ];
      }),
      EDGES.map((edge, i) => {
        if (step !== edge.backward) return null;
        const [t, dy] = edge.side;
        const passed = `${num(local[i])} × ${num(grad[edge.to])}`;
        const spot = between(NODES[edge.from].at, NODES[edge.to].at, t);
        return text(spot, passed, { dy, size: 12.5, weight: 600, color: "purple" });
      }),
    ]);

    const top = Math.max(1, max([-REACH, REACH], (a) => output(a, s.b))) * 1.1;
    curve.y = [-0.15 * top, top];
    curve.layout();
    const e = value.e;
    const found = told.a.length > 0;
    const tangent = [-6, 6].map((da) => [s.a + da, e + da * grad.a]);
    curve.draw([
      rule({ y: 0 }),
      path((a) => output(a, s.b), { color: "blue", width: 2.5 }),
      found && line(tangent, { color: "purple", width: 2.5, dash: "7 4" }),
    ]);
    curve.drawOver([found && text([0, 0.93 * top], `slope ${num(grad.a)}`, { color: "purple", weight: 600 })]);

    const rise = (output(s.a + 0.01, s.b) - e) / 0.01;
    const n = (name) => num(value[name]);
    const g = (name) => num(grad[name]);
    const check = `Raise *a* by 0.01, and *e* changes by ${fixed(0.01 * rise, 4)}.`;
    const wrong = Math.abs(rise - grad.a) > 0.1 + 0.03 * Math.abs(rise);
    const half = "The line is no tangent yet: *a* has heard from one of two.";
    const bug = `The first message to *a* is overwritten: ∂*e*/∂*a* = ${g("a")}${wrong ? " is wrong" : ""}.`;
    const sums = `*a* adds: ∂*e*/∂*a* = ${g("a")}.`;
    return [
      "Only the inputs are known. Forward, values are passed on.",
      `× gets ${n("a")} and ${n("b")} and passes on *u* = ${n("u")}.`,
      `+ gets ${n("u")} and, once more, *a* = ${n("a")}: *v* = ${n("v")}.`,
      `The square of ${n("v")} is *e* = ${n("e")}. Now back: by how much does *e* change with each of the others?`,
      "The way back starts with ∂*e*/∂*e* = 1.",
      `The square’s local derivative at *v* = ${n("v")} is ${num(local[4])}; it passes that times 1 to *v*.`,
      `+ has local derivatives 1 and passes ${g("v")} to both, *u* and *a*. ${wrong ? half : ""}`,
      `× passes ${n("b")} · ${g("u")} to *a* and ${n("a")} · ${g("u")} to *b*. ${s.overwrite ? bug : sums} ${check}`,
    ][step];
  });
});
