"""The check under an exercise, as a student meets it."""

import subprocess
import sys
import time

import pytest
import torch

from coursekit import check, recorded
from coursekit.check import CheckFailed, as_html, as_text, run


def neuron(x, w, b):
    return torch.where(x @ w + b >= 0, 1.0, -1.0)


def silent_on_the_line(x, w, b):
    return torch.where(x @ w + b > 0, 1.0, -1.0)


def endless(x, w, b):
    while True:
        time.sleep(0.01)


def test_a_right_answer_is_told_so_case_by_case(capsys):
    check("perceptron.neuron", neuron)
    said = capsys.readouterr().out
    for case in recorded.exercise("perceptron.neuron").cases:
        assert case.name in said
    assert "Every case passes." in said


def test_a_wrong_answer_raises_at_the_end_and_shows_the_smallest_example(capsys):
    with pytest.raises(CheckFailed, match=r"1 of 5 cases failed\. a point exactly on the line: First differs"):
        check("perceptron.neuron", silent_on_the_line)
    said = " ".join(capsys.readouterr().out.split())
    assert "a point exactly on the line: First differs" in said
    assert "wanted: [" in said
    assert said.index("A question") < said.index("A hint, if you want it")


def test_while_autograding_it_does_not_raise(monkeypatch, capsys):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    check("perceptron.neuron", silent_on_the_line)
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    with pytest.raises(CheckFailed):
        check("perceptron.neuron", silent_on_the_line)


@pytest.fixture
def in_a_notebook(monkeypatch):
    """As in a notebook; gives the list of what is shown."""
    shown = []
    monkeypatch.setattr("IPython.get_ipython", lambda: True)
    monkeypatch.setattr("IPython.display.display", lambda content, raw: shown.append(content["text/html"]))
    return shown


def test_in_a_notebook_a_failure_does_not_end_run_all_unless_it_never_ends(in_a_notebook, monkeypatch):
    check("perceptron.neuron", silent_on_the_line)
    assert "4 of 5 cases pass" in in_a_notebook[0]
    with pytest.raises(CheckFailed):
        check("perceptron.neuron", endless)
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    with pytest.raises(CheckFailed):
        check("perceptron.neuron", silent_on_the_line)


def test_a_failed_check_says_where_to_read_what_was_printed():
    def talkative(x, w, b):
        print("scores", x @ w + b)
        return silent_on_the_line(x, w, b)

    for show in as_text, as_html:
        assert "prints is not shown here" in show(run("perceptron.neuron", talkative))
        assert "prints is not shown here" not in show(run("perceptron.neuron", silent_on_the_line))


def test_the_error_takes_a_few_short_lines_in_a_notebook():
    with pytest.raises(CheckFailed) as caught:
        check("perceptron.neuron", None)
    lines = caught.value._render_traceback_()
    assert lines[0].startswith("CheckFailed: perceptron.neuron: 5 of 5")
    assert all(len(line) <= 90 for line in lines)


def test_an_unknown_exercise_is_answered_with_the_names_there_are():
    with pytest.raises(LookupError, match=r"'perceptron\.neurn'; perceptron has perceptron\.neuron, "):
        check("perceptron.neurn", neuron)
    with pytest.raises(LookupError, match=r"no exercises called 'perceptrn'; there are: .*perceptron"):
        check("perceptrn.neuron", neuron)


def test_swapped_arguments_are_told_apart():
    with pytest.raises(TypeError, match="the exercise comes first, in quotes"):
        check(len, "perceptron.neuron")


def test_html_folds_the_hint_and_escapes_what_students_write():
    text = as_html(run("perceptron.neuron", silent_on_the_line))
    question, folded = text.split("<details>")
    assert "comparison is" not in question
    assert "comparison is" in folded

    def nasty(x, w, b):
        raise ValueError("<script>alert(1)</script>")

    text = as_html(run("perceptron.neuron", nasty))
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_the_section_is_a_link_where_the_book_is_served_beside(monkeypatch):
    result = run("perceptron.neuron", silent_on_the_line)
    assert "href" not in as_html(result)
    assert "“A neuron” in the chapter perceptron" in as_text(result)
    monkeypatch.setenv("COURSEKIT_BOOK", "/book/book")
    assert "href='/book/book/perceptron.html#perceptron-neuron'" in as_html(result)


def test_it_notes_progress(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSEKIT_PROGRESS", str(tmp_path / "mine.json"))
    check("perceptron.neuron", neuron)
    assert '"perceptron.neuron"' in (tmp_path / "mine.json").read_text()


def test_progress_that_cannot_be_kept_is_said_and_costs_nothing(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("COURSEKIT_PROGRESS", str(tmp_path / "file" / "mine.json"))
    check("perceptron.neuron", neuron)
    assert "Your progress could not be kept" in capsys.readouterr().out


def test_an_endless_loop_ends_in_a_sentence(capsys):
    recorded_exercise = recorded.exercise("perceptron.neuron")
    assert recorded_exercise.seconds <= 5
    with pytest.raises(CheckFailed):
        check("perceptron.neuron", endless)
    assert "did not end within" in capsys.readouterr().out


def test_every_public_check_is_made_of_data_alone():
    """No reference, no rubric: with `autograder` forbidden, the recorded cases still judge."""
    program = """
import sys
sys.modules["autograder"] = None
from coursekit import recorded
from coursekit.check import run
for stem in recorded.stems():
    for e in recorded.exercises(stem):
        assert not run(e.id, lambda *given: 0).passed
print("judged")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "judged\n", done.stderr


def test_an_answer_that_no_mistake_explains_still_gets_a_question():
    text = as_text(run("perceptron.margin", lambda x, y, w, b: torch.tensor(123.0)))
    assert "A question: Do the case above by hand" in text
    first_off = [
        torch.tensor([[-1.0, 0], [0, 1]]),
        torch.tensor([0.5, -0.5]),
        torch.tensor([1.0, 0]),
        torch.tensor(-0.5),
    ]
    judged_by_result = as_text(run("perceptron.xor_network", lambda: first_off))
    assert "A question: What happens on the way?" in judged_by_result
    stub = as_text(run("perceptron.neuron", lambda x, w, b: None))
    assert "A question" not in stub


def test_an_error_tells_its_line():
    def broken(x, w, b):
        y = x @ w
        return y.no_such_thing

    assert "(line " in as_text(run("perceptron.neuron", broken))
    assert "return y.no_such_thing)" in as_text(run("perceptron.neuron", broken))


def test_what_is_left_to_a_default_is_said():
    text = as_text(run("perceptron.train_perceptron", lambda x, y, max_epochs=1: (x[0], y[0], 1)))
    cases = recorded.exercise("perceptron.train_perceptron").cases
    assert any(len(c.given) == 2 for c in cases)
    assert "max_epochs = 100 (not given: the default)" in text or "max_epochs = " in text


def test_code_in_sentences_is_set_as_code():
    text = as_html(run("perceptron.neuron", silent_on_the_line))
    assert "<code>&gt;= 0</code>" in text
    assert "`" not in text
