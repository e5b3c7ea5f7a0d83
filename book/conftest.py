"""What the tests execute is what the book shows: nbval's outputs go into the cache that the build reads.

pytest --nbval-lax book
"""

import os
import time
from pathlib import Path

import nbformat
from filelock import FileLock
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbval.plugin import IPyNbCell, IPyNbFile

BUDGET = 180  # seconds a chapter may take here: three times its 60
BUILD = Path(__file__).parent.parent / "_build"

os.environ["OMP_NUM_THREADS"] = "1"  # the kernels inherit it: one thread rounds alike on every machine


def pytest_runtest_setup(item):
    """A cell may take what its chapter has left."""
    if isinstance(item, IPyNbCell):
        chapter = item.parent
        if not hasattr(chapter, "started"):
            chapter.started, chapter.passed = time.monotonic(), 0
        item.config.option.nbval_cell_timeout = max(1, BUDGET - (time.monotonic() - chapter.started))


def pytest_runtest_makereport(item, call):
    """After the last cell of a chapter of which every cell passed, the chapter goes into the cache."""
    if not isinstance(item, IPyNbCell) or call.when != "call" or call.excinfo:
        return
    chapter = item.parent
    chapter.passed += 1
    item.cell.outputs = [nbformat.from_dict(output) for output in item.test_outputs]
    item.cell.execution_count = chapter.passed
    if chapter.passed == sum(cell.cell_type == "code" for cell in chapter.nb.cells):
        keep(chapter)


def keep(chapter: IPyNbFile):
    BUILD.mkdir(exist_ok=True)
    with FileLock(BUILD / "cache.lock"):
        seconds = {"execution_seconds": time.monotonic() - chapter.started}
        bundle = CacheBundleIn(chapter.nb, str(chapter.path), data=seconds)
        get_cache(BUILD / ".jupyter_cache").cache_notebook_bundle(bundle, overwrite=True)
    # Without its parsed form, Sphinx reads the chapter anew though its file has not changed.
    (BUILD / ".doctrees/book" / f"{chapter.path.stem}.doctree").unlink(missing_ok=True)
