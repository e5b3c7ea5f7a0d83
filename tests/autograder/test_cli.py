"""The command line: what each command says and how it ends."""

import json
import shutil
import subprocess
import sys

import pytest
from classroom import STEM
from click.testing import CliRunner

from autograder import cli, results, rubric, workers
from coursekit import progress as _  # noqa: F401  (the function; the module is reached by its own name)


@pytest.fixture
def run(classroom, monkeypatch):
    """Run a command in the class's course; gives click's result."""
    monkeypatch.chdir(classroom.root)
    monkeypatch.setenv("COURSEKIT_PROGRESS", str(classroom.root / "progress.json"))
    return lambda *arguments: CliRunner().invoke(cli.main, [str(a) for a in arguments])


@pytest.mark.parametrize("command", [[], *[[name] for name in sorted(cli.main.commands)]])
def test_help_is_quick_because_it_loads_nothing_heavy(command):
    code = (
        "import sys\nfrom autograder.cli import main\n"
        f"try:\n    main({[*command, '--help']!r})\n"
        "finally:\n    print('heavy:', sorted({'torch', 'numpy', 'nbgrader', 'nbformat', 'rich', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("heavy: []")
    if command:
        assert "Examples:" in done.stdout
        assert f"autograder {command[0]}" in done.stdout.partition("Examples:")[2]


def test_json_has_the_promised_shape(run, classroom):
    student = classroom.of_kind("mixed")
    done = run("grade", classroom.submission(student), "--json", "--seed", results.secret_seed(classroom.root, STEM))
    assert done.exit_code == 0
    plain = json.loads(done.stdout)
    assert set(plain) == {"exercises", "points", "max_points", "seed"}
    expected = classroom.students[student]["exercises"]
    assert list(plain["exercises"]) == list(expected) == [r.id for r in rubric.load(STEM).values()]
    for id, exercise in plain["exercises"].items():
        assert set(exercise) == {"points", "max_points", "outcome", "mistake", "feedback"}
        assert exercise["points"] == expected[id]["points"]
        assert exercise["outcome"] == expected[id]["outcome"]
        assert exercise["mistake"] == (expected[id]["name"] if expected[id]["kind"] == "mistake" else None)
        assert exercise["feedback"]
    assert plain["points"] == classroom.students[student]["points"]
    assert plain["max_points"] == 22


def test_the_report_card_and_its_page(run, classroom):
    path = classroom.submission(classroom.of_kind("blank"))
    done = run("grade", path, "--html")
    assert done.exit_code == 0
    assert "0 of 22 points" in done.stdout
    assert "It is still the stub" in done.stdout
    assert "One neuron" in path.with_suffix(".report.html").read_text(encoding="utf-8")


def test_several_notebooks_and_one_that_is_none(run, classroom, tmp_path):
    broken = tmp_path / "broken.ipynb"
    broken.write_text("{")
    path = classroom.submission(classroom.of_kind("blank"))
    done = run("grade", broken, path, tmp_path / "missing.ipynb", "--json")
    assert done.exit_code == 2
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["points"] == 0
    assert "broken.ipynb: It is not a notebook" in done.stderr
    assert "There is no file" in done.stderr


def test_an_undecided_exercise_ends_with_1(run, classroom, monkeypatch):
    monkeypatch.setattr(results.referee, "run", lambda job: 1 / 0)
    done = run("grade", classroom.submission("ada"), "--json")
    assert done.exit_code == 1
    assert {e["outcome"] for e in json.loads(done.stdout)["exercises"].values()} == {"undecided"}
    assert {e["points"] for e in json.loads(done.stdout)["exercises"].values()} == {None}


def test_grading_everyone_says_who_needs_a_person(run, classroom):
    classroom.keep_only("ada", "alan", "bernard")
    classroom.submission("alan").write_text("nonsense")
    classroom.submission("bernard").unlink()
    done = run("grade", "--assignment", STEM, "--unconfined")
    assert done.exit_code == 1
    assert "2 students of perceptron are in the gradebook" in done.stdout
    assert "alan: Your notebook could not be graded." in done.stdout
    assert "bernard: There is no perceptron.ipynb" in done.stdout
    assert "Traceback" not in done.output


def test_grading_everyone_ends_with_0_when_all_is_decided(run, classroom):
    done = run("grade", "--assignment", STEM, "--unconfined")
    assert done.exit_code == 0, done.output
    assert f"{len(classroom.students)} students of perceptron are in the gradebook; 0 recorded now" in done.stdout


def test_it_warms_up_at_once_only_if_somebody_is_new(run, classroom, monkeypatch):
    begun = []

    class Warm(workers.Warm):
        def __init__(self):
            begun.append(self)
            super().__init__()

    monkeypatch.setattr(workers, "Warm", Warm)
    folder = classroom.submission("ada").parent
    shutil.copytree(folder, folder.parent.parent / "newcomer" / STEM)
    for _time in range(2):  # the second time nothing has to be judged
        assert run("grade", "--assignment", STEM, "--workers", "1", "--unconfined").exit_code == 0
        assert len(begun) == 1
    assert begun[0].students.process.returncode is not None, "it is gone"


def test_feedback_report_and_export_write_their_files(run, classroom):
    done = run("feedback", STEM, "--student", "ada", "--student", "alan")
    assert done.exit_code == 0, done.output
    assert len(list((classroom.root / "feedback").rglob("*.html"))) == 2
    done = run("report", STEM)
    assert done.exit_code == 0, done.output
    page = classroom.root / ".autograder" / f"report-{STEM}.html"
    assert page.stat().st_mode & 0o077 == 0, "it names students"
    done = run("export", STEM, "--to", "canvas")
    assert done.exit_code == 0, done.output
    assert (classroom.root / "canvas.csv").exists()
    assert "14 students with a mark" in done.stdout


def test_a_chapter_left_out_means_every_released_one(run, classroom):
    assert run("export", "--to", "moodle").exit_code == 0
    assert (classroom.root / "moodle.csv").read_text().count("Assignment: Perceptron (Real)") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["grade"], "Which notebook?"),
        (["grade", "x.ipynb", "--assignment", STEM], "not both"),
        (
            ["grade", "--assignment", "nonsense"],
            f"There is no chapter 'nonsense'; there are: {', '.join(rubric.stems())}.",
        ),
        (["grade", "--assignment", STEM, "--student", "zoe"], "Zoe has not handed in perceptron."),
        (
            ["feedback", STEM, "--student", "zoe"],
            "zoe is not graded yet; run `autograder grade --assignment perceptron`",
        ),
        (["report", "nonsense"], "There is no chapter 'nonsense'"),
        (["export", "nonsense", "--to", "canvas"], "There is no chapter 'nonsense'"),
        (["export", STEM, "--to", "canvas", "--name", "a", "--name", "b"], "once for each STEM"),
        (["simulate", "nonsense"], "There is no chapter 'nonsense'"),
        (["solution", "nonsense"], "There is no rubric for 'nonsense'"),
        (["solution", f"{STEM}.nonsense"], "There is no exercise 'perceptron.nonsense'"),
        (["release", "nonsense"], "There is no solutions/nonsense"),
    ],
)
def test_what_is_wrong_is_a_sentence(run, arguments, words):
    done = run(*arguments)
    assert done.exit_code == 2
    assert words in done.stderr
    assert "Traceback" not in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)


