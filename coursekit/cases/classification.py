"""How `softmax_regression` is judged: by the probabilities that it gives to new examples, whose labels stay outside.

*Then*: `held_out`.
"""

from ..compare import numbers
from ..exercise import Verdict

NEAR = 1e-3  # how far a row of probabilities may be from adding up to 1


def held_out(observed, case, exercise):
    """*Then*: `observed` (m, C) are probabilities, and good ones: with (labels (m,), least accuracy, largest loss) from
    `case.kept`, the most probable class is right often enough, and −log of the true class's probability is small."""
    import numpy as np

    labels, least, most = case.kept
    labels = np.asarray(labels)
    p = numbers(observed)
    found = _form(p)
    if found:
        return Verdict(False, *found)
    answers, own = p.argmax(axis=1), p[np.arange(len(p)), labels]
    right = (answers == labels).mean()
    if (own <= 0).any() and right >= least and np.isin(p, (0, 1)).all():
        return _no("sure", "It gives the true class a probability of exactly 0 at some examples: an infinite loss.")
    loss = -np.log(np.maximum(own, 1e-300)).mean()
    if np.ptp(p, axis=0).max() < NEAR:
        return _no("same", "It gives all examples the same probabilities.")
    never = len(set(labels.tolist()) - set(answers.tolist()))
    if never and right < least:
        problem = f"It never answers with {never} of the classes. {right:.1%} right; at least {least:.0%} are wanted."
        return _no("never", problem)
    if right < least:
        return _no("wrong", f"{right:.1%} of the new examples are right; at least {least:.0%} are wanted.")
    if p.max() <= np.e / (np.e + p.shape[1] - 1) + NEAR and loss > most:
        problem = f"It is right in {right:.1%}, but never surer than {p.max():.2f}: its loss is {loss:.2f}, at most {most} is wanted."
        return _no("timid", problem)
    if loss > most:
        sure = p.max(axis=1).mean()
        problem = f"{right:.1%} are right, and on average it is {sure:.0%} sure, but the mean of −log p of the true class is {loss:.3f}: at most {most} is wanted."
        return _no("too sure" if sure > right else "too modest", problem)
    return Verdict(True, reading="right")


def _form(p):
    """(problem, example, reading) if these are no probabilities, else None."""
    import numpy as np

    if not np.isfinite(p).all():
        return "A probability is nan or infinite.", "", "nan"
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    if (p < 0).any():
        if (p <= 0).all() and np.allclose(np.exp(p).sum(axis=1), 1, atol=NEAR):
            return "It returns numbers below 0, and probabilities are not.", "", "logarithms"
        return "It returns numbers below 0, and probabilities are not.", "", "scores"
    if not np.allclose(rows, 1, atol=NEAR):
        i = int(abs(rows - 1).argmax())
        reading = "columns" if np.allclose(columns, 1, atol=NEAR) else "neither"
        return f"Row {i} of what it returns adds up to {rows[i]:.3f}, not to 1.", "", reading
    return None


def _no(reading, problem):
    return Verdict(False, problem, reading=reading)
