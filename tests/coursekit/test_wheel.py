"""The student's wheel alone: installed in an empty environment, it runs a released exercise.

The environment sees the standard library, the installed wheel, and the distributions that the wheel's own metadata
declares, with theirs: linked, not downloaded again. Nothing else of this machine's packages, and nothing of this
repository, can be imported there. The notebook's kernel comes, as it does for a student, with Jupyter; what coursekit
itself needs is tried without.
"""

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import nbclient
import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The path of the wheel, built from a copy of what git would commit, so that nothing ignored slips in."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    listed = [
        "git",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "coursekit",
        "pyproject.toml",
        "LICENSE",
    ]
    for name in subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    built = subprocess.run(build, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    (made,) = folder.glob("*.whl")
    return made


class Environment:
    """An environment with the wheel and with what it, or somebody else, declares."""

    def __init__(self, folder, wheel):
        venv.create(folder, with_pip=False)
        self.python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        self.home = folder / "home"
        self.home.mkdir()
        install = [
            "-m",
            "pip",
            "--python",
            str(self.python),
            "install",
            "--no-deps",
            "--no-index",
            "--quiet",
            str(wheel),
        ]
        subprocess.run([sys.executable, *install], check=True)
        where = "import sysconfig; print(sysconfig.get_path('purelib'))"
        self.packages = Path(self.run(where).stdout.strip())
        (metadata,) = self.packages.glob("coursekit-*.dist-info/METADATA")
        self.declared = [
            line.removeprefix("Requires-Dist:").strip()
            for line in metadata.read_text(encoding="utf-8").splitlines()
            if line.startswith("Requires-Dist:")
        ]
        self.add(self.declared)

    def add(self, requirements):
        """Make the distributions that meet `requirements`, and all that these require, visible."""
        for name in closure(requirements):
            found = distribution(name)
            for top in {file.parts[0] for file in found.files if file.parts[0] not in ("..", "__pycache__")}:
                if not (self.packages / top).exists():
                    (self.packages / top).symlink_to(Path(found.locate_file(top)).resolve())

    @property
    def variables(self):
        kept = {key: os.environ[key] for key in ("PATH", "SYSTEMROOT", "LANG", "TMPDIR") if key in os.environ}
        return {**kept, "HOME": str(self.home), "MPLBACKEND": "agg", "NO_PROXY": "127.0.0.1", "OMP_NUM_THREADS": "1"}

    def run(self, code, **options):
        command = [str(self.python), "-c", code]
        return subprocess.run(
            command, cwd=self.home, env=self.variables, capture_output=True, text=True, timeout=120, **options
        )


def closure(requirements):
    """The names of the distributions that `requirements` ask for on this machine, and all that these ask for."""
    seen, waiting = set(), [(Requirement(text), "") for text in requirements]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        found = distribution(name)
        assert requirement.specifier.contains(found.version, prereleases=True), f"{requirement} has {found.version}"
        for extra in (*requirement.extras, ""):
            if (name, extra) not in seen:
                seen.add((name, extra))
                waiting += [(Requirement(text), extra) for text in found.requires or []]
    return {name for name, _ in seen}


@pytest.fixture(scope="module")
def student(tmp_path_factory, wheel):
    return Environment(tmp_path_factory.mktemp("student"), wheel)


# What is in it


def test_the_wheel_holds_coursekit_whole_and_nothing_else(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    ours = {name for name in inside if not name.startswith("coursekit-")}
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "coursekit"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    assert ours == {name for name in names if name and (ROOT / name).is_file()}
    assert {name.split("/")[0] for name in inside - ours} == {f"coursekit-{wheel.name.split('-')[1]}.dist-info"}


def test_the_wheel_knows_nothing_of_answers(wheel):
    archive = zipfile.ZipFile(wheel)
    for name in archive.namelist():
        assert "autograder" not in name
        if name.endswith(".py"):
            lines = archive.read(name).decode("utf-8").splitlines()
            imports = [line for line in lines if line.lstrip().startswith(("import ", "from "))]
            assert not [line for line in imports if "autograder" in line], name


def test_the_environment_is_empty_but_for_what_is_declared(student):
    """The proof that the tests below prove something."""
    find = "from importlib.util import find_spec\nprint([n for n in {!r} if find_spec(n)])"
    absent = ["autograder", "nbgrader", "pytest", "ipykernel", "hypothesis", "jupyterlab", "pip"]
    assert student.run(find.format(absent)).stdout.strip() == "[]"
    assert "coursekit" in student.run(find.format(["coursekit", "torch"])).stdout
    assert str(ROOT) not in student.run("import coursekit, sys; print(coursekit.__file__, sys.path)").stdout


# What it can do with what it declares


@pytest.mark.parametrize(
    "code",
    [
        "from coursekit import check, data, device, plot, progress, seed\nseed(1)\nprint(device())\nprogress()",
        "from coursekit import data\nfor name in data.names()[:-3]: print(data.load(name))",
        "from coursekit import data, plot\nimport matplotlib.pyplot as plt\nplot.use()\n"
        "fig, ax = plt.subplots()\nd = data.moons()\nplot.points(ax, d.x, d.y)\nplot.boundary(ax, [1, 1], 0)\n"
        "plot.images(plt.figure(), data.load('digits').x[:8])\nfig.savefig('figure.png')",
        "from coursekit import recorded\nfor stem in recorded.stems():\n"
        "    for each in recorded.exercises(stem): assert recorded.exercise(each.id).cases",
    ],
    ids=["face", "data", "plot", "recorded"],
)
def test_each_part_works_with_what_is_declared(student, code):
    ran = student.run(code)
    assert ran.returncode == 0, ran.stderr


def test_a_download_gets_as_far_as_the_network(student):
    """With every package there: pooch, and the progress bar's."""
    closed = "data.downloads.MNIST['mirrors'] = ('http://127.0.0.1:9/',)"
    code = (
        f"from coursekit import data\n{closed}\ntry: data.load('mnist')\nexcept ConnectionError as error: print(error)"
    )
    ran = student.run(code)
    assert "did not answer" in ran.stdout, ran.stderr


def test_the_command_is_installed(student):
    command = student.python.with_name("coursekit" + student.python.suffix)
    ran = subprocess.run([command, "progress"], cwd=student.home, env=student.variables, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert "perceptron" in ran.stdout


# A released exercise


def notebook(folder, stem="perceptron"):
    return nbformat.read(ROOT / folder / stem / f"{stem}.ipynb", as_version=4)


def role(cell):
    """The cell's place in nbgrader's eyes: its grade_id, and whether students write in it."""
    about = cell.metadata.get("nbgrader", {})
    return about.get("grade_id"), about.get("solution", False)


def solved():
    """The released notebook with the model answers written in, as a student hands it in."""
    released = notebook("exercises")
    answers = {role(cell)[0]: cell.source for cell in notebook("solutions").cells if role(cell)[1]}
    for cell in released.cells:
        name, writes = role(cell)
        if writes:
            cell.source = answers[name]
    return released


def checked(released):
    """The exercises that the notebook checks: `perceptron-neuron` is `perceptron.neuron`."""
    cells = [cell for cell in released.cells if cell.cell_type == "code" and not role(cell)[1] and role(cell)[0]]
    return [role(cell)[0].replace("-", ".", 1) for cell in cells if "check(" in cell.source]


@pytest.fixture(scope="module")
def execute(tmp_path_factory, wheel):
    """Executes a notebook where nothing lies beside it, in a kernel with coursekit and Jupyter's own part."""
    environment = Environment(tmp_path_factory.mktemp("jupyter"), wheel)
    environment.add(["ipykernel", "matplotlib-inline"])
    command = [str(environment.python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]

    class Manager(AsyncKernelManager):
        @property
        def kernel_spec(self):
            return KernelSpec(argv=command, display_name="student", language="python")

    def execute(released, folder, **options):
        nbformat.write(released, folder / "perceptron.ipynb")
        where = {"metadata": {"path": str(folder)}}
        client = nbclient.NotebookClient(
            released, kernel_manager_class=Manager, resources=where, timeout=120, **options
        )
        client.execute(env={key: value for key, value in environment.variables.items() if key != "MPLBACKEND"})
        return json.loads((folder / "progress.json").read_text(encoding="utf-8"))["exercises"]

    return execute


def test_a_released_exercise_runs_with_the_wheel_alone(execute, tmp_path):
    released = solved()
    exercises = checked(released)
    assert len(exercises) >= 7
    released.cells.insert(0, nbformat.v4.new_code_cell("from importlib.util import find_spec; find_spec('autograder')"))
    done = execute(released, tmp_path)
    assert not released.cells[0].outputs  # None: it is not there
    assert sorted(id for id, entry in done.items() if entry.get("passed")) == sorted(exercises)


def test_an_exercise_as_released_says_at_each_check_that_nothing_is_written_yet(execute, tmp_path):
    released = notebook("exercises")
    exercises = checked(released)
    done = execute(released, tmp_path, allow_errors=True)
    shown = [output for cell in released.cells for output in cell.get("outputs", [])]
    assert sum("It is still the stub" in str(output.get("data")) for output in shown) == len(exercises)
    assert sorted(done) == sorted(exercises)
    assert not any(entry.get("passed") for entry in done.values())
