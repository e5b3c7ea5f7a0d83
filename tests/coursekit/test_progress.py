"""Progress: the student's own file, which nothing may lose and no check may trip over."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coursekit import progress, recorded
from coursekit.exercise import Exercise
from coursekit.progress import path, record


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_PROGRESS", str(tmp_path / "progress.json"))
    return tmp_path / "progress.json"


def kept(file):
    return json.loads(file.read_text(encoding="utf-8"))["exercises"]


# Where


def test_in_a_course_it_stands_in_work(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSEKIT_PROGRESS")
    for folder in ("work/perceptron", "exercises/perceptron"):
        (tmp_path / folder).mkdir(parents=True)
    for folder in (".", "work", "work/perceptron", "exercises/perceptron"):
        monkeypatch.chdir(tmp_path / folder)
        assert path() == tmp_path / "work" / "progress.json"


def test_alone_it_stands_in_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSEKIT_PROGRESS")
    (tmp_path / "work" / "mine").mkdir(parents=True)  # a folder called work is not yet a course
    monkeypatch.chdir(tmp_path / "work" / "mine")
    assert path() == tmp_path / "work" / "mine" / "progress.json"


def test_the_environment_names_another_place(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COURSEKIT_PROGRESS", "~/far/away.json")
    assert record("a.b", True, 1.0) is None
    assert list(kept(tmp_path / "far" / "away.json")) == ["a.b"]


# Keeping


def test_a_check_is_kept(file):
    assert record("perceptron.margin", passed=False, points_fraction=0.5) is None
    entry = kept(file)["perceptron.margin"]
    assert entry == {"tries": 1, "best": 0.5}
    record("perceptron.margin", passed=True, points_fraction=1.0)
    entry = kept(file)["perceptron.margin"]
    assert (entry["tries"], entry["best"]) == (2, 1.0)
    assert entry["passed"].endswith("+00:00")


def test_passed_once_is_passed(file):
    once = {"tries": 1, "best": 1.0, "passed": "2020-02-02T20:20:20+00:00"}
    file.write_text(json.dumps({"exercises": {"a.b": once}}))
    record("a.b", False, 0.0)
    record("a.b", True, 1.0)
    assert kept(file)["a.b"] == {**once, "tries": 3}


def test_exercises_do_not_disturb_each_other(file):
    record("a.b", True, 1.0)
    record("a.c", False, 0.2)
    assert kept(file)["a.b"]["best"] == 1.0
    assert kept(file)["a.c"]["best"] == 0.2


def test_what_a_later_version_adds_is_left_alone(file):
    file.write_text(json.dumps({"exercises": {"x.y": {"badge": "gold"}}, "later": [1]}))
    record("x.y", True, 1.0)
    assert json.loads(file.read_text())["later"] == [1]
    assert kept(file)["x.y"]["badge"] == "gold"


def test_a_share_beyond_its_bounds_is_cut(file):
    record("a.b", False, 7.0)
    record("a.c", False, -1)
    assert (kept(file)["a.b"]["best"], kept(file)["a.c"]["best"]) == (1.0, 0.0)


BROKEN = [
    b"",
    b'{"exercises": {"a.b": {"tr',
    b"\xff\xfe\x00 not text",
    b"[]",
    b'{"exercises": []}',
    b'{"exercises": {"a.b": 3}}',
    b'{"exercises": {"a.b": {"tries": "many"}}}',
    b'{"exercises": {"a.b": {"best": null}}}',
    b'{"other": 1}',
]


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_file_is_put_aside_whole(file, content):
    file.write_bytes(content)
    note = record("a.b", True, 1.0)
    assert "kept as progress.broken-1.json" in note
    assert file.with_name("progress.broken-1.json").read_bytes() == content
    assert list(kept(file)) == ["a.b"]
    assert record("a.b", True, 1.0) is None


def test_a_second_broken_file_does_not_replace_the_first(file):
    for content in BROKEN[:3]:
        file.write_bytes(content)
        record("a.b", True, 1.0)
    aside = sorted(file.parent.glob("progress.broken-*.json"))
    assert [each.read_bytes() for each in aside] == BROKEN[:3]


def test_a_place_that_cannot_be_written_is_said_and_not_raised(tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("COURSEKIT_PROGRESS", str(tmp_path / "a file" / "progress.json"))
    assert "could not be kept" in record("a.b", True, 1.0)


@pytest.mark.parametrize("fraction", ["much", None, object()])
def test_nothing_that_a_check_passes_makes_it_raise(file, fraction):
    record("a.a", True, 1.0)
    assert "could not be kept" in record("a.b", True, fraction)
    assert list(kept(file)) == ["a.a"]


def test_many_notebooks_at_once_all_count(file):
    """Four processes write at the same time while this one reads: no try is lost, and no reader sees half a file."""
    writer = (
        "from coursekit.progress import record\nfor k in range(25): assert record(f'a.b{k % 3}', False, k / 25) is None"
    )
    writers = [subprocess.Popen([sys.executable, "-c", writer]) for _ in range(4)]
    reads = 0
    while any(process.poll() is None for process in writers):
        if file.exists():
            assert isinstance(kept(file), dict)
            reads += 1
        time.sleep(0.001)
    assert [process.returncode for process in writers] == [0, 0, 0, 0]
    assert reads > 0
    assert sum(entry["tries"] for entry in kept(file).values()) == 100
    assert [each.name for each in file.parent.iterdir() if not each.name.startswith(".")] == ["progress.json"]


def test_a_write_that_is_cut_short_leaves_the_old_file(file, monkeypatch):
    record("a.b", True, 1.0)
    before = file.read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(json, "dump", full)
    assert "No space left" in record("a.c", True, 1.0)
    assert file.read_bytes() == before
    assert not list(file.parent.glob(".progress.json.*[!k]"))  # no draft stays behind, only the lock


# The map


def exercise(id, points):
    return Exercise(id=id, title=id, returns="", points=points, minutes=5)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Two chapters as a release records them."""
    folder = tmp_path / "cases"
    folder.mkdir()
    first = [exercise("perceptron.neuron", 2), exercise("perceptron.margin", 4), exercise("perceptron.averaged", 0)]
    (folder / "perceptron.safetensors").write_bytes(recorded.pack(first, {}))
    (folder / "linear_models.safetensors").write_bytes(recorded.pack([exercise("linear_models.predict", 3)], {}))
    monkeypatch.setattr(recorded, "FOLDER", folder)
    monkeypatch.setenv("COLUMNS", "100")
    return folder


