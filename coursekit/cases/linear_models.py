"""How the exercises on linear models are judged where "call it and compare" does not do.

*Then*: `covers` (a band is judged by the answers that fall into it and by its width, not by how it was fitted).
"""

from ..compare import numbers
from ..exercise import Verdict

WIDER = 1.3  # than the true band: more is too much
OVERALL, THIRD = 0.075, 0.1  # how far a share of 90 % may be off, of all points and of a third of them


def covers(observed, case, exercise):
    """*Then*: the band (lower, upper) holds the share `level` of the answers kept, also of those that scatter least and
    of those that scatter most, and is not much wider than need be.

    `case.kept`: the answers (m,), how much each scatters (m,), the width of the true band there (m,), and the level.
    """
    import numpy as np

    lower, upper = (numbers(v) for v in observed)
    y, scatter, width = (numbers(v) for v in case.kept[:3])
    level = float(case.kept[3])
    if not (np.isfinite(lower).all() and np.isfinite(upper).all()):
        return Verdict(False, "The band holds a number that is nan or infinite.")
    inside = (lower <= y) & (y <= upper)
    low, high = np.quantile(scatter, [1 / 3, 2 / 3])
    shares = [inside.mean(), inside[scatter <= low].mean(), inside[scatter >= high].mean()]
    ratio = (upper - lower).mean() / width.mean()
    reading = [float(s) for s in shares] + [float(np.clip(ratio, -5, 5))]
    slack = 1 + 1.5 * max(0.0, 0.9 - level)  # a share near one half is less certain
    far = [abs(s - level) > slack * t for s, t in zip(shares, (OVERALL, THIRD, THIRD))]
    where = "all new points", "those where the answers scatter least", "those where they scatter most"
    if (lower > upper).mean() > 0.5:
        return Verdict(False, "Most of the time your lower end lies above your upper end.", reading=reading)
    if any(far):
        parts = [f"{s:.0%} of {name}" for s, name, bad in zip(shares, where, far) if bad]
        return Verdict(False, f"A band for {level:.0%} holds {' and '.join(parts)}.", reading=reading)
    if ratio > WIDER:
        return Verdict(False, f"It holds enough, but it is {ratio:.1f} times as wide as need be.", reading=reading)
    return Verdict(True, reading=reading)
