"""A result is known by all that decides it, and by nothing else."""

import dataclasses
import json
import os
import shutil

import nbformat
import pytest
from classroom import STEM

from autograder import results, rubric, submission, workers
from autograder.referee import without_verdict
from autograder.report import PASSED, UNDECIDED, Report
from autograder.results import Asked, Result, Results
from coursekit.exercise import Case, Exercise, Mistake, Observation

EXERCISES = {"f.a": Asked("key of a", "A", 2.0), "f.b": Asked("key of b", "B", 3.0), "f.c": Asked("key of c", "C", 1.0)}
JOB = submission.Job("f", b"{}", "seed")


def kept_in(folder, changed=()):
    """`Results` in a folder, where some exercises have other keys than before."""
    exercises = {
        id: dataclasses.replace(a, key=f"new {a.key}" if id in changed else a.key) for id, a in EXERCISES.items()
    }
    kept = Results(folder, "f", "seed", "cpu", lambda *_: EXERCISES)
    kept.exercises = exercises
    return kept


def result(*ids, outcome=PASSED, confined=True, outputs=([], ["outputs"])):
    reports = {id: without_verdict(Exercise(id, id, "", 1.0, 0), outcome, "") for id in ids}
    return Result(Report("f", "seed", reports, confined), outputs)


def test_what_is_kept_is_given_back_whole(tmp_path):
    kept, whole = kept_in(tmp_path), result("f.a", "f.b", "f.c")
    assert kept.get(JOB) is None
    assert kept.wanting(JOB, None) == JOB
    kept.keep(JOB, whole)
    assert kept.get(JOB) == whole
    assert kept.wanting(JOB, whole) is None


def test_only_a_changed_exercise_is_asked_again_and_the_outputs_stay(tmp_path):
    kept_in(tmp_path).keep(JOB, result("f.a", "f.b", "f.c"))
    kept = kept_in(tmp_path, changed=["f.b"])
    asked = []

    def ask(job):
        asked.append(job.exercises)
        return result("f.b", confined=True, outputs=([], []))

    whole = kept.of(JOB, ask)
    assert asked == [("f.b",)]
    assert list(whole.report.exercises) == ["f.a", "f.b", "f.c"]
    assert whole.outputs == ([], ["outputs"])
    assert kept.of(JOB, ask) == whole
    assert len(asked) == 1


def test_when_every_exercise_has_changed_all_is_new(tmp_path):
    kept_in(tmp_path).keep(JOB, result("f.a", "f.b", "f.c"))
    new = result("f.a", "f.b", "f.c", outputs=([], ["others"]))
    assert kept_in(tmp_path, changed=EXERCISES).of(JOB, lambda job: new) == new


def test_what_is_undecided_is_not_kept_and_the_rest_is(tmp_path):
    kept = kept_in(tmp_path)
    undecided = result("f.b", outcome=UNDECIDED).report.exercises
    first = result("f.a", "f.c")
    kept.keep(
        JOB,
        dataclasses.replace(
            first, report=dataclasses.replace(first.report, exercises={**first.report.exercises, **undecided})
        ),
    )
    assert kept.wanting(JOB, kept.get(JOB)).exercises == ("f.b",)
    assert kept_in(tmp_path / "other").keep(JOB, result("f.a", "f.b", "f.c", outcome=UNDECIDED)).report.undecided
    assert not list((tmp_path / "other").rglob("results/*"))


def test_what_was_made_unconfined_serves_only_where_that_is_allowed(tmp_path):
    kept, loose = kept_in(tmp_path), dataclasses.replace(JOB, unconfined=True)
    kept.keep(loose, result("f.a", "f.b", "f.c", confined=False))
    assert kept.get(JOB) is None
    assert kept.get(loose).report.confined is False
    kept.keep(JOB, result("f.a", "f.b", "f.c"))
    assert kept.get(loose).report.confined is True
    kept.forget(JOB)
    assert kept.get(loose) is None


