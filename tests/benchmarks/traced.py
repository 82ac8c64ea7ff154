"""The command, with a stopwatch on its stages: python -m tests.benchmarks.traced TIMES.json run ...

Runs what `hoverslam ...` runs and writes seconds by stage, those on workers summed over them.
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter, process_time, time
from typing import Any

from distributed import Worker, WorkerPlugin

SECONDS: dict[str, float] = {}  # by stage; those of a core under `cpu <stage>`

# Of a report; what is not among them is its rest.
STAGES = ("summarise", "check_inputs", "judge_dataset", "_embedded", "render")


class Stopwatch(WorkerPlugin):
    """Adds up what a worker spends in a batch, and of that in writing it."""

    name = "hoverslam-stopwatch"

    def setup(self, worker: Worker) -> None:
        from pipeline import task  # noqa: PLC0415  (on the worker)

        worker.hoverslam_s = spent = {}
        task.fly_rows = _timed(task.fly_rows, "batch", spent)
        task.write_batch = _timed(task.write_batch, "write", spent)


@contextmanager
def _clock(name: str, spent: dict[str, float]) -> Iterator[None]:
    began, began_cpu = perf_counter(), process_time()
    try:
        yield
    finally:
        for key, seconds in (
            (name, perf_counter() - began),
            (f"cpu {name}", process_time() - began_cpu),
        ):
            spent[key] = spent.get(key, 0.0) + seconds


def _timed(function: Callable, name: str, spent: dict[str, float]) -> Callable:
    @functools.wraps(function)
    def timed(*args: Any, **more: Any) -> Any:
        with _clock(name, spent):
            return function(*args, **more)

    return timed


def _watch_run() -> None:
    """Put the stopwatch on the stages of `run`."""
    from pipeline import execute, run  # noqa: PLC0415  (timed by the caller)

    for module, name in ((run, "load_campaign"), (run, "prepare_store"), (execute, "finish")):
        setattr(module, name, _timed(getattr(module, name), name, SECONDS))
    run.fly = _timed(run.fly, "fly", SECONDS)
    run.kernel.compile_once = _timed(run.kernel.compile_once, "compile_once", SECONDS)
    connect = run.connect

    @contextmanager
    def watched(*args: Any) -> Iterator[Any]:
        with ExitStack() as cluster:
            with _clock("cluster start", SECONDS):
                client = cluster.enter_context(connect(*args))
                client.register_plugin(Stopwatch())
            SECONDS["ready after"] = time() - float(os.environ["BEGAN"])
            with _clock("flight", SECONDS):
                yield client
            spent = client.run(lambda dask_worker: dask_worker.hoverslam_s)
            for one in spent.values():
                for name, seconds in one.items():
                    SECONDS[name] = SECONDS.get(name, 0.0) + seconds
            with _clock("cluster stop", SECONDS):
                cluster.close()

    run.connect = watched


def _watch_report() -> None:
    """Put the stopwatch on the stages of `report`."""
    from pipeline.report import write  # noqa: PLC0415  (timed by the caller)

    for name in STAGES:
        if hasattr(write, name):
            setattr(write, name, _timed(getattr(write, name), name, SECONDS))
    for name in ("landing", "distribution", "envelope", "input"):
        setattr(write, f"{name}_drawings", _drawn(getattr(write, f"{name}_drawings")))
    write.write_report = _timed(write.write_report, "write_report", SECONDS)
    sys.modules["pipeline.report"].write_report = write.write_report


def _drawn(drawings: Callable) -> Callable:
    """Drawings are made one by one as they are asked for: here all at once."""
    return _timed(lambda *args: [*drawings(*args)], "drawings", SECONDS)


def main(times: str, *arguments: str) -> None:
    """Run the command; its stages go to a file."""
    from pipeline import cli, forkserver  # noqa: PLC0415  (timed by the caller)

    SECONDS["python"], SECONDS["cpu python"] = time() - float(os.environ["BEGAN"]), process_time()
    with _clock("imports", SECONDS):
        if arguments[0] == "run":
            forkserver.start()  # as the command does, before it imports the rest
            _watch_run()
        else:
            _watch_report()
    sys.argv = ["hoverslam", *arguments]
    try:
        cli.main()
    finally:
        SECONDS["cpu whole"] = process_time()
        Path(times).write_text(json.dumps(SECONDS))


if __name__ == "__main__":
    main(*sys.argv[1:])
