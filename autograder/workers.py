"""Where notebooks are judged: in processes of this machine, or on a Dask cluster.

`work` takes bytes and returns bytes, here and there. What travels is JSON and packed values; whatever a student made
is inside of these as text or raw numbers, never pickled. The confinement is made on the worker.

The executors have envelopes of their own, and those are pickled: a process pool's between our own processes, Dask's
between the machines of the cluster. So a cluster is trusted as much as this machine is: whoever controls its
scheduler or a worker can give marks, and can run code here. Use Dask's TLS where others share the network.
What a worker answers is checked all the same, before anything is written: a broken one must not break the run.
"""

import json
import logging
import math
import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, ProcessPoolExecutor, wait
from dataclasses import asdict
from multiprocessing import forkserver

from coursekit import wire

from . import results
from .referee import Job
from .report import FAILED, PASSED, UNDECIDED, Report
from .results import Asked, Result
from .sandbox import Unconfinable, unconfinable
from .sandbox.process import Shared, Zygote

log = logging.getLogger(__name__)

LARGEST = 2**27  # bytes of an answer

_turn = threading.Lock()  # a worker of many threads still judges one notebook at a time


class Refused(RuntimeError):
    """A worker that cannot do its work; the sentence says which one, and why."""


# On the worker


def work(data: bytes) -> bytes:
    """Answer one request."""
    request = wire.unpack(data)
    with _turn:
        try:
            answer = _answer(request)
        except Unconfinable as error:
            answer = {"unconfinable": str(error)}
        return json.dumps({**answer, "worker": _name()}).encode(errors="replace")


def _answer(request):
    if request["installed"] != results.installed():
        return {"refused": "it has another version of the course, or of the libraries that it runs on"}
    if "ready" in request:
        stem, seed, unconfined = request["ready"]
        # The cases are made while the warm process is still warming.
        exercises = [[id, asdict(a)] for id, a in results.asked(stem, seed).items()]
        sentence = unconfinable()
        if sentence and not unconfined:
            return {"unconfinable": sentence}
        return {"device": results.device(), "exercises": exercises}
    if request["device"] != results.device():
        return {"refused": f"it computes on {results.device()}, and others on {request['device']}"}
    job = Job(**{**request["job"], "exercises": tuple(request["job"]["exercises"])})
    result = results.run(job)
    return {"report": result.report.as_dict(), "outputs": result.outputs}


def _name():
    """This worker's name in its cluster; "" if it is a process of this machine."""
    if "distributed" not in sys.modules:
        return ""
    from distributed import get_worker

    try:
        return str(get_worker().name)
    except ValueError:
        return ""


# What travels


def ready(stem, seed, unconfined):
    """The request to get ready for a chapter; `ready_of` reads the answer."""
    return wire.pack({"installed": results.installed(), "ready": [stem, seed, unconfined]})


def question(job, device):
    """The request to judge a job; `result_of` reads the answer."""
    return wire.pack({"installed": results.installed(), "device": device, "job": {**vars(job)}})


def ready_of(answer):
    """(device, {id: Asked}) of a worker that is ready. Raises `Refused`, `Unconfinable` or `ValueError`."""
    plain = _plain(answer)
    try:
        exercises = {id: Asked(**a) for id, a in plain["exercises"]}
        device = plain["device"]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"an answer that cannot be read ({type(error).__name__}: {error})")
    sound = all(type(t) is str for id, a in exercises.items() for t in (id, a.key, a.title)) and type(device) is str
    if not sound or not all(_number(a.points) for a in exercises.values()):
        raise ValueError("an answer that cannot be read")
    return device, exercises


def result_of(answer, job, exercises):
    """The `Result` in an answer to a job. Raises `Refused`, `Unconfinable` or `ValueError`."""
    plain = _plain(answer)
    try:
        report = Report.from_dict(plain["report"])
        outputs = plain["outputs"]
        _check(report, job, exercises)
        sound = all(_is_output(o) for cell in outputs for o in cell)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"an answer that cannot be read ({type(error).__name__}: {error})")
    if not sound:
        raise ValueError("an answer with outputs that are none")
    return Result(report, tuple(outputs))