def shown(capsys):
    progress()
    return capsys.readouterr().out


def line(text, start):
    return next(each for each in text.splitlines() if each.startswith(start))


def test_the_map_shows_every_known_exercise(course, capsys):
    text = shown(capsys)
    assert line(text, "perceptron").split() == ["perceptron", "○", "neuron", "○", "margin", "☆", "averaged", "0/6"]
    assert line(text, "linear models").split()[-1] == "0/3"


def test_the_map_shows_what_is_green(course, capsys):
    record("perceptron.neuron", True, 1.0)
    record("perceptron.margin", False, 0.5)
    record("perceptron.averaged", True, 1.0)
    text = shown(capsys)
    assert line(text, "perceptron").split() == ["perceptron", "●", "neuron", "◐", "margin", "★", "averaged", "4/6"]


def test_an_exercise_that_failed_everywhere_is_not_yet(course, capsys):
    record("perceptron.neuron", False, 0.0)
    assert "○ neuron" in shown(capsys)


def test_in_a_narrow_terminal_a_mark_stays_with_its_name(course, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    text = shown(capsys)
    assert all(f"{mark} {name}" in text for mark, name in zip("○○☆○", ["neuron", "margin", "averaged", "predict"]))


def test_in_a_wide_terminal_the_points_stay_in_sight(course, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    heading = next(line for line in shown(capsys).splitlines() if "points" in line)
    assert len(heading) <= 80


def test_the_map_says_where_the_file_is(course, capsys, file):
    assert str(file) in shown(capsys)


def test_looking_changes_nothing(course, capsys, file):
    shown(capsys)
    assert not file.exists()
    file.write_bytes(BROKEN[1])
    assert "not readable as progress" in shown(capsys)
    assert file.read_bytes() == BROKEN[1]


def test_the_map_tells_of_a_file_put_aside(course, capsys, file):
    file.write_bytes(BROKEN[1])
    record("perceptron.neuron", True, 1.0)
    text = shown(capsys)
    assert "● neuron" in text
    assert "progress.broken-1.json" in text


def test_one_broken_recording_does_not_hide_the_others(course, capsys):
    (course / "broken.safetensors").write_bytes(b"nothing")
    text = shown(capsys)
    assert "○ neuron" in text
    assert "recorded exercises of broken cannot be read" in text


def test_before_the_first_release_there_is_a_sentence(course, capsys):
    for each in course.iterdir():
        each.unlink()
    assert "no exercises here yet" in shown(capsys)


def test_the_map_in_a_notebook_is_html(course, tmp_path):
    import nbclient
    import nbformat

    cell = f"""
from pathlib import Path
from coursekit import progress, recorded
recorded.FOLDER = Path({str(course)!r})
progress()
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    nbclient.execute(notebook, cwd=str(tmp_path), timeout=60)
    html = "".join(output.data.get("text/html", "") for output in notebook.cells[0].outputs)
    assert "neuron" in html
    assert "linear models" in html


def test_the_file_says_whose_it_is(file):
    record("a.b", True, 1.0)
    assert "It is yours" in json.loads(file.read_text(encoding="utf-8"))["about"]
    assert Path(file).read_text(encoding="utf-8").endswith("\n")
