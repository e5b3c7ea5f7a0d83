"""Workers may die, differ or lie: nobody loses a mark by it."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import dask
import psutil
import pytest
from classroom import STEM
from distributed import LocalCluster

from autograder import results, workers
from autograder.course import CourseError
from autograder.report import UNDECIDED
from autograder.sandbox import Unconfinable
from coursekit import wire

CHEAP = ("ada", "alan", "bernard")


def odd_work(data):
    """Stands in for `work`: echoes, or dies as it is told to."""
    what, _, path = data.decode().partition(" ")
    if what == "die" or (what == "once" and not os.path.exists(path)):
        if path:
            Path(path).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return data.upper()


class Odd(workers.Processes):
    work = staticmethod(odd_work)


class OddCluster(workers.Cluster):
    work = staticmethod(odd_work)


@pytest.fixture(scope="module")
def cluster():
    once = dask.config.set({"distributed.scheduler.allowed-failures": 1})
    with once, LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster:
        yield cluster


def answers(crew, requests):
    """{request: answers}, as a run collects them."""
    found = {}
    for request in requests:
        while crew.full:
            for tag, answer in crew.done():
                found.setdefault(tag, []).append(answer)
        crew.submit(request, request)
    while crew.busy:
        for tag, answer in crew.done():
            found.setdefault(tag, []).append(answer)
    return found


@pytest.mark.parametrize("kind", ["processes", "cluster"])
def test_a_worker_that_dies_costs_a_retry_and_only_the_culprit_is_left(kind, tmp_path, request):
    requests = [f"job{i}".encode() for i in range(12)]
    once, die = f"once {tmp_path}/once".encode(), b"die"
    requests[3:3], requests[8:8] = [once], [die]
    if kind == "processes":
        crew = Odd(2, b"first")
    else:
        crew = OddCluster(request.getfixturevalue("cluster").scheduler_address, b"first")
    with crew:
        found = answers(crew, requests)
    assert found == {r: [None if r == die else r.upper()] for r in requests}


def test_processes_that_cannot_start_are_a_sentence():
    with Odd(1, b"die") as crew, pytest.raises(workers.Refused, match="die as soon as they start"):
        crew.start()


def test_stopped_processes_are_gone():
    with Odd(2, b"first") as crew:
        crew.start()
        pids = list(crew.executor._processes)
        assert len(pids) == 2
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_processes_do_not_outlive_a_parent_that_is_killed():
    code = (
        f"import sys, time; sys.path.insert(0, {str(Path(__file__).parent)!r}); from test_workers import Odd\n"
        "if __name__ == '__main__':\n"
        "    crew = Odd(2, b'first'); crew.start()\n"
        "    print(*crew.executor._processes, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == 2
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 60
    while any(psutil.pid_exists(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_a_cluster_gives_the_same_marks(classroom, cluster):
    before = classroom.rows()
    classroom.keep_only(*CHEAP)
    classroom.forget_results()
    graded = classroom.grade(workers=None, scheduler=cluster.scheduler_address)
    assert all(g.new for g in graded.values()), graded
    assert classroom.rows() == {s: before[s] for s in CHEAP}


def test_a_dask_worker_that_is_killed_costs_nobody_a_mark(classroom, cluster, monkeypatch):
    before = classroom.rows()
    classroom.keep_only("ada", "alan", "anita", "barbara")
    classroom.forget_results()
    killed = []
    original = workers.Cluster._send

    def send(self, data):
        future = original(self, data)
        if len(self.waiting) == 2 and not killed:
            killed.append(self.client.run(os.getpid))
            os.kill(next(iter(killed[0].values())), signal.SIGKILL)
        return future

    monkeypatch.setattr(workers.Cluster, "_send", send)
    classroom.grade(workers=None, scheduler=cluster.scheduler_address)
    assert killed
    assert classroom.rows() == {s: before[s] for s in ("ada", "alan", "anita", "barbara")}


def test_a_scheduler_that_is_not_there_is_a_sentence(classroom, monkeypatch):
    with pytest.raises(CourseError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        classroom.grade(workers=None, scheduler="tcp://127.0.0.1:9")


def test_a_worker_of_another_version_is_named_and_stops_the_run(classroom, cluster, monkeypatch):
    classroom.keep_only("ada")
    classroom.forget_results()
    monkeypatch.setattr(results, "installed", lambda: "another version")
    with pytest.raises(CourseError, match=r"The worker \d: it has another version of the course"):
        classroom.grade(workers=None, scheduler=cluster.scheduler_address)


def test_a_machine_that_cannot_confine_stops_the_run_unless_told_otherwise(monkeypatch):
    monkeypatch.setattr(workers, "unconfinable", lambda: "There is no bubblewrap here.")
    monkeypatch.setattr(workers, "_name", lambda: "node7")
    monkeypatch.setattr(results, "asked", lambda stem, seed: {})
    with pytest.raises(Unconfinable, match=r"The worker node7: There is no bubblewrap here\."):
        workers.ready_of(workers.work(workers.ready(STEM, "seed", False)))
    assert workers.ready_of(workers.work(workers.ready(STEM, "seed", True)))[1] == {}


def test_a_job_on_a_machine_that_cannot_confine_stops_the_run(monkeypatch, classroom):
    def run(job):
        raise Unconfinable("There is no bubblewrap here.")

    monkeypatch.setattr(results.referee, "run", run)
    job = classroom.submitted("alan").job
    with pytest.raises(Unconfinable, match="There is no bubblewrap here"):
        workers.result_of(workers.work(workers.question(job, results.device())), job, classroom.results().exercises)


def test_a_worker_with_another_device_is_refused(classroom):
    job = classroom.submitted("alan").job
    with pytest.raises(workers.Refused, match="others on cuda:9"):
        workers.result_of(workers.work(workers.question(job, "cuda:9")), job, {})


def test_what_travels_arrives_unchanged(classroom):
    """A question there, the answer back: the same as judged in this process."""
    job = classroom.submitted("alan").job
    exercises = classroom.results().exercises
    some = tuple(exercises)[:2]
    job = replace(job, exercises=some)
    there = workers.result_of(workers.work(workers.question(job, results.device())), job, exercises)
    here = results.run(job)
    assert there.report.as_dict() == here.report.as_dict()
    assert [list(o) for o in there.outputs] == [list(o) for o in here.outputs]
    assert set(there.report.exercises) == set(some)


def hostile(plain, **changes):
    first = next(iter(plain["report"]["exercises"].values()))
    first.update(changes)
    return plain


HOSTILE = {
    "more points than there are": lambda p: hostile(p, points=1e9, max_points=1e9),
    "more than the most": lambda p: hostile(p, points=p["report"]["exercises"]["perceptron.neuron"]["max_points"] + 1),
    "negative": lambda p: hostile(p, points=-1.0),
    "NaN": lambda p: hostile(p, points=float("nan")),
    "a text": lambda p: hostile(p, points="2"),
    "True": lambda p: hostile(p, points=True),
    "points without a verdict": lambda p: hostile(p, outcome=UNDECIDED, points=2.0),
    "an outcome that is none": lambda p: hostile(p, outcome="great"),
    "another exercise's name": lambda p: hostile(p, exercise="perceptron.margin"),
    "a note that is no text": lambda p: hostile(p, note={"a": 1}),
    "cases that are none": lambda p: hostile(p, cases=[3]),
    "an unknown field": lambda p: hostile(p, extra=1),
    "an unknown exercise": lambda p: {**p, "report": {**p["report"], "exercises": {"a.b": {}}}},
    "another seed": lambda p: {**p, "report": {**p["report"], "seed": "mine"}},
    "another chapter": lambda p: {**p, "report": {**p["report"], "stem": "mine"}},
    "unconfined": lambda p: {**p, "report": {**p["report"], "confined": False}},
    "confined, in words": lambda p: {**p, "report": {**p["report"], "confined": "yes"}},
    "no report": lambda p: {"outputs": []},
    "outputs that are none": lambda p: {**p, "outputs": [[{"output_type": "script"}]]},
    "text in lines": lambda p: {**p, "outputs": [[{"output_type": "stream", "name": "stdout", "text": ["a"]}]]},
    "an error of numbers": lambda p: {
        **p,
        "outputs": [[{"output_type": "error", "ename": "", "evalue": "", "traceback": [1]}]],
    },
    "data of numbers": lambda p: {**p, "outputs": [[{"output_type": "display_data", "data": 1, "metadata": {}}]]},
    "outputs of numbers": lambda p: {**p, "outputs": [3]},
    "a list": lambda p: [p],
    "nothing": lambda p: None,
}


@pytest.mark.parametrize("lie", HOSTILE)
def test_an_answer_that_cannot_be_is_refused(lie, graded_class):
    job = workers.Job(STEM, b"{}", results.secret_seed(graded_class.root, STEM))
    exercises = graded_class.results().exercises
    honest = results.alike(job, exercises, "failed", "No.")
    plain = {"report": honest.report.as_dict(), "outputs": []}
    assert workers.result_of(json.dumps(plain).encode(), job, exercises).report == honest.report
    with pytest.raises(ValueError):
        workers.result_of(json.dumps(HOSTILE[lie](plain)).encode(), job, exercises)


@pytest.mark.parametrize("answer", [b"", b"{", b"[" * 100_000, b"\xff", "text", None, 3, bytearray(b"{}")])
def test_an_answer_that_is_no_json_is_refused(answer):
    with pytest.raises(ValueError):
        workers.result_of(answer, workers.Job(STEM, b"{}", "seed"), {})


@pytest.mark.parametrize("answer", [b"nonsense", None])
def test_a_job_without_a_good_answer_is_undecided_and_asked_again_by_the_next_run(classroom, monkeypatch, answer):
    classroom.keep_only("ada")
    classroom.forget_results()
    with monkeypatch.context() as patch:
        patch.setattr(workers.Processes, "submit", lambda self, tag, data: self.suspects.append([tag, data, 0]))
        patch.setattr(
            workers.Processes,
            "done",
            lambda self, block=True: [(self.suspects.popleft()[0], answer)] if self.suspects else [],
        )
        graded = classroom.grade()
    assert len(graded["ada"].report.undecided) == len(graded["ada"].report.exercises)
    assert {row[0] for row in classroom.rows()["ada"]["grades"].values()} == {None}
    assert not classroom.grade()["ada"].report.undecided


def test_nothing_a_student_made_is_pickled(classroom):
    """What goes to a worker is packed values, what comes back is JSON."""
    job = classroom.submitted("ada").job
    assert wire.unpack(workers.question(job, "cpu"))["job"]["notebook"] == job.notebook
    assert type(workers.work(workers.ready(STEM, "seed", True))) is bytes