def test_confined_and_unconfined_verdicts_are_never_mixed(tmp_path):
    loose = dataclasses.replace(JOB, unconfined=True)
    kept_in(tmp_path).keep(loose, result("f.a", "f.b", "f.c", confined=False))
    asked = []

    def ask(job):
        asked.append(job.exercises)
        return result(*(job.exercises or EXERCISES))

    whole = kept_in(tmp_path, changed=["f.a"]).of(loose, ask)
    assert asked == [("f.a",), ()]
    assert whole.report.confined is True
    assert list(whole.report.exercises) == list(EXERCISES)


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "{",
        '{"exercises": {}}',
        '{"exercises": [], "outputs": []}',
        "[]",
        "\0",
        '{"exercises": {"f.a": {"key": "key of a", "report": {"points": 1}}}, "outputs": []}',
    ],
)
def test_a_damaged_file_counts_as_none(tmp_path, damage):
    kept = kept_in(tmp_path)
    kept.keep(JOB, result("f.a", "f.b", "f.c"))
    (path,) = (tmp_path / results.PRIVATE / "results").iterdir()
    path.write_text(damage)
    assert kept.get(JOB) is None


def test_the_exercises_are_made_once_for_each_seed_device_and_version(tmp_path, monkeypatch):
    made = []

    def make(*about):
        made.append(about)
        return EXERCISES

    for seed, device in [("s", "cpu"), ("s", "cpu"), ("t", "cpu"), ("t", "cuda"), ("t", "cuda")]:
        assert Results(tmp_path, "f", seed, device, make).exercises == EXERCISES
    assert len(made) == 3
    monkeypatch.setattr(results, "installed", lambda: "another version")
    Results(tmp_path, "f", "t", "cuda", make)
    assert len(made) == 4
    (tmp_path / results.PRIVATE / "exercises-f.json").write_text("{")
    Results(tmp_path, "f", "t", "cuda", make)
    assert len(made) == 5


def an_exercise(**changed):
    case = Case("a case", (1, [2.0]), Observation(3), (Observation(4),), kept=[5])
    mistake = Mistake("a mistake", "A question?", "A hint.", "page#label")
    of_case = {k: changed.pop(k) for k in list(changed) if k in {f.name for f in dataclasses.fields(Case)}}
    of_mistake = {k: changed.pop(k) for k in list(changed) if k in {"question", "hint", "section"}}
    whole = Exercise(
        "f.a",
        "A",
        "an int",
        2.0,
        5,
        mistakes=(dataclasses.replace(mistake, **of_mistake),),
        cases=(dataclasses.replace(case, **of_case),),
    )
    return dataclasses.replace(whole, **changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"given": (1, [2.5])}, {"wanted": Observation(3.5)}, {"mistaken": (Observation(4.5),)}, {"kept": [6]},
        {"name": "another"}, {"weight": 2.0}, {"when": "f.w"}, {"then": "f.t"}, {"public": False},
        {"question": "Another?"}, {"hint": "Another."}, {"section": "page#other"},
        {"title": "B"}, {"points": 3.0}, {"returns": "a float"}, {"kinds": "if"}, {"rtol": 1e-3}, {"atol": 1e-3},
        {"seconds": 1.0}, {"parameters": ("x",)}, {"cases": ()}, {"mistakes": ()},
    ],
)  # fmt: skip
def test_everything_an_exercise_is_made_of_is_in_its_key(changed):
    key = results._exercise_key(an_exercise(), "seed")
    assert key == results._exercise_key(an_exercise(), "another seed"), "the seed counts by what it made"
    assert key != results._exercise_key(an_exercise(**changed), "seed")


def test_what_cannot_be_packed_makes_every_line_of_the_course_and_the_seed_count(monkeypatch):
    odd = an_exercise(kept=object())
    keys = {results._exercise_key(odd, "seed"), results._exercise_key(odd, "seed"), results._exercise_key(odd, "other")}
    assert len(keys) == 2
    monkeypatch.setattr(results, "installed", lambda: "another version")
    assert results._exercise_key(odd, "seed") not in keys


def test_a_notebook_is_known_by_its_cells_its_files_and_its_place():
    def key(source="x = 1", files=None, device="cpu", **metadata):
        cell = {"cell_type": "code", "source": source, "id": "a", "outputs": [], "metadata": metadata}
        plain = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": [cell]}
        nb = submission.read(json.dumps(plain).encode())
        return results.notebook_key(submission.job(nb, STEM, "seed", files), device)

    assert key() == key(tags=["skip-execution"], autograder={"report": {}})
    others = [
        {"source": "x = 2"},
        {"files": {"a": b"1"}},
        {"files": {"a": b"2"}},
        {"files": {"b": b"1"}},
        {"device": "cuda"},
    ]
    assert len({key(), *(key(**other) for other in others)}) == 1 + len(others)


