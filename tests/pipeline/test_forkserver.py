"""The process that workers are forked from: ready before them, and without a trace in this one."""

import os
import signal
import sys

from pipeline import forkserver
from pipeline.cluster import Resources, connect


def test_start__leaves_environment_and_signals_as_they_were() -> None:
    before = dict(os.environ), signal.pthread_sigmask(signal.SIG_BLOCK, [])
    forkserver.start()
    forkserver.start()  # runs already
    assert (dict(os.environ), signal.pthread_sigmask(signal.SIG_BLOCK, [])) == before


def test_workers__come_with_everything_imported_and_one_thread_each() -> None:
    def seen() -> tuple[bool, str, bool]:
        modules = ("pipeline.batch", "pipeline.task", "models.lanes")
        threads = os.environ["OPENBLAS_NUM_THREADS"]
        return all(name in sys.modules for name in modules), threads, "xarray" in sys.modules

    with connect(Resources(workers=2)) as client:
        assert [*client.run(seen).values()] == [(True, "1", False)] * 2
