"""What an exercise is made of, for the check in the notebook and for the referee alike.

A *case* is an experiment: what is **given**, the name of the **when** that applies the implementation to it
and observes what happens, and the name of the **then** that turns the observation into a verdict.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Failure:
    """How an implementation failed to be observed. `kind` is one of:

    missing (no such name), stub (still `NotImplementedError`), raised, endless (over its time),
    unsendable (a type that cannot be compared), ended (its process died).
    """

    kind: str
    type: str = ""
    message: str = ""


@dataclass(frozen=True)
class Observation:
    """What came of applying an implementation to a case: a raw value, or how it failed."""

    value: Any = None
    mutated: bool = False  # were the given arguments changed?
    printed: bool = False
    failure: Failure | None = None

    def packable(self):
        """As plain values for `wire.pack`; `Observation.unpacked` reads them back."""
        failure = self.failure and [self.failure.kind, self.failure.type, self.failure.message]
        return {"value": self.value, "mutated": self.mutated, "printed": self.printed, "failure": failure}

    @classmethod
    def unpacked(cls, plain):
        """Raises `ValueError` unless `plain` is exactly what `packable` makes: it may come from anyone."""
        try:
            value, mutated, printed, failure = (plain[k] for k in ("value", "mutated", "printed", "failure"))
            failure = failure and Failure(*failure)
        except (TypeError, KeyError) as error:
            raise ValueError(f"not an observation: {error}") from error
        texts = [failure.kind, failure.type, failure.message] if failure else []
        if type(mutated) is not bool or type(printed) is not bool or any(type(t) is not str for t in texts):
            raise ValueError("not an observation: wrong types")
        return cls(value, mutated, printed, failure)


@dataclass(frozen=True)
class Mistake:
    """A wrong idea that we know: its name, a question that leads out of it, a hint, and where to read."""

    name: str
    question: str
    hint: str
    section: str  # "<page>#<label>" in the book
    heading: str = field(default="", compare=False)  # of that section; the release looks it up


@dataclass(frozen=True)
class Case:
    """One experiment. `wanted` is what the reference's *when* observed, `mistaken` what each known mistake's did.
    `kept` never leaves the trusted side (labels, say); a public case shows everything else to the student."""

    name: str
    given: tuple
    wanted: Observation
    mistaken: tuple[Observation, ...] = ()
    weight: float = 1.0
    when: str = "call"
    then: str = "equal"
    kept: Any = None
    public: bool = True


@dataclass(frozen=True)
class Exercise:
    """A graded function or class, `id` being `<stem>.<name>`, with cases made from one seed."""

    id: str
    title: str
    returns: str  # in words, with the shape: "a float tensor of shape (n,)"
    points: float
    minutes: int
    parameters: tuple[str, ...] = ()  # its names, with " = value" where the reference has a default
    kinds: str = ""  # letters of the number kinds it may return where the reference's kind is not the only right one
    rtol: float = 1e-4
    atol: float = 1e-6
    seconds: float = 2.0  # of computing, for one case
    mistakes: tuple[Mistake, ...] = ()
    cases: tuple[Case, ...] = field(default=(), repr=False)

    @property
    def stem(self):
        return self.id.partition(".")[0]

    @property
    def name(self):
        return self.id.partition(".")[2]

    @property
    def stretch(self):
        """A badge, no marks."""
        return self.points == 0


@dataclass(frozen=True)
class Verdict:
    """What *then* decided. `problem` is one sentence without given or wanted values (fit for a hidden case);
    `example` adds them (public cases only). `reading` is what was compared: recognizing a mistake compares it too."""

    passed: bool
    problem: str = ""
    example: str = ""
    reading: Any = None
