// On every page of the book that has figures: brings each to life when it comes near the screen, with one shared script
// and one of its own. Until then, and without JavaScript, its picture and text stand in its place.

const base = document.currentScript.src.replace(/[^/]*$/, "");
const scripts = new Map();

function script(name) {
  if (!scripts.has(name)) {
    scripts.set(
      name,
      new Promise((resolve, reject) => {
        const node = Object.assign(document.createElement("script"), { src: `${base}${name}.js`, onload: resolve, onerror: reject });
        document.head.append(node);
      }),
    );
  }
  return scripts.get(name);
}

async function wake(root) {
  if (root.waking) return;
  root.waking = true;
  await script("kit");
  await script(root.dataset.figure);
  courseFigures.show(root);
}

const near = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      wake(target);
    }
  },
  { rootMargin: "600px" },
);
for (const root of document.querySelectorAll(".course-figure[data-figure]")) near.observe(root);

// An address may name a figure and its state: #fig-perceptron&b=1
const named = document.getElementById(location.hash.slice(1).split("&")[0]);
if (named?.matches(".course-figure")) {
  wake(named);
  named.scrollIntoView();
}
