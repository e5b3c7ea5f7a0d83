"""A stock nbgrader, without our configuration: honest students get the same points, in process."""

import math
import shutil

import pytest
from classroom import STEM
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from traitlets.config import Config

from autograder import grade, rubric
from autograder.inprocess import WARNING

RUBRICS = list(rubric.load(STEM).values())


@pytest.mark.parametrize("r", RUBRICS, ids=lambda r: r.id)
def test_right_answers_get_all_points_and_mistakes_less(r, capsys):
    assert grade(r.id, r.reference) == r.points
    said = capsys.readouterr()
    assert "Every case passes." in said.out
    assert WARNING in said.out
    for mistake, implementation in r.mistakes.items():
        points = grade(r.id, implementation)
        assert type(points) is float
        assert points < r.points or r.about.stretch, mistake.name
        assert mistake.hint in capsys.readouterr().out


def test_what_student_code_writes_to_stderr_costs_nothing(capsys):
    import sys

    def noisy(x, w, b):
        print("a warning", file=sys.stderr)
        return rubric.find("perceptron.neuron").reference(x, w, b)

    assert grade("perceptron.neuron", noisy) == 2
    assert capsys.readouterr().err == ""


def test_an_unknown_exercise_is_named():
    with pytest.raises(LookupError, match=r"perceptron\.neurone"):
        grade("perceptron.neurone", None)


def test_stock_nbgrader_gives_honest_students_the_same_points(graded_class, tmp_path):
    students = [graded_class.of_kind(kind) for kind in ("model answers", "mixed", "blank", "prints")]

    shutil.copytree(graded_class.root / "solutions", tmp_path / "solutions")
    for student in students:
        shutil.copytree(graded_class.root / "submitted" / student, tmp_path / "submitted" / student)
    config = Config()
    config.CourseDirectory.root = str(tmp_path)
    config.CourseDirectory.source_directory = "solutions"
    config.CourseDirectory.release_directory = "exercises"
    config.CourseDirectory.db_url = f"sqlite:///{tmp_path / 'gradebook.db'}"
    config.Execute.timeout = 120
    api = NbGraderAPI(config=config)
    answer = api.generate_assignment(STEM)
    assert answer["success"], answer["error"]

    ours = graded_class.marks()
    for student in students:
        answer = api.autograde(STEM, student)
        assert answer["success"], answer["error"]
        with Gradebook(config.CourseDirectory.db_url) as gradebook:
            grades = gradebook.find_submission(STEM, student).notebooks[0].grades
            stock = {g.name: g.auto_score for g in grades}
        for name, (points, _) in ours[student].items():
            assert math.isclose(stock[name], points), (student, name)