@pytest.mark.parametrize("where", ["autograder.cli._course", "autograder.grading.everyone"])
def test_whoever_stops_it_early_or_late_is_told_that_it_carries_on(run, classroom, monkeypatch, where):
    def stopped(*anything, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(where, stopped)
    done = run("grade", "--assignment", STEM)
    assert done.exit_code == 130
    assert "Stopped. What is graded is kept" in done.stderr


def test_a_folder_that_may_not_be_written_into_is_named(run, classroom, monkeypatch):
    def refused(*anything):
        raise PermissionError(13, "Permission denied", "/course/.release-1")

    monkeypatch.setattr("autograder.release.release", refused)
    done = run("release", "perceptron")
    assert done.exit_code == 2
    assert done.stderr.startswith("Error: /course/.release-1: Permission denied.")


def test_outside_a_course_it_says_where_to_go(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(cli.main, ["report", STEM])
    assert done.exit_code == 2
    assert "go to the course's folder" in done.stderr


def test_below_the_courses_folder_it_is_found(run, classroom, monkeypatch):
    monkeypatch.chdir(classroom.root / "submitted")
    assert run("report", STEM).exit_code == 0


def test_nobody_has_handed_in(run, classroom):
    classroom.keep_only()
    done = run("grade", "--assignment", STEM, "--unconfined")
    assert done.exit_code == 2
    assert "submitted/<student>/perceptron/perceptron.ipynb" in done.stderr


def test_before_a_release_it_says_so(run, classroom):
    (classroom.root / "gradebook.db").unlink()
    done = run("grade", "--assignment", STEM, "--unconfined")
    assert done.exit_code == 2
    assert "run `autograder release perceptron`" in done.stderr


def test_a_model_answer_comes_after_a_pass_or_on_request(run, classroom):
    id = next(iter(rubric.load(STEM).values())).id
    done = run("solution", id)
    assert done.exit_code == 0
    assert "def " not in done.stdout
    assert "your check has not passed yet" in done.stderr
    assert "def neuron" in run("solution", id, "--yes").stdout
    (classroom.root / "progress.json").write_text(
        json.dumps({"exercises": {id: {"passed": "2026-01-01T00:00:00+00:00"}}})
    )
    assert "def neuron" in run("solution", id).stdout
    everything = run("solution", STEM).stdout
    assert everything.count("def ") == 1, "the others have not passed"


def test_simulate_then_grade_in_a_real_shell(classroom):
    """As an instructor types it, from the first command to the last."""
    classroom.keep_only()
    program = [sys.executable, "-m", "autograder.cli"]
    for arguments, code in [
        (["simulate", STEM, "--students", "2"], 0),
        (["grade", "--assignment", STEM, "--unconfined"], 0),
        (["feedback", STEM], 0),
        (["report", STEM], 0),
        (["export", STEM, "--to", "canvas"], 0),
    ]:
        done = subprocess.run([*program, *arguments], cwd=classroom.root, capture_output=True, text=True)
        assert done.returncode == code, done.stderr
    text = (classroom.root / "canvas.csv").read_text(encoding="utf-8")
    assert "ada,,,ada,,22" in text
    assert "alan,,,alan,,0" in text
