"""Where batches fly: a local cluster as the Dask configuration sizes it, or one that is already up.

The configuration is the file that DASK_CONFIG names, else `dask_config.yaml` in the working
directory, else the project's own; DASK_HOVERSLAM__WORKERS=4 and the like beat the file. It holds
resources only: nothing in it changes a result.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dask
from dask.system import CPU_COUNT
from dask.utils import parse_bytes
from distributed import Client, LocalCluster, Worker, WorkerPlugin
from pydantic import BaseModel, ConfigDict, PositiveInt, ValidationError, field_validator

import models
from models import jit
from pipeline import forkserver
from pipeline.errors import BadInput, StoreProblem, problems_of
from pipeline.sources import SAMPLING_DIGEST, package_versions

CONFIG_NAME = "dask_config.yaml"
_PROJECT = Path(__file__).resolve().parents[1]


class Resources(BaseModel):
    """The `hoverslam` section of the Dask configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workers: PositiveInt | None = None  # processes; one per core if not given
    threads_per_worker: PositiveInt = 1
    memory_limit: str | PositiveInt = "2GiB"  # of each worker
    batch_runs: PositiveInt = 256  # runs per task and per chunk of a store in flight

    @field_validator("memory_limit")
    @classmethod
    def _is_size(cls, value: str | int) -> str | int:
        try:
            parse_bytes(value)
        except ValueError:
            raise ValueError(f"got {value!r}, expected a size such as 2GiB") from None
        return value

    @property
    def n_workers(self) -> int:
        return self.workers or CPU_COUNT


def read_resources() -> Resources:
    """Load the Dask configuration, for this process and those it starts, and return our part.

    Raises BadInput, listing every mistake, if DASK_CONFIG names no file or the file is wrong.
    """
    path = _config_file()
    if path is not None:
        os.environ["DASK_CONFIG"] = str(path)  # workers started from here read it, too
    try:
        # a file named after dask was imported is not in its paths yet
        paths = [*dask.config.paths, *([str(path)] if path else [])]
        dask.config.refresh(paths=paths)
    except ValueError as error:
        raise BadInput(str(error)) from error
    section = dask.config.get("hoverslam", {})
    where = path or "the Dask configuration"
    if not isinstance(section, dict):
        raise BadInput(f"{where}: hoverslam: got {section!r}, expected keys and values")
    try:
        return Resources.model_validate({k.replace("-", "_"): v for k, v in section.items()})
    except ValidationError as error:
        problems = problems_of(error, Resources.model_fields)
        raise BadInput([f"{where}: hoverslam.{problem}" for problem in problems]) from error


def _config_file() -> Path | None:
    """The configuration file in force; dask itself would ignore a missing one without a word."""
    if named := os.environ.get("DASK_CONFIG"):
        if not Path(named).exists():
            raise BadInput(f"DASK_CONFIG: {named} does not exist")
        return Path(named).absolute()
    candidates: Sequence[Path] = (Path.cwd() / CONFIG_NAME, _PROJECT / CONFIG_NAME)
    return next((path for path in candidates if path.is_file()), None)


class FlightCheck(WorkerPlugin):
    """Refuses a worker whose physics, sampling or packages differ from the driver's.

    A local worker also leaves Ctrl-C to the driver: it reaches every process of a terminal, and
    workers that died of it could not be drained. And it leaves failed tasks to the driver, which
    reports each once.
    """

    name = "hoverslam-flight-check"

    def __init__(self, *, local: bool) -> None:
        self.sources = _sources()
        self.local = local

    def setup(self, worker: Worker) -> None:
        if self.local:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            logging.getLogger("distributed.worker").setLevel(logging.CRITICAL)
        if (here := _sources()) != self.sources:
            raise StoreProblem(
                f"worker {worker.address}: its physics are {here} from {models.__file__}, "
                f"the driver's {self.sources}; install the same version there"
            )


def _sources() -> tuple[str, ...]:
    """All that rows depend on besides the campaign."""
    packages = (f"{name} {version}" for name, version in package_versions().items())
    return (jit.PHYSICS_DIGEST, jit.TARGET, SAMPLING_DIGEST, *packages)


@contextmanager
def connect(resources: Resources, scheduler: str | None = None) -> Iterator[Client]:
    """A client of the cluster at `scheduler`, or of a local one that lives as long as this.

    Raises StoreProblem if no scheduler or no worker answers, or a worker has other physics.
    """
    with ExitStack() as stack:
        if scheduler is None:
            client = stack.enter_context(Client(stack.enter_context(_local(resources))))
        else:
            client = stack.enter_context(_remote(scheduler))
        client.register_plugin(FlightCheck(local=scheduler is None))
        yield client


def _local(resources: Resources) -> LocalCluster:
    dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"})
    forkserver.start()
    # A worker that Ctrl-C kills before FlightCheck protects it takes the cluster's start with it:
    # processes forked inherit that it is held back, this one gets it when they are up
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return LocalCluster(
            n_workers=resources.n_workers,
            threads_per_worker=resources.threads_per_worker,
            memory_limit=resources.memory_limit,
            processes=True,
            dashboard_address=":0",  # Dask asks for one; two campaigns must not share a port
            scheduler_kwargs={"dashboard": False},
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _remote(scheduler: str) -> Client:
    try:
        client = Client(scheduler)
    except (OSError, ValueError) as error:
        raise StoreProblem(f"--scheduler {scheduler}: {error}") from error
    patience = dask.config.get("distributed.comm.timeouts.connect")
    try:
        client.wait_for_workers(1, timeout=patience)
    except TimeoutError as error:
        client.close()
        raise StoreProblem(f"--scheduler {scheduler}: no worker within {patience}") from error
    return client