def _plain(answer):
    if type(answer) is not bytes or len(answer) > LARGEST:
        raise ValueError("an answer that is no bytes, or too many")
    try:
        plain = results.writable(json.loads(answer))
    except RecursionError:
        raise ValueError("an answer that is nested too deep")
    if not isinstance(plain, dict):
        raise ValueError("an answer that cannot be read")
    name = f"The worker {str(plain['worker'])[:100]}: " if plain.get("worker") else ""
    if plain.get("refused"):
        raise Refused(name + str(plain["refused"])[:2000])
    if plain.get("unconfinable"):
        raise Unconfinable(name + str(plain["unconfinable"])[:2000])
    return plain


def _check(report, job, exercises):
    """Raises `ValueError` unless it is a report on this job."""
    texts = [report.stem, report.seed]
    if (report.stem, report.seed) != (job.stem, job.seed) or type(report.confined) is not bool:
        raise ValueError("not of this job")
    if not report.confined and not job.unconfined:
        raise ValueError("made unconfined, which was not allowed")
    if not set(report.exercises) <= set(exercises):
        raise ValueError("an exercise that there is not")
    for id, e in report.exercises.items():
        texts += [e.title, e.question, e.hint, e.section, e.note, e.mistake or ""]
        texts += [t for c in e.cases for t in (c.name, c.problem, c.example)]
        if e.exercise != id or e.outcome not in (PASSED, FAILED, UNDECIDED) or e.max_points != exercises[id].points:
            raise ValueError("an exercise that is not the one asked for")
        if e.outcome != UNDECIDED and not (_number(e.points) and 0 <= e.points <= e.max_points):
            raise ValueError("points that there are not")
        if e.outcome == UNDECIDED and e.points is not None:
            raise ValueError("points without a verdict")
        if not all(_number(c.weight) and c.outcome in (PASSED, FAILED) and type(c.public) is bool for c in e.cases):
            raise ValueError("a case that cannot be")
    if not all(type(t) is str for t in texts):
        raise ValueError("a text that is none")


def _is_output(output):
    """Is it an output as the referee makes them: whole texts, no lists of lines?"""
    match output:
        case {"output_type": "stream", "name": "stdout" | "stderr", "text": str()}:
            return True
        case {"output_type": "display_data" | "execute_result", "data": dict(), "metadata": dict()}:
            return True
        case {"output_type": "error", "ename": str(), "evalue": str(), "traceback": list(lines)}:
            return all(type(line) is str for line in lines)
    return False


def _number(value):
    return type(value) in (int, float) and math.isfinite(value)


# Crews


class Crew:
    """Workers behind an executor. `submit` a request with a tag, collect answers with `done`.

    A job whose worker `died` is asked again when nobody else is at work, so that it is known who is to blame; after
    `deaths` of its own it is answered with None. Nobody else's job is lost."""

    work = staticmethod(work)
    died, deaths = (BrokenExecutor,), 2

    def __init__(self):
        self.waiting = {}  # future → (tag, data)
        self.suspects = deque()  # [tag, data, deaths]
        self.alone = None  # the suspect that is at work

    def submit(self, tag, data):
        self.waiting[self._send(data)] = (tag, data)

    @property
    def busy(self):
        return bool(self.waiting or self.suspects)

    @property
    def full(self):
        return len(self.waiting) >= self.room or bool(self.suspects or self.alone)

    def done(self, block=True):
        """[(tag, answer)] of what has come; `block` waits for one. Answers are bytes, or None: see above."""
        if self.suspects and not self.waiting:
            self.alone = self.suspects.popleft()
            self.submit(*self.alone[:2])
        if not self.waiting:
            return []
        finished, _ = wait(self.waiting, timeout=None if block else 0, return_when=FIRST_COMPLETED)
        answers = []
        for future in finished:
            tag, data = self.waiting.pop(future)
            deaths = self.alone[2] + 1 if self.alone else 0
            self.alone = None
            try:
                answers.append((tag, future.result()))
            except (*self.died, CancelledError) as error:
                log.warning("a grading process died (%s)", error)
                if deaths < self.deaths:
                    self.suspects.append([tag, data, deaths])
                else:
                    answers.append((tag, None))
            except Exception as error:
                what = f"{type(error).__name__}: {error}"
                raise Refused(f"A worker could not even begin ({what}). Is the course installed there as it is here?")
        return answers

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stop()


