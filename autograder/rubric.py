"""A `Rubric` says how one exercise is judged: its cases, weights, tolerance, known mistakes, right alternatives.

    neuron = Rubric(reference.neuron, title="One neuron", points=2, minutes=5, returns="a tensor of shape (n,)")

    @neuron.given("a point on the line fires", weight=2)
    def _(rng): ...                       # -> the arguments, as a tuple

    @neuron.mistake("zero at zero", question="…", hint="…", section="perceptron#perceptron-neuron")
    def _(x, w, b): ...                   # a wrong implementation

    @neuron.alternative("with a loop")
    def _(x, w, b): ...                   # another right one

A rubric is data for four readers: the check in the notebook, the grade, the feedback, and the tests of the tests.
"""

import hashlib
import importlib
import inspect
from dataclasses import dataclass, replace
from pathlib import Path

from coursekit.device import seeded
from coursekit.exercise import Case, Exercise, Mistake
from coursekit.observe import observe

PUBLIC_SEED = "public"
TRUSTED_SECONDS = 60.0


@dataclass(frozen=True)
class Kept:
    """What a *given* returns when part of it must stay on the trusted side: `Kept(given, kept)`."""

    given: tuple
    kept: object


@dataclass(frozen=True)
class _Given:
    name: str
    make: object
    weight: float
    public: bool
    when: str
    then: str


class Rubric:
    """See the module. `when` and `then` name functions of `coursekit/cases/<stem>.py`; `kinds` lists the number
    kinds ("if": int or float) it may return where the reference's is not the only right one; `seconds` is the
    time one case may take; `points=0` makes it a stretch exercise (a badge); `on_device`: grading gives it tensors
    on the GPU where there is one, and wants its answer there."""

    def __init__(
        self,
        reference,
        *,
        title,
        points,
        minutes,
        returns,
        kinds="",
        rtol=1e-4,
        atol=1e-6,
        seconds=2.0,
        when="call",
        then="equal",
        on_device=False,
    ):
        self.reference = reference
        self.stem = reference.__module__.rpartition(".")[2]
        self.name = reference.__name__
        self.points = points
        self.on_device = on_device
        self.when, self.then = self._qualified(when), self._qualified(then)
        self.givens: list[_Given] = []
        self.mistakes: dict[Mistake, object] = {}
        self.alternatives: dict[str, object] = {}
        self.about = Exercise(
            id=self.id,
            title=title,
            returns=returns,
            points=points,
            minutes=minutes,
            parameters=tuple(_parameter(p) for p in inspect.signature(reference).parameters.values()),
            kinds=kinds,
            rtol=rtol,
            atol=atol,
            seconds=seconds,
        )

    @property
    def id(self):
        return f"{self.stem}.{self.name}"

    def given(self, name, *, weight=1.0, public=True, when=None, then=None):
        """Add a case: a function of a seeded `numpy.random.Generator` that returns the arguments as a tuple
        (or `Kept(arguments, kept)`). `name` is what the student reads. A hidden case is `public=False`."""

        def add(make):
            when_, then_ = self._qualified(when) or self.when, self._qualified(then) or self.then
            self.givens.append(_Given(name, make, weight, public, when_, then_))
            return make

        return add

    def mistake(self, name, *, question, hint, section):
        """Add a known wrong implementation, with the question and the hint a student who made it gets."""

        def add(implementation):
            self.mistakes[Mistake(name, question, hint, section)] = implementation
            return implementation

        return add

    def alternative(self, name):
        """Add another right implementation, which must pass."""

        def add(implementation):
            self.alternatives[name] = implementation
            return implementation

        return add

    def exercise(self, seed, *, hidden=True, device="cpu"):
        """The `Exercise` with its cases made from `seed` (any string): what the reference and every mistake
        observe is computed here, on the trusted side. Raises `RuntimeError` if the reference itself fails."""
        import torch

        torch.set_num_threads(1)  # what is computed is small: threads would wait for each other longer than they work
        device = device if self.on_device else "cpu"
        with seeded():  # what draws without a generator of its own, too, is recorded the same each time
            cases = tuple(self._case(g, seed, device) for g in self.givens if g.public or hidden)
        return replace(self.about, mistakes=tuple(self.mistakes), cases=cases)

    def _case(self, given, seed, device):
        made = given.make(self._rng(seed, given.name))
        kept = None
        if isinstance(made, Kept):
            made, kept = made.given, made.kept
        made = made if isinstance(made, tuple) else (made,)
        case = Case(given.name, moved(made, device), None, (), given.weight, given.when, given.then, kept, given.public)
        wanted = observe(self.reference, case, TRUSTED_SECONDS)
        if wanted.failure or wanted.mutated:
            raise RuntimeError(f"the reference of {self.id} fails its own case {given.name!r}: {wanted}")
        mistaken = tuple(observe(m, case, TRUSTED_SECONDS) for m in self.mistakes.values())
        return replace(case, wanted=wanted, mistaken=mistaken)

    def _rng(self, seed, case):
        import numpy as np

        digest = hashlib.sha256(f"{seed}|{self.id}|{case}".encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:8], "little"))

    def _qualified(self, name):
        return name if name in (None, "call", "equal") or "." in name else f"{self.stem}.{name}"


def _parameter(parameter):
    has_default = parameter.default is not inspect.Parameter.empty
    return f"{parameter.name} = {parameter.default!r}" if has_default else parameter.name


def load(stem):
    """The rubrics of a chapter, by exercise name, in their order. Raises `LookupError` for an unknown stem."""
    if stem not in stems():
        raise LookupError(f"there is no rubric for {stem!r}; there are: {', '.join(stems())}")
    module = importlib.import_module(f"autograder.rubrics.{stem}")
    return {r.name: r for r in vars(module).values() if isinstance(r, Rubric)}


def find(id):
    """The rubric of the exercise `id`, "<stem>.<name>"."""
    stem, _, name = id.partition(".")
    rubrics = load(stem)
    if name not in rubrics:
        raise LookupError(f"there is no exercise {id!r}; {stem} has {', '.join(r.id for r in rubrics.values())}")
    return rubrics[name]


def stems():
    """Every stem that has a rubric, by name."""
    return sorted(p.stem for p in (Path(__file__).parent / "rubrics").glob("*.py") if p.stem != "__init__")


def grade_id(id):
    """nbgrader's name of the exercise's grade cell: it allows no dots. `exercise_id` goes the other way."""
    return id.replace(".", "-")


def exercise_id(grade_id):
    """The exercise that a grade cell belongs to."""
    return grade_id.replace("-", ".", 1)


def moved(value, device):
    """Every tensor in `value` on `device`; all of them stay where they are if the device has no doubles and these do."""
    doubles = device.startswith("mps") and any(str(t.dtype) == "torch.float64" for t in tensors(value))
    return value if device == "cpu" or doubles else _on(value, device)


def _on(value, device):
    if isinstance(value, tuple | list):
        return type(value)(_on(v, device) for v in value)
    if isinstance(value, dict):
        return {k: _on(v, device) for k, v in value.items()}
    return value.to(device) if hasattr(value, "to") and value.device.type == "cpu" else value


def tensors(value):
    """Every tensor in `value`, however deep it lies in tuples, lists and dicts."""
    if isinstance(value, dict | tuple | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from tensors(inner)
    elif hasattr(value, "to"):
        yield value
