"""One look for every figure of the book, and the few pictures that return in every chapter.

A cell that draws starts with ``plot.use()``. What is drawn can be read on a phone (type of 12 points in a figure
5.2 inches wide), by the color-blind (Okabe and Ito's colors, and a marker of its own for every class), in print,
and in dark mode: the background is plain white, so that a page may invert it.

Arrays and tensors are accepted alike, on any device, with or without a gradient.
"""

from contextlib import contextmanager
from types import MappingProxyType

__all__ = ["COLORS", "boundary", "color", "drawing", "images", "points", "use"]

# Okabe & Ito (2008), "Color Universal Design": told apart in every common form of color blindness.
COLORS = MappingProxyType(
    {
        "black": "#000000",
        "gray": "#7F7F7F",  # not one of the eight: for what stays in the background
        "orange": "#E69F00",
        "sky": "#56B4E9",
        "green": "#009E73",
        "yellow": "#F0E442",
        "blue": "#0072B2",
        "vermilion": "#D55E00",
        "purple": "#CC79A7",
    }
)

# The class at place k has color k and marker k, in every figure of the book. Eight colors and nine markers return
# together only after 72 classes.
_COLORS = tuple(COLORS[name] for name in ("vermilion", "blue", "green", "purple", "orange", "sky", "black", "yellow"))
_MARKERS = ("s", "o", "^", "D", "v", "P", "X", "<", ">")

_STYLE = {
    "figure.figsize": (5.2, 3.4),
    "figure.dpi": 100,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.labelsize": 12,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "legend.fontsize": 11,
    "legend.frameon": True,
    "legend.framealpha": 0.85,
    "legend.edgecolor": "none",
    "axes.facecolor": "white",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.edgecolor": "#444444",
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "xtick.labelcolor": "black",
    "ytick.labelcolor": "black",
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "axes.titlelocation": "left",
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "lines.linewidth": 2,
    "lines.markersize": 6,
    "image.cmap": "gray_r",  # ink on paper: 0 is white
    "image.interpolation": "nearest",  # a pixel is seen as a pixel
    "svg.fonttype": "none",
    "svg.hashsalt": "coursekit",  # the same figure, the same bytes
}


def use() -> None:
    """Draw in the book's style from here on, in a notebook at twice the resolution so that it stays sharp."""
    import matplotlib
    from cycler import cycler

    matplotlib.rcParams.update(_STYLE)
    # Lines start with blue: vermilion is for what must be noticed.
    blue_first = [_COLORS[1], _COLORS[0], *_COLORS[2:]]
    matplotlib.rcParams["axes.prop_cycle"] = cycler(color=blue_first)
    if _inline():
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("retina")


@contextmanager
def drawing():
    """Around the picture of an exercise: while a function that it needs is not written, one line says so.

    Any other error is shown in a notebook, and not raised: "Run All" goes on to the next exercise.
    """
    from traceback import extract_tb

    from .check import notebook

    try:
        yield
    except NotImplementedError as stub:
        print(f"Write `{extract_tb(stub.__traceback__)[-1].name}` first.")
    except Exception:
        if not notebook():
            raise
        notebook().get_ipython().showtraceback()


def points(ax, x, y, names=None, **scatter):
    """Scatter the points of `x`, each class with a color and a marker of its own.

    x: (n, 2) coordinates. y: (n,) classes, whole numbers: 0, 1, 2, … or −1 and +1 (as 0 and 1: −1 is a vermilion
    square, +1 a blue disk). names: what to call the classes in a legend, by place; without it there is none.
    Anything else goes to `ax.scatter`. Returns `ax`.
    """
    x, y = _array(x), _array(y)
    if x.ndim != 2 or x.shape[1] != 2:
        raise ValueError(f"points draws in the plane: x must be (n, 2), not {x.shape}")
    if y.shape != x.shape[:1]:
        raise ValueError(f"each point needs one class: x is {x.shape}, so y must be {x.shape[:1]}, not {y.shape}")
    for label in sorted(set(y.tolist())):
        if label != int(label) or label < -1:
            raise ValueError(f"{label} is no class: use 0, 1, 2, …, or -1 and +1")
        place = max(int(label), 0)
        look = {
            "color": color(label),
            "marker": _MARKERS[place % len(_MARKERS)],
            "s": 36,
            "edgecolor": "white",
            "linewidth": 0.6,
        }
        name = str(names[place]) if names is not None else None
        ax.scatter(*x[y == label].T, label=name, **(look | {"zorder": 2} | scatter))
    if names is not None:
        ax.legend()
    return ax


