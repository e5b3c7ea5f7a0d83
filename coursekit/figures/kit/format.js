// Numbers and formulas as readers see them, without a formula engine.

/** 3 significant digits, a true minus sign, no trailing zeros: 0.333, −12, 1.2 × 10⁶. */
export function num(x, digits = 3) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "not a number" : x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size >= 1e6 || size < 1e-4) {
    const [mantissa, exponent] = x.toExponential(digits - 1).split("e");
    const power = [...String(+exponent)].map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]).join("");
    return `${minus(String(+mantissa))} × 10${power}`;
  }
  return minus(String(size >= 10 ** digits ? Math.round(x) : +x.toPrecision(digits)));
}

/** As many decimals as asked for, always: columns of numbers that do not jump. */
export const fixed = (x, decimals = 2) => {
  const text = x.toFixed(decimals);
  return minus(+text === 0 ? text.replace("-", "") : text);
};
export const signed = (x, digits = 3) => (x > 0 ? "+" : "") + num(x, digits);
export const percent = (x, decimals = 0) => `${fixed(100 * x, decimals)} %`;
export const point = (p, digits = 3) => `(${p.map((x) => num(x, digits)).join(", ")})`;
const minus = (text) => text.replaceAll("-", "−");

/**
 * Splits `*w*_1` or `x^{2}` into pieces: [{text, italic, shift}], shift −1 below the line, +1 above it.
 * The same markup serves labels in HTML and in SVG.
 */
export function pieces(label) {
  const found = [];
  const pattern = /\*([^*]+)\*|([_^])(?:\{([^}]*)\}|(.))|([^*_^]+)/gu;
  for (const [, italic, mark, group, letter, plain] of String(label).matchAll(pattern)) {
    if (mark) found.push({ text: group ?? letter, shift: mark === "_" ? -1 : 1 });
    else found.push({ text: italic ?? plain, italic: italic !== undefined, shift: 0 });
  }
  return found;
}

/** The label in HTML: a fragment of <i>, <sub> and <sup>. */
export function html(label) {
  const fragment = document.createDocumentFragment();
  for (const { text, italic, shift } of pieces(label)) {
    const tag = shift ? (shift < 0 ? "sub" : "sup") : italic && "i";
    fragment.append(tag ? Object.assign(document.createElement(tag), { textContent: text }) : text);
  }
  return fragment;
}

/** The label as it is spoken: w 1, x 2. */
export const spoken = (label) => pieces(label).map(({ text, shift }) => (shift ? ` ${text}` : text)).join("");
