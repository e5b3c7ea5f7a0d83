"""How the exercises on convolution are observed and judged where "call it and compare" does not do.

Strings of letters: what was learned from them is judged by its answers to new strings, whose labels are kept.
*When*: `predicted`. *Then*: `accuracy`.
"""

from ..compare import numbers
from ..device import seeded
from ..exercise import Verdict

LETTERS = "ACGT"
ENOUGH = 0.9  # share of the new strings that must be right


def predicted(find_motif, letters, y, new_letters):
    """*When*: make strings of letters 0 … 3, shape (n, length), one-hot (n, 4, length), learn from them and their classes
    y (n,), and say what the new ones are. → the answers"""
    from torch.nn import functional as F

    x, x_new = (F.one_hot(each.long(), len(LETTERS)).mT.float().contiguous() for each in (letters, new_letters))
    with seeded():
        return find_motif(x, y, x_new)


def accuracy(observed, case, exercise):
    """*Then*: of the classes that are kept, a share of ENOUGH is right."""
    import numpy as np

    answers, wanted = numbers(observed), numbers(case.kept)
    right = float((answers == wanted).mean())
    if right >= ENOUGH:
        return Verdict(True, reading="right")
    problem = f"{100 * right:.1f} % of {len(answers)} new strings are right; wanted: at least {100 * ENOUGH:.0f} %."
    found = float(((answers > 0) == (wanted > 0)).mean())
    reading = "found, but not told apart" if found >= ENOUGH and not (answers == 2).any() else "low"
    example = ""
    if case.public:
        words = ["".join(LETTERS[int(k)] for k in s) for s in numbers(case.given[2])[:3]]
        said = [f"{word[:44]}  your answer: {answer:g}" for word, answer in zip(words, answers)]
        counts = ", ".join(f"{int((answers == k).sum())} times {k:g}" for k in np.unique(answers)[:4])
        example = "\n".join([f"{len(case.given[0])} strings to learn from", *said, "…", f"in all: {counts}"])
    return Verdict(False, problem, example, reading=reading)