def color(label) -> str:
    """The color in which `points` draws a class (0, 1, 2, … or −1 and +1)."""
    return _COLORS[max(int(label), 0) % len(_COLORS)]


def boundary(ax, w, b, *, normal=False, shade=True, **line):
    """Draw the line w·x + b = 0 and shade its two sides in the colors of the classes: blue where w·x + b ≥ 0.

    w: (2,), b: a number. Call it after the points are drawn: it keeps the limits of `ax`. normal: also draw w as an
    arrow of length 1 in data units, which needs (and sets) equal scales, or the right angle would not be seen.
    shade: False for the line alone. Anything else goes to the line. Returns the line, or None when w = 0 and there
    is none.
    """
    import numpy as np

    w, b = _array(w).astype(float), float(_array(b))
    if w.shape != (2,):
        raise ValueError(f"boundary draws in the plane: w must be (2,), not {w.shape}")
    xlim, ylim = ax.get_xlim(), ax.get_ylim()
    length = np.linalg.norm(w)
    if shade:
        # Far beyond the limits, so that moving the limits uncovers no bare paper. The score is linear, so
        # the contour through a single quad is exact.
        grid = np.meshgrid(_widened(xlim), _widened(ylim))
        score = w[0] * grid[0] + w[1] * grid[1] + b
        sides = {"levels": (-np.inf, 0, np.inf), "colors": (color(-1), color(+1)), "alpha": 0.12, "zorder": 0}
        if length > 0:
            ax.contourf(*grid, score, **sides)
        else:
            ax.axvspan(*_widened(xlim), color=color(+1 if b >= 0 else -1), alpha=0.12, linewidth=0, zorder=0)
    drawn = None
    if length > 0:
        foot = -b * w / length**2  # the point of the line that is nearest to the origin
        drawn = ax.axline(
            foot, foot + np.array([-w[1], w[0]]), **({"color": "black", "linewidth": 1.6, "zorder": 1.5} | line)
        )
        if normal:
            center = np.array([sum(xlim) / 2, sum(ylim) / 2])
            start = center - (center @ w + b) / length**2 * w  # as near to the middle of the figure as the line comes
            arrow = {"arrowstyle": "-|>", "color": drawn.get_color(), "linewidth": 1.6, "shrinkA": 0, "shrinkB": 0}
            ax.annotate("", start + w / length, start, arrowprops=arrow, zorder=3)
            ax.set_aspect("equal", adjustable="box")
    ax.set_xlim(xlim)
    ax.set_ylim(ylim)
    return drawn


def images(figure, x, titles=None, *, columns=8, **imshow):
    """Fill `figure` with small pictures, in rows, all on one gray scale.

    x: (n, height, width) or (n, 1, height, width), or in color (n, 3, height, width) with values from 0 to 1.
    titles: n short texts, or none. Anything else goes to `imshow`. Returns the n axes.
    """
    import numpy as np

    x = _array(x)
    if x.ndim == 4:
        if x.shape[1] not in (1, 3):
            raise ValueError(f"images have 1 channel or 3: x must be (n, 1 or 3, height, width), not {x.shape}")
        x = x[:, 0] if x.shape[1] == 1 else np.moveaxis(x, 1, -1)
    elif x.ndim != 3:
        raise ValueError(f"x must be (n, height, width) or (n, channels, height, width), not {x.shape}")
    if titles is not None and len(titles) != len(x):
        raise ValueError(f"{len(x)} images need {len(x)} titles, not {len(titles)}")
    columns = max(1, min(columns, len(x)))
    rows = -(-len(x) // columns)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    scale = {"vmin": float(x.min()), "vmax": float(x.max())} if x.ndim == 3 and len(x) else {}
    for ax in grid:
        ax.set_axis_off()
    for place, (ax, image) in enumerate(zip(grid, x, strict=False)):
        ax.imshow(image, **(scale | imshow))
        if titles is not None:
            ax.set_title(str(titles[place]), loc="center")
    return grid[: len(x)]


def _array(values):
    """`values` as a NumPy array; a tensor is detached and brought to the CPU."""
    import numpy as np

    return values.detach().cpu().numpy() if hasattr(values, "detach") else np.asarray(values)


def _widened(limits, times=10):
    low, high = min(limits), max(limits)
    reach = times * (high - low)
    return low - reach, high + reach


def _inline() -> bool:
    """Whether figures are shown in a notebook."""
    import matplotlib

    return "inline" in matplotlib.get_backend().lower()
