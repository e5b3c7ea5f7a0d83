"""What a grading run says of one notebook: plain data, written as JSON.

Scores come from here alone, and fail closed: an exercise without a verdict has no points.
"""

import json
from dataclasses import asdict, dataclass, field

PASSED, FAILED, UNDECIDED = "passed", "failed", "undecided"


@dataclass(frozen=True)
class CaseReport:
    """One case as the student may read it: for a hidden one neither inputs nor wanted values."""

    name: str
    public: bool
    weight: float
    outcome: str
    problem: str = ""
    example: str = ""


@dataclass(frozen=True)
class ExerciseReport:
    """One exercise. `points` is None while `outcome` is undecided: our fault, and a person must look."""

    exercise: str
    title: str
    points: float | None
    max_points: float
    outcome: str
    mistake: str | None = None
    question: str = ""
    hint: str = ""
    section: str = ""
    note: str = ""
    cases: tuple[CaseReport, ...] = ()

    @property
    def feedback(self):
        """The outcome in sentences."""
        failed = [c for c in self.cases if c.outcome != PASSED]
        lines = [self.note] if self.note else []
        lines += [f"{c.name}: {c.problem}" for c in failed[:3]]
        if len(failed) > 3:
            lines.append(f"… and {len(failed) - 3} more cases.")
        if self.mistake:
            lines.append(f"{self.question} ({self.mistake}: {self.hint})")
        return "\n".join(lines) or "Every case passes."


@dataclass(frozen=True)
class Report:
    """One notebook's grade."""

    stem: str
    seed: str
    exercises: dict[str, ExerciseReport] = field(default_factory=dict)
    confined: bool = False  # did the student's code run where it can reach nothing else?
    outputs: tuple[list, ...] = field(default=(), repr=False)  # nbformat outputs of every cell; not in the JSON

    @property
    def points(self):
        """The decided points; undecided exercises add none."""
        return sum(e.points or 0.0 for e in self.exercises.values())

    @property
    def max_points(self):
        return sum(e.max_points for e in self.exercises.values())

    @property
    def undecided(self):
        """The ids of the exercises that need a person."""
        return [e.exercise for e in self.exercises.values() if e.outcome == UNDECIDED]

    @property
    def unread(self):
        """The sentence that says why nothing could be graded; "" if something could."""
        alike = {(e.note, e.outcome, len(e.cases)) for e in self.exercises.values()}
        note, outcome, cases = alike.pop() if len(alike) == 1 else ("", "", 0)
        return note if outcome == FAILED and not cases else ""

    def as_dict(self):
        """Plain JSON-able values; `from_dict` reads them back."""
        exercises = {
            k: {**asdict(e), "cases": [asdict(c) for c in e.cases], "feedback": e.feedback}
            for k, e in self.exercises.items()
        }
        return {
            "stem": self.stem,
            "exercises": exercises,
            "points": self.points,
            "max_points": self.max_points,
            "seed": self.seed,
            "confined": self.confined,
        }

    def as_json(self):
        return json.dumps(self.as_dict(), indent=1, ensure_ascii=False)

    @classmethod
    def from_dict(cls, plain):
        """Raises `KeyError` or `TypeError` if `plain` is not what `as_dict` makes."""

        def exercise(e):
            cases = tuple(CaseReport(**c) for c in e["cases"])
            return ExerciseReport(**{k: v for k, v in e.items() if k not in ("cases", "feedback")}, cases=cases)

        exercises = {k: exercise(e) for k, e in plain["exercises"].items()}
        return cls(plain["stem"], plain["seed"], exercises, plain["confined"])
