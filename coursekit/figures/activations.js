// What does each activation do to a signal and its slope?
//
// Its value goes on to the next layer, its slope multiplies the gradient on the way back. The sigmoid's slope is never
// above a quarter, so ten sigmoids leave at most a millionth; ReLU leaves all, or nothing.

import { area, box, clamp, dot, figure, line, linspace, max, mean, num, path, rule, sigmoid, softplus, text } from "kit";

const REACH = 5; // of z
const FLOOR = -16; // powers of ten on the axis
const FLAT = 0.1;
const NAMES = {
  sigmoid: "sigmoid", tanh: "tanh", relu: "ReLU", leaky: "leaky ReLU", elu: "ELU", softplus: "softplus", bru: "BRU",
};
const VALUE = {
  sigmoid,
  tanh: Math.tanh,
  relu: (z) => Math.max(z, 0),
  leaky: (z) => (z > 0 ? z : 0.01 * z),
  elu: (z) => (z > 0 ? z : Math.expm1(z)),
  softplus,
  bru: (z) => (z >= 0 ? Math.sqrt(4 * z + 1) : Math.exp(2 * z)) - 0.5,
};

/** Slope by differences, so that it stays for the reader to derive; where pieces meet, at 0, from the left. */
function slope(name, z) {
  const [f, h] = [VALUE[name], 1e-5];
  if (z === 0) return (3 * f(0) - 4 * f(-h) + f(-2 * h)) / (2 * h);
  return (f(z + h) - f(z - h)) / (2 * h);
}

const grid = linspace(-REACH, REACH, 501).map((z) => +z.toFixed(2));
const facts = {};
/** The largest slope, and the places [from, to] where the slope is below a tenth. */
function fact(name) {
  if (facts[name]) return facts[name];
  const slopes = grid.map((z) => slope(name, z));
  const low = slopes.map((value) => value < FLAT);
  const flat = [];
  low.forEach((is, i) => {
    if (!is) return;
    if (low[i - 1]) flat.at(-1)[1] = grid[i];
    else flat.push([grid[i], grid[i]]);
  });
  return (facts[name] = { largest: max(slopes), flat, share: mean(low.map(Number)) });
}

export default figure("What does each activation do to a signal and its slope?", (f) => {
  const curve = f.plot({
    name: "Activation and slope", title: "one unit", x: [-REACH, REACH], y: [-1.5, REACH],
    xLabel: "*z*, into the unit", yLabel: "value, and slope (dashed)", aspect: 1.05, least: 280,
  });
  const names = Object.keys(NAMES);
  const bars = f.plot({
    name: "Gradient left by each activation",
    title: "what is left of a gradient of 1",
    x: [FLOOR, 6.6], y: [-0.5, names.length - 0.2], xLabel: "product of the slopes",
    xTicks: [-15, -10, -5, 0, 5], xFormat: (t) => (t ? `10^{${num(t)}}` : "1"), aspect: 1.05, least: 280,
  });

  f.handle(curve, {
    label: "*z*",
    at: (s) => [s.z, VALUE[s.activation](s.z)],
    move: ([z]) => f.set({ z: clamp(+z.toFixed(2), -REACH, REACH) }),
    step: [0.1, 0],
    words: (s) => `z is ${num(s.z)}, slope ${num(slope(s.activation, s.z))}`,
    color: "blue",
  });
  f.choice("activation", { label: "activation", options: Object.entries(NAMES) });
  f.slider("layers", { label: "layers", min: 1, max: 20, step: 1 });
  f.predict({
    ask: "Drag *z* to where the sigmoid is steepest. What will ten such layers leave of a gradient of 1 there?",
    choices: ["Nearly all of it", "About a tenth", "About a millionth"],
    right: 2,
    because: "The sigmoid’s slope is nowhere above 1/4, and (1/4)^{10} ≈ 10^{−6}.",
    when: (s) => s.activation === "sigmoid" && Math.abs(s.z) < 0.15 && s.layers === 10,
  });

  f.update((s) => {
    const { activation: name, z, layers } = s;
    const [value, tangent] = [VALUE[name](z), slope(name, z)];
    const products = names.map((each) => slope(each, z) ** layers);
    const { largest, flat, share } = fact(name);
    f.read({ value, slope: tangent, products, largest, flatShare: share });

    const along = (dz) => [z + dz, value + tangent * dz];
    const reach = 1.3 / Math.hypot(1, tangent);
    curve.draw([
      flat.map(([a, b]) => area([[a, -9], [b, -9], [b, 9], [a, 9]], { color: "orange", opacity: 0.17 })),
      rule({ y: 0 }),
      rule({ x: 0 }),
      path((x) => slope(name, x), { color: "purple", dash: "6 4", width: 2, n: 401 }),
      path(VALUE[name], { color: "blue", width: 3, n: 400 }),
      line([along(-reach), along(reach)], { color: "ink", width: 2 }),
      line([[z, 0], [z, tangent]], { color: "purple", width: 1 }),
      dot([z, tangent], { color: "purple", shape: "diamond", r: 5 }),
    ]);
    curve.drawOver([
      text([-4.9, 4.6], `${NAMES[name]}: ${num(value)}`, { color: "blue", anchor: "start", weight: 600 }),
      text([-4.9, 4.05], `slope: ${num(tangent)}`, { color: "purple", anchor: "start", weight: 600 }),
      flat.length > 0 && text([flat[0][0] + 0.1, -1.25], "slope < 0.1", { color: "orange", anchor: "start", size: 12 }),
    ]);

    const row = (i) => names.length - 1 - i;
    bars.draw([
      names.map((each, i) => {
        const end = Math.max(Math.log10(products[i]), FLOOR); // −∞ for a dead unit
        const color = each === name ? "blue" : "muted";
        return box([FLOOR, row(i) - 0.13], [end, row(i) - 0.37], { color, opacity: each === name ? 1 : 0.6 });
      }),
      rule({ x: 0, color: "ink", dash: true }),
    ]);
    bars.drawOver([
      names.map((each, i) => {
        const chosen = { weight: each === name ? 600 : 400, color: each === name ? "blue" : "muted", size: 12.5 };
        return [
          text([FLOOR + 0.2, row(i) + 0.15], NAMES[each], { ...chosen, anchor: "start" }),
          text([-0.5, row(i) + 0.15], num(products[i], 2), { ...chosen, anchor: "end" }),
        ];
      }),
    ]);

    const lost = products[names.indexOf(name)];
    const left = `${layers} of them leave ${num(lost, 2)} of a gradient`;
    const end = lost === 0 ? "nothing goes back: a unit that is dead learns nothing" : left;
    const where = `${NAMES[name]} at *z* = ${num(z)}: out goes ${num(value)}, the slope is ${num(tangent)}, and ${end}.`;
    const percent = Math.round(100 * share);
    const range = flat.length ? `Slope below a tenth on ${percent} % of this axis` : "Slope nowhere below a tenth";
    return `${where} ${range}; largest slope ${num(largest)}.`;
  });
});
