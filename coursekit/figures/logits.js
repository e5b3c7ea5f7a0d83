// What is a logit?
//
// A score without limits, of which only the differences count: softmax makes probabilities of them. The loss is the
// logistic loss of the true class's lead over the rest, and its gradient is nothing but the gap between what the model
// says and what is so: p − y.

import { argmax, arrow, box, clamp, dot, figure, fixed, line, logSumExp, max, min, num, path, percent, range, rule,
  scale, signed, softmax, softplus, text } from "kit";

const NAMES = ["cat", "dog", "fox"];
const REACH = 6; // of the logits' axis at first
const HALF = 0.3; // of a bar's width
const reach = (s) => Math.max(REACH, Math.ceil(max(s.logits, Math.abs)));
const share = (p) => (p < 5e-4 ? "< 0.1 %" : p > 0.9995 && p < 1 ? "> 99.9 %" : percent(p, 1));

/** The classes that are there: all, or without the last one that is not true. */
const classes = (s) => range(3).filter((k) => !s.two || k !== (s.true === 2 ? 1 : 2));

function model(s) {
  const ks = classes(s);
  const z = ks.map((k) => s.logits[k] / s.temperature);
  const own = ks.indexOf(s.true);
  const lead = z[own] - logSumExp(z.filter((_, i) => i !== own));
  const p = softmax(z);
  const gap = p.map((value, i) => value - (i === own));
  return { ks, own, p, gap, lead, loss: softplus(-lead), gradient: scale(gap, 1 / s.temperature) };
}

