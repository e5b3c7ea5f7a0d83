"""What every project asks for: does the code that is handed in give the numbers that are reported?

A project's *when* and *then* (`coursekit/cases/project_….py`) are made of these.
"""

from dataclasses import dataclass

from .compare import show
from .device import seeded
from .exercise import Verdict

SEEDS = range(5)  # whose results are reported
ROUNDING = 0.02  # another machine adds in another order: some images may change sides
LUCK = 0.08  # no split that nobody chose is so much harder than five others


@dataclass(frozen=True)
class Claim:
    """A share of right answers that is reported, and the one that is found. where: of which images; luck: how far it
    may lie below the mean reported where nobody chose the seed; rounding: how far the two may differ where it is."""

    reported: float
    found: float
    where: str = ""
    luck: float = LUCK
    rounding: float = ROUNDING


def in_two_kernels(run):
    """[run(0), run(1)], each as in a kernel that has drawn other random numbers before."""
    answers = []
    for which in (0, 1):
        with seeded(which + 1):
            answers.append(run(which))
    return answers


def reported(study, seed, parts=1):
    """What `study.reported()` says of that seed, `parts` numbers; of a seed that it does not name, the means. And their
    standard deviations over the seeds. Zeros while it is still to be written."""
    import numpy as np

    try:
        said = study.reported()
    except NotImplementedError:  # not yet
        said = dict.fromkeys(SEEDS, (0.0,) * parts)
    rows = np.array([np.ravel(said[s]) for s in SEEDS], dtype=float)
    return (rows[seed] if seed in SEEDS else rows.mean(axis=0)).tolist(), rows.std(axis=0, ddof=1).tolist()


def doubts(claim, seed):
    """What may be wrong with one claim: [(is it, the sentence that says so)], the most basic first."""
    reported, found, where = claim.reported, claim.found, claim.where
    return [
        (not 0 <= reported <= 1, f"Report a share between 0 and 1{where}, not {show(reported)}."),
        (found < reported == 1, f"You report that all images{where} are right; the run gives {found:.3f}."),
        (seed in SEEDS and reported == 0, "Two runs agree. But nothing is reported for this seed: fill in `reported`."),
        (
            seed in SEEDS and abs(reported - found) > claim.rounding,
            f"For seed {seed} you report {reported:.3f}{where}; the run gives {found:.3f}.",
        ),
        (
            seed not in SEEDS and reported - found > claim.luck,
            f"You report {reported:.3f}{where} on average; on a split that nobody chose the run gives {found:.3f}.",
        ),
    ]


def first_of(problems, example):
    """The verdict on problems [(is it, sentence)]: the first that is. `reading` is its place, from 1; 0 if none is."""
    for reading, (failed, problem) in enumerate(problems, start=1):
        if failed:
            return Verdict(False, problem, example, reading=reading)
    return Verdict(True, reading=0)
