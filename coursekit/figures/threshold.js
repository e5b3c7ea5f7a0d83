// Where do you put the threshold?
//
// It depends on what a miss and a false alarm cost: every threshold is one point on the same two curves. And on how
// rare the positives are: with 1 % of them "never" is right in 99 %, and of this model's alarms most are false,
// while the ROC curve shows nothing of it.

import { area, clamp, dot, figure, fixed, gaussian, line, linspace, num, path, percent, rule, text } from "kit";

const PEOPLE = 10000;
const [LOW, HIGH] = [-3.5, 6.5]; // of the scores

/** Φ, the normal distribution, by Marsaglia's series (2004). */
function normal(x) {
  if (Math.abs(x) > 8) return x < 0 ? 0 : 1;
  let [total, term] = [x, x];
  for (let i = 3; Math.abs(term) > 1e-17; i += 2) total += term *= (x * x) / i;
  return 0.5 + total * gaussian(x);
}

function counts({ share, apart }, t) {
  const recall = normal(apart - t);
  const alarm = normal(-t);
  const [tp, fp] = [share * recall, (1 - share) * alarm];
  return { recall, alarm, tp, fn: share - tp, fp, tn: 1 - share - fp, precision: tp / (tp + fp),
    accuracy: tp + 1 - share - fp };
}

export default figure("Where do you put the threshold?", (f) => {
  const scores = f.plot({
    name: "The scores of positives and negatives", title: "everyone’s score: drag the threshold", x: [LOW, HIGH],
    aspect: 2.5, phone: 1.15, least: 500, xLabel: "score", xTicks: 8,
  });
  const unit = { x: [-0.02, 1.02], y: [-0.02, 1.03], xTicks: [0, 0.5, 1], yTicks: [0, 0.5, 1], aspect: 1.3,
    least: 230 };
  const roc = f.plot({ ...unit, name: "The ROC curve", title: "ROC curve", xLabel: "false positive rate",
    yLabel: "recall" });
  const pr = f.plot({ ...unit, name: "The precision–recall curve", title: "precision–recall curve", xLabel: "recall",
    yLabel: "precision" });

  f.handle(scores, {
    label: "Threshold",
    at: (s) => [s.threshold, 0],
    move: ([t]) => f.set({ threshold: +clamp(t, -3, 5.5).toFixed(2) }),
    words: (s) => num(s.threshold),
  });
  f.slider("share", { label: "share of positives", min: 0.01, max: 0.5, step: 0.01, log: true,
    format: (x) => percent(x, x < 0.1 ? 1 : 0) });
  f.slider("apart", { label: "distance of the means", min: 0.5, max: 4, step: 0.1 });
  f.predict({
    ask: "Half of all are positive now. Model and threshold stay, but only 1 in 100 is positive. What changes?",
    choices: ["The point on the ROC curve falls", "Precision collapses; the ROC point stays",
      "Nothing: it is the same model"],
    right: 1,
    because:
      "Recall and false positive rate each look at one class alone; precision mixes the two, and now 99 negatives stand against 1 positive.",
    when: (s) => s.share < 0.02,
  });

  f.update((s) => {
    const { threshold: t, share, apart } = s;
    const now = counts(s, t);
    const { recall, alarm, precision, accuracy } = now;
    const best = apart / 2 + Math.log((1 - share) / share) / apart;
    const top = counts(s, best).accuracy;
    f.read({ ...now, area: normal(apart / Math.SQRT2), best, top });

    // upward the positives, downward the negatives; areas are shares of all
    const up = (x) => share * gaussian(x, apart);
    const down = (x) => -(1 - share) * gaussian(x);
    scores.y = [-0.45 * (1 - share), Math.max(0.45 * share, 0.13)];
    scores.layout();
    const under = (curve, from, to) => [[from, 0], ...linspace(from, to, 90).map((x) => [x, curve(x)]), [to, 0]];
    scores.draw([
      area(under(up, LOW, t), { color: "blue", opacity: 0.25 }),
      area(under(up, t, HIGH), { color: "blue", opacity: 0.85 }),
      area(under(down, LOW, t), { color: "vermilion", opacity: 0.25 }),
      area(under(down, t, HIGH), { color: "vermilion", opacity: 0.85 }),
      path(up, { color: "blue", width: 1.5 }),
      path(down, { color: "vermilion", width: 1.5, dash: "6 3" }),
      rule({ y: 0, color: "muted" }),
      rule({ x: t, color: "ink", width: 2 }),
      best < HIGH && dot([best, scores.y[0]], { color: "green", shape: "triangle", r: 6 }),
    ]);
    const people = (part) => num(Math.round(PEOPLE * part), 5);
    const [high, low] = scores.y; // of the negatives, of the positives
    const corner = (side, y, dy, name, part, color) =>
      text([side > 0 ? HIGH : LOW, y], `${name} ${people(part)}`, { color, anchor: side > 0 ? "end" : "start", dx: -4 * side, dy, size: 12.5, weight: 600 });
    scores.drawOver([
      corner(-1, low, 10, "missed", now.fn, "blue"),
      corner(1, low, 10, "found", now.tp, "blue"),
      corner(-1, high, -32, "left alone", now.tn, "vermilion"),
      corner(1, high, -32, "false alarms", now.fp, "vermilion"),
      t < 3 && text([t, low], "called positive →", { anchor: "start", dx: 6, dy: 30, color: "muted", size: 11.5 }),
      best < HIGH - 1 && text([best, high], "most accurate",
        { color: "green", size: 11.5, dy: -12, anchor: best < 1 ? "end" : "start", dx: best < 1 ? -10 : 10 }),
    ]);

    const runs = linspace(LOW - 3, HIGH + 2, 150).map((x) => counts(s, x));
    roc.draw([
      line([[0, 0], [1, 1]], { color: "muted", width: 1, dash: true }),
      line(runs.map((r) => [r.alarm, r.recall]), { color: "blue", width: 2.5 }),
      dot([alarm, recall], { color: "orange", r: 7 }),
    ]);
    roc.drawOver([
      text([alarm, recall], `${percent(recall)}`, { dx: 14, dy: 12, anchor: "start", weight: 600, size: 12 }),
      text([1, 0], `area ${fixed(normal(apart / Math.SQRT2), 3)}`, { anchor: "end", dx: -6, dy: -12, color: "muted", size: 12 }),
    ]);
    pr.draw([
      line([[0, share], [1, share]], { color: "muted", width: 1, dash: true }),
      line(runs.map((r) => [r.recall, r.precision]), { color: "blue", width: 2.5 }),
      dot([recall, precision], { color: "orange", r: 7 }),
    ]);
    pr.drawOver([
      text([recall, precision], percent(precision),
        { dx: recall > 0.8 ? -12 : 12, dy: precision > 0.85 ? 14 : -13, anchor: recall > 0.8 ? "end" : "start",
          weight: 600, size: 12 }),
      text([0, share], "everyone called positive",
        { anchor: "start", dx: 6, dy: share < 0.12 ? -10 : 12, color: "muted", size: 11.5 }),
    ]);

    const never = percent(1 - share, share < 0.1 ? 1 : 0);
    const against = accuracy < 1 - share ? "less than" : "against";
    return `Of ${num(PEOPLE, 5)} people ${people(share)} are positive. Recall: ${percent(recall, 1)} of them are found. ` +
      `Precision: ${percent(precision, 1)} of the alarms are true. ` +
      `Accuracy ${percent(accuracy, 1)}, ${against} ${never} for saying “never”.`;
  });
});