class Warm:
    """What the processes of this machine are forked from: those that judge from multiprocessing's fork server, those
    of students from a process that the former share. Both take seconds to warm, and warm while other things begin."""

    def __init__(self):
        self.students = Shared()
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(["autograder.preload"])
        forkserver.ensure_running()

    def stop(self):
        self.students.stop()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stop()


class Processes(Crew):
    """Processes of this machine: forks of one that has imported PyTorch, once for all of them."""

    def __init__(self, count, first, warm=None):
        """`count` processes, which begin with the request `first`; its answer is `start`'s. They come from `warm`,
        where that has begun already."""
        super().__init__()
        self.count, self.room, self.first, self.warm = count, 2 * count, first, warm
        self.executor = None

    def start(self):
        """Get every process ready at the same time; returns the answer of the first."""
        for _ in range(self.deaths):
            try:
                self._renew()
                return self.readying[0].result()
            except BrokenExecutor as error:
                log.warning("a grading process died (%s)", error)
        raise Refused("The processes that grade die as soon as they start: is there enough memory?")

    def stop(self):
        self._dismiss()
        if self.warm is not None:
            self.warm.stop()

    def _dismiss(self):
        if self.executor is not None:
            processes = list((self.executor._processes or {}).values())
            self.executor.shutdown(wait=False, cancel_futures=True)
            for process in processes:  # Executor.kill_workers, from Python 3.14 on
                process.kill()
            for process in processes:
                process.join()

    def _send(self, data):
        if self.executor is None:
            self._renew()
        try:
            return self.executor.submit(self.work, data)
        except BrokenExecutor:
            self._renew()
            return self.executor.submit(self.work, data)

    def _renew(self):
        self._dismiss()
        self.warm = self.warm or Warm()
        self.executor = ProcessPoolExecutor(
            self.count, mp_context=self.warm.context, initializer=_worker, initargs=[self.warm.students.address]
        )
        self.readying = [self.executor.submit(self.work, self.first) for _ in range(self.count)]


def _worker(address):
    """In a new worker: Ctrl-C is the parent's business, nobody outlives the parent, and one warm process is enough."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
    Zygote.join(address)


class Cluster(Crew):
    """The workers of a Dask scheduler. Each needs this course installed as it is here."""

    def __init__(self, address, first):
        from distributed import Client, KilledWorker

        super().__init__()
        self.first = first
        self.died, self.deaths = (KilledWorker,), 1  # Dask itself has tried several workers by then
        try:
            self.client = Client(address, timeout="20s", set_as_default=False)
        except (OSError, ValueError) as error:
            raise Refused(f"No Dask scheduler answers at {address} ({error}).")
        self.executor = self.client.get_executor(pure=False)

    @property
    def room(self):
        """Enough for every thread of every worker, and for a cluster that grows with its work."""
        return max(16, 2 * sum(self.client.nthreads().values()))

    def start(self):
        return self._send(self.first).result()

    def stop(self):
        self.executor.shutdown(wait=False)  # cancels what is not done
        self.client.close()

    def _send(self, data):
        if self.client.status != "running":
            raise Refused("The Dask scheduler is gone: start one, and the same command carries on.")
        return self.executor.submit(self.work, data)
