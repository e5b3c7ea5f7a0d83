// Colors for what is painted pixel by pixel. Everything else takes its color from figures.css by name.

/** Whether the page is dark now: the book's switch, JupyterLab's theme, or the system's wish. */
export function dark() {
  const { theme } = document.documentElement.dataset;
  const lab = document.body.dataset.jpThemeLight;
  if (theme) return theme === "dark";
  if (lab) return lab === "false";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Calls `changed` whenever the theme may have; returns what stops it. */
export function watchTheme(changed) {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  observer.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
  const system = matchMedia("(prefers-color-scheme: dark)");
  system.addEventListener("change", changed);
  return () => {
    observer.disconnect();
    system.removeEventListener("change", changed);
  };
}

const PAPER = { light: [255, 254, 251], dark: [20, 23, 27] };
const INK = { light: [34, 38, 43], dark: [217, 220, 225] };
const BLUE = { light: [0, 114, 178], dark: [86, 180, 233] };
const VERMILION = { light: [213, 94, 0], dark: [240, 130, 50] };
const now = (color) => color[dark() ? "dark" : "light"];

export const blend = (a, b, t) => {
  const part = Math.min(Math.max(t, 0), 1);
  return [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part, a[2] + (b[2] - a[2]) * part];
};

// A scale turns a number into [red, green, blue]; it is made anew for each drawing, so it knows the theme.
/** −limit … 0 … +limit: vermilion, paper, blue, as the classes −1 and +1 are everywhere in the book. */
export const diverging = (limit = 1) => {
  const [paper, below, above] = [now(PAPER), now(VERMILION), now(BLUE)];
  return (x) => blend(paper, x < 0 ? below : above, Math.abs(x) / limit);
};
/** low … high: paper to blue. */
export const sequential = (low = 0, high = 1) => {
  const [paper, blue] = [now(PAPER), now(BLUE)];
  return (x) => blend(paper, blue, (x - low) / (high - low));
};
/** low … high: paper to ink, a picture's gray values with 0 as paper. */
export const gray = (low = 0, high = 1) => {
  const [paper, ink] = [now(PAPER), now(INK)];
  return (x) => blend(paper, ink, (x - low) / (high - low));
};
/** low … high: black to white in either theme, for photographs. */
export const photo = (low = 0, high = 1) => (x) => blend([0, 0, 0], [255, 255, 255], (x - low) / (high - low));