def test_the_sandbox_and_coursekit_are_part_of_what_a_notebook_is_known_by(tmp_path, monkeypatch):
    """But the cases of another chapter are not."""
    monkeypatch.setattr(results, "ROOT", tmp_path)
    files = ["autograder/sandbox/shell.py", "coursekit/plot.py", f"coursekit/cases/{STEM}.py"]
    for name in [*files, "coursekit/cases/other.py"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()

    def environment():
        results._environment.cache_clear()
        results._sources.cache_clear()
        return results._environment(STEM)

    seen = [environment()]
    (tmp_path / "coursekit/cases/other.py").write_text("changed")
    assert environment() == seen[0]
    for name in files:
        (tmp_path / name).write_text("changed")
        seen.append(environment())
    assert len(set(seen)) == len(files) + 1
    results._environment.cache_clear()
    results._sources.cache_clear()


def test_the_device_is_the_one_that_coursekit_gives():
    import coursekit

    assert results.device() == str(coursekit.device())


def test_the_seed_is_drawn_once_and_is_the_owners_alone(tmp_path):
    seed = results.secret_seed(tmp_path, STEM)
    assert len(seed) == 32
    assert results.secret_seed(tmp_path, STEM) == seed
    assert results.secret_seed(tmp_path, "other") != seed
    assert results.secret_seed(tmp_path, STEM) == seed, "another assignment's seed must not replace it"
    path = tmp_path / results.PRIVATE / "seeds.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_private_file_is_whole_or_not_there(tmp_path, monkeypatch):
    path = tmp_path / "seeds.json"
    results.write_private(path, "first")

    def fail(*args):
        raise OSError("no disk")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no disk"):
        results.write_private(path, "second")
    assert path.read_text() == "first"
    assert [p.name for p in tmp_path.iterdir()] == ["seeds.json"]


def test_our_own_failure_is_undecided_and_not_kept(tmp_path, monkeypatch):
    def fail(job):
        raise RuntimeError("a rubric with a bug")

    monkeypatch.setattr(results.referee, "run", fail)
    job = submission.job(nbformat.v4.new_notebook(), STEM, "seed")
    report = Results(tmp_path, STEM, "seed", "cpu").of(job).report
    assert report.undecided == [r.id for r in rubric.load(STEM).values()]
    assert report.points == 0
    assert {e.points for e in report.exercises.values()} == {None}
    assert "a rubric with a bug" in next(iter(report.exercises.values())).note
    assert not list(tmp_path.rglob("results/*"))


def test_half_a_character_is_kept_as_a_question_mark(tmp_path, monkeypatch):
    """Student code can say what no file can hold; in a worker, or here."""
    output = {"output_type": "stream", "name": "stdout", "text": "\ud800 half"}
    exercises = {id: without_verdict(Exercise(id, id, "", 1.0, 0), PASSED, "\udfff") for id in EXERCISES}
    monkeypatch.setattr(results.referee, "run", lambda job: Report("f", "seed", exercises, True, ([output],)))
    result = kept_in(tmp_path).of(JOB)
    assert result.outputs[0][0]["text"] == "? half"
    assert {e.note for e in result.report.exercises.values()} == {"?"}
    answer = json.dumps({"report": {**result.report.as_dict(), "seed": "\ud800"}}).encode()
    assert workers._plain(answer)["report"]["seed"] == "?"


@pytest.mark.parametrize("spoiled", [None, "", '{"perc', "[]", '{"perceptron": 3}'])
def test_a_lost_seed_is_that_of_what_is_graded(graded_class, tmp_path, spoiled):
    shutil.copytree(graded_class.root / "autograded", tmp_path / "autograded")
    if spoiled is not None:
        (tmp_path / results.PRIVATE).mkdir()
        (tmp_path / results.PRIVATE / "seeds.json").write_text(spoiled)
    assert results.secret_seed(tmp_path, STEM) == results.secret_seed(graded_class.root, STEM)
    assert len(results.secret_seed(tmp_path, "other")) == 32
    aside = [p.read_text() for p in (tmp_path / results.PRIVATE).glob("seeds.broken-*.json")]
    assert aside == ([] if spoiled is None else [spoiled])
