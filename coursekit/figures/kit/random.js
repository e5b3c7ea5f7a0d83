// Random numbers that are the same on every machine and in tests/figures/draws.py, so that Python can check a figure.

/** A generator of its own: `const draw = random(7); draw.uniform(); draw.normal()`. The method is mulberry32. */
export function random(seed) {
  let state = seed >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296; // in [0, 1)
  };
  /** Box and Muller's first value; the second is thrown away, so that each draw takes two uniforms. */
  const normal = () => {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    return radius * Math.cos(2 * Math.PI * uniform());
  };
  const integer = (n) => Math.floor(uniform() * n);
  /** 0 … n − 1 in random order (Fisher and Yates, from the last place down). */
  const permutation = (n) => {
    const order = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = integer(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  };
  return { uniform, normal, integer, permutation };
}
