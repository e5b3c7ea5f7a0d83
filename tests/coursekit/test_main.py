"""The command `coursekit`."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

import coursekit
from coursekit.__main__ import main


def run(*arguments):
    return CliRunner().invoke(main, arguments)


def test_help_says_what_it_is_for():
    result = run("--help")
    assert result.exit_code == 0
    assert "coursekit progress" in result.output


def test_the_version_is_that_of_the_package():
    assert run("--version").output.split()[-1] == coursekit.__version__


def test_progress_shows_the_map(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_PROGRESS", str(tmp_path / "mine.json"))
    result = run("progress")
    assert result.exit_code == 0
    assert "mine.json" in result.output


def test_an_unknown_command_is_refused():
    assert run("cheat").exit_code == 2


@pytest.mark.parametrize("arguments", [["--help"], ["progress"]])
def test_it_runs_as_a_module(tmp_path, arguments):
    result = subprocess.run(
        [sys.executable, "-m", "coursekit", *arguments], cwd=tmp_path, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout
    assert not result.stderr