export default figure("What is a logit?", (f) => {
  const names = { xLabel: "", xFormat: (k) => NAMES[k], least: 190, aspect: 0.74, phone: 1.35 };
  const logits = f.plot({ ...names, name: "The logits", title: "logits *z*: drag them" });
  const shares = f.plot({ ...names, name: "The probabilities and the target", title: "probabilities *p*, target *y*",
    y: [0, 1.1], yTicks: [0, 0.5, 1] });
  const losses = f.plot({
    name: "The loss", title: "loss −log *p*_{true}", least: 190, aspect: 0.74, phone: 1.35,
    xLabel: "lead of the true class", yLabel: "loss", xTicks: 4, yTicks: 4,
  });

  range(3).forEach((k) =>
    f.handle(logits, {
      label: `Logit of ${NAMES[k]}`,
      at: (s) => (classes(s).includes(k) ? [classes(s).indexOf(k), s.logits[k]] : null),
      move: ([, z], s) => {
        const value = +clamp(z, -reach(s), reach(s)).toFixed(1);
        f.set({ logits: s.logits.map((old, j) => (j === k ? value : old)), added: 0 });
      },
      words: (s) => num(s.logits[k]),
      color: "blue",
    }),
  );
  f.choice("true", { label: "the picture shows a", options: NAMES.map((name, k) => [k, name]) });
  f.slider("temperature", { label: "temperature *T*", min: 0.25, max: 4, step: 0.01, log: true });
  f.button("+1 to all logits", (s) => f.set({ logits: s.logits.map((z) => z + 1), added: s.added + 1 }),
    { when: (s) => max(s.logits) < 20 });
  f.button("Step down the gradient", (s) => {
    const { ks, gradient } = model(s);
    const z = [...s.logits];
    ks.forEach((k, i) => (z[k] -= gradient[i]));
    f.set({ logits: z, added: 0 });
  });
  f.toggle("two", { label: "two classes only" });
  f.predict({
    ask: "The model says cat, and it is a dog. You add 1 to all three logits. What happens to the probabilities?",
    choices: ["All three rise", "The largest gains most", "None of them moves"],
    right: 2,
    because:
      "exp(*z* + 1) = e · exp(*z*), and the factor e is above and below the fraction line: only differences count.",
    when: (s) => s.added > 0,
  });

  f.update((s) => {
    const { ks, own, p, gap, lead, loss, gradient } = model(s);
    f.read({ p, loss, gap, gradient, lead });
    const z = ks.map((k) => s.logits[k]);
    const n = ks.length;
    const bar = (i, high, options) => box([i - HALF, 0], [i + HALF, high], options);

    logits.x = shares.x = [-0.5, n - 0.4];
    logits.xTicks = shares.xTicks = range(n);
    logits.xFormat = shares.xFormat = (i) => (i === own ? `true: ${NAMES[ks[i]]}` : NAMES[ks[i]]);
    logits.y = [Math.min(-REACH, Math.floor(min(z))) - 1, Math.max(REACH, Math.ceil(max(z))) + 1];
    const far = Math.max(REACH, Math.ceil(1.2 * Math.abs(lead)));
    Object.assign(losses, { x: [-far, far], y: [0, far] });
    for (const plot of [logits, shares, losses]) plot.layout();

    logits.draw([
      rule({ y: 0, color: "muted" }),
      z.map((v, i) => bar(i, v, { opacity: 0.35 })),
      z.map((v, i) => Math.abs(gradient[i]) > 0.02
        && arrow([i + 0.42, v], [i + 0.42, v - gradient[i]], { color: "orange", width: 2.5 })),
    ]);
    logits.drawOver(z.map((v, i) => text([i, v], fixed(v, 1), { dy: v < 0 ? 19 : -18, size: 12.5, weight: 600 })));

    shares.draw([
      bar(own, 1, { color: "none", stroke: "green", width: 2 }),
      p.map((v, i) => bar(i, v, { opacity: 0.55 })),
      // the gap, as the step wants to close it
      p.map((v, i) => Math.abs(gap[i]) > 0.004
        && arrow([i + 0.42, v], [i + 0.42, v - gap[i]], { color: "orange", width: 2.5 })),
    ]);
    shares.drawOver([
      text([own, 1], "*y* = 1", { color: "green", dy: -10, size: 12 }),
      p.map((v, i) => text([i, v], share(v), { dy: v > 0.85 ? 14 : -10, size: 12, weight: 600, halo: v <= 0.85 })),
    ]);

    const slope = -(1 - p[own]);
    const aside = (0.22 * far) / Math.hypot(1, slope * 2);
    losses.draw([
      line([[-far, far], [0, 0]], { color: "muted", width: 1, dash: true }),
      path((m) => softplus(-m), { color: "vermilion", width: 2.5 }),
      line([[lead - aside, loss - slope * aside], [lead + aside, loss + slope * aside]],
        { color: "orange", width: 4, opacity: 0.8 }),
      dot([lead, loss], { color: "vermilion", r: 6 }),
    ]);
    const free = lead < 0.3 * far; // room to the right of the point
    losses.drawOver([
      text([lead, loss], num(loss), { dx: free ? 10 : -4, dy: -13, anchor: free ? "start" : "end", weight: 600 }),
      text([far, far], "log(1 + *e*^{−lead})", { dy: 10, anchor: "end", size: 12, color: "vermilion" }),
      text([far, far], `slope ${num(slope)}`, { dy: 27, anchor: "end", size: 12, color: "orange" }),
    ]);

    const name = NAMES[s.true];
    const said = argmax(p);
    const verdict = said === own ? `Right: it says ${name} at ${share(p[own])}` : `Wrong: it says ${NAMES[ks[said]]}, and gives ${name} ${share(p[own])}`;
    const only = n === 2 ? ` That is the sigmoid of the difference${s.temperature === 1 ? "" : " over *T*"}, σ(${num(lead)}).` : "";
    const shift = s.added ? `Every logit rose by ${s.added}, and no probability moved. ` : "";
    const divided = s.temperature === 1 ? "*p* − *y*" : `(*p* − *y*) / ${num(s.temperature)}`;
    const each = ks.map((k, i) => `${NAMES[k]} ${signed(gradient[i], 2)}`).join(", ");
    return `${shift}${verdict}.${only} Loss ${num(loss)}. Gradient ${divided}: ${each}, together 0. ` +
      `The orange step goes the other way and closes the gap.`;
  });
});
