"""Flying a campaign: batches as Dask tasks, a few per thread at a time, until the store is full.

A bad run is a row. A worker that dies is replaced and its batch flown again; a batch that keeps
killing workers is flown alone and in ever smaller pieces, and the runs that nobody survives
become rows with the outcome `infrastructure_error`.
"""

from __future__ import annotations

import logging
import signal
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple

import numpy as np
from distributed import Client, Future, KilledWorker, Worker, WorkerPlugin, as_completed

from pipeline.errors import Interrupted, StoreProblem
from pipeline.progress import Progress, Scoreboard
from pipeline.store import (
    Batch,
    BatchRecord,
    BatchStatus,
    State,
    Store,
    exclusive,
    finish,
    fly_on,
    pending_batches,
    read_metrics,
    sweep,
    write_batch,
)
from pipeline.task import ORDERS, Job, fly_ordered, fly_rows, tally

TASKS_PER_THREAD = 3  # in the air: enough to keep a thread busy, few enough to lose
ASK_THREADS_EVERY_S = 2.0
MOST_KILLED_BATCHES = 8  # beyond that it is the cluster that is broken, not a batch
MOST_LOST_RUNS = 4  # of one batch; then its other pieces are not split further

_log = logging.getLogger(__name__)


def execute(
    store: Store,
    job: Job,
    connect: Callable[[], AbstractContextManager[Client]],
    on_progress: Callable[[Progress], None] = lambda progress: None,
    warm_up: Callable[[], None] = lambda: None,
    enough: Callable[[int], bool] = lambda batch: False,
) -> None:
    """Fly what `store` lacks, then finish it.

    `warm_up` compiles the kernel here before `connect` starts the workers, which then find it in
    the cache. The first Ctrl-C lets the batches in the air land, the second drops them.

    `enough` is told of each batch that has landed, in any order, now or in an earlier session.
    Once it says so no other takes off, and a store that lacks some stays unfinished.

    Raises Interrupted; StoreProblem if the store or the cluster fails. Either way the committed
    batches stay and the same call goes on from there.
    """
    try:
        with exclusive(store.path):
            whole = store.state == State.FINISHED
            if not whole:
                whole = _fly_pending(_Task(store, job, on_progress, enough), connect, warm_up)
            if whole:
                finish(store)
    except KeyboardInterrupt:
        raise Interrupted(
            f"{store.path}: dropped what was not finished; committed batches stay, "
            "the same command resumes"
        ) from None


class _Task(NamedTuple):
    """What a call of `execute` is about."""

    store: Store
    job: Job
    on_progress: Callable[[Progress], None]
    enough: Callable[[int], bool]


def _fly_pending(
    task: _Task,
    connect: Callable[[], AbstractContextManager[Client]],
    warm_up: Callable[[], None],
) -> bool:
    """Fly what the store lacks; whether it now has all that can be had."""
    store, job = task.store, task.job
    sweep(store.path)
    pending = pending_batches(store)
    if not pending:
        return True
    scoreboard = Scoreboard(store.layout, task.on_progress)
    is_enough = False
    for batch in sorted(set(range(store.layout.n_batches)) - set(pending)):
        scoreboard.add(tally(store, job, read_metrics(store, batch)))
        is_enough = task.enough(batch) or is_enough
    if not is_enough:
        fly_on(store.path)
        warm_up()
        with _interrupts() as interrupts, connect() as client, _ordered(client, store, job) as name:
            scoreboard.start()
            flight = _Flight(client, store, job, name, interrupts, scoreboard, task.enough)
            is_enough = flight.fly(pending)
    return not is_enough or not pending_batches(store)


class _Orders(WorkerPlugin):
    """Tells every worker, those that come later too, what to fly.

    A campaign takes 40 kB as text, which the scheduler would keep for each batch.
    """

    def __init__(self, store: Store, job: Job) -> None:
        self.name = f"hoverslam-orders-{uuid.uuid4().hex}"
        self.orders = (store, job)

    def setup(self, worker: Worker) -> None:
        ORDERS[self.name] = self.orders

    def teardown(self, worker: Worker) -> None:
        ORDERS.pop(self.name, None)


@contextmanager
def _ordered(client: Client, store: Store, job: Job) -> Iterator[str]:
    """The name under which the workers know what to fly, for as long as this lasts."""
    orders = _Orders(store, job)
    client.register_plugin(orders)
    try:
        yield orders.name
    finally:
        if client.status == "running":
            client.unregister_worker_plugin(orders.name)


class _Interrupts:
    """Whether the user has asked to stop."""

    requested = False

    def handle(self, signal_number: int, frame: object) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        _log.warning("stopping: the batches in the air land first; once more to drop them")


@contextmanager
def _interrupts() -> Iterator[_Interrupts]:
    """Turn the first SIGINT or SIGTERM into a request, the second into KeyboardInterrupt."""
    interrupts = _Interrupts()
    signals = (signal.SIGINT, signal.SIGTERM)
    in_main = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, interrupts.handle) for number in signals if in_main}
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Window:
    """How many batches may be in the air; the threads are counted anew now and then."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.size = 0
        self.asked_s = -ASK_THREADS_EVERY_S

    def has_room(self, airborne: int) -> bool:
        now_s = time.monotonic()
        if now_s >= self.asked_s + ASK_THREADS_EVERY_S:
            threads = sum(self.client.nthreads().values())
            self.size, self.asked_s = TASKS_PER_THREAD * max(1, threads), now_s
        return airborne < self.size


class _Flight(NamedTuple):
    """One session of flying on one cluster."""

    client: Client
    store: Store
    job: Job
    orders: str
    interrupts: _Interrupts
    scoreboard: Scoreboard
    enough: Callable[[int], bool]

    def fly(self, pending: list[int]) -> bool:
        """Fly pending batches, those that kill their workers last and alone, until it is enough."""
        killed, is_enough = self._fly_window(deque(pending))
        for batch in killed:
            self._refuse_interrupted()
            if is_enough:
                break
            _log.warning("batch %d has killed its workers: flying it alone, by parts", batch)
            self._salvage(batch)
            is_enough = self.enough(batch)
        self._refuse_interrupted()
        return is_enough

    def _refuse_interrupted(self) -> None:
        if self.interrupts.requested:
            done, total = self.scoreboard.runs, self.store.layout.n_runs
            raise Interrupted(
                f"{self.store.path}: stopped after {done} of {total} runs; the same command resumes"
            )

    def _fly_window(self, waiting: deque[int]) -> tuple[list[int], bool]:
        """Fly batches, a few per thread in the air, until it is enough.

        Returns those that killed their workers, and whether it was enough.
        """
        airborne: dict[Future, int] = {}
        landings = as_completed(with_results=True, raise_errors=False)
        window = _Window(self.client)
        killed: list[int] = []
        is_enough = False
        try:
            while True:
                if self.interrupts.requested or is_enough:
                    waiting.clear()
                    self._cancel_unstarted(airborne)
                while waiting and window.has_room(len(airborne)):
                    batch = waiting.popleft()
                    # the priority keeps batches in order; Dask would fly a window in any
                    future = self.client.submit(
                        fly_ordered, self.orders, batch, pure=False, priority=-batch
                    )
                    airborne[future] = batch
                    landings.add(future)
                if not airborne:
                    return killed, is_enough
                future, result = next(landings)
                landed = airborne.pop(future, None)
                if landed is None:
                    continue  # cancelled before it began
                if self._land(future, result):
                    killed.append(landed)
                    self._refuse_breakdown(killed)
                else:
                    is_enough = self.enough(landed) or is_enough
        finally:
            self.client.cancel(list(airborne))

    def _land(self, future: Future, result: Any) -> bool:
        """Count a batch that is down; True if its workers died. Raises what went wrong in it."""
        if future.status == "finished":
            self.scoreboard.land(result)
            return False
        if future.status != "error":
            raise StoreProblem(
                f"{self.store.path}: the scheduler is lost; the same command resumes"
            )
        _, error, traceback = result
        if isinstance(error, KilledWorker):
            return True
        raise error.with_traceback(traceback)

    def _refuse_breakdown(self, killed: list[int]) -> None:
        if len(killed) > MOST_KILLED_BATCHES:
            raise StoreProblem(
                f"{self.store.path}: {len(killed)} batches have killed their workers, perhaps "
                "for want of memory (hoverslam.memory_limit); the same command resumes"
            )

    def _cancel_unstarted(self, airborne: dict[Future, int]) -> None:
        """Take back what no worker has begun."""
        begun = {key for stacks in self.client.call_stack().values() for key in stacks}
        unstarted = [future for future in airborne if not future.done() and future.key not in begun]
        self.client.cancel(unstarted)
        for future in unstarted:
            del airborne[future]

    def _salvage(self, batch: int) -> None:
        """Fly alone a batch that has killed its workers, and write what can be had of it."""
        start, stop = self.store.layout.runs_of(batch)
        lost: list[int] = []
        pieces = self._split(start, stop, lost)
        inputs, metrics, history, kernel_s = zip(*pieces, strict=True)
        rows = Batch(
            np.concatenate(inputs), np.concatenate(metrics), np.concatenate(history), sum(kernel_s)
        )
        status = BatchStatus.INFRASTRUCTURE_ERROR if lost else BatchStatus.COMMITTED
        write_batch(self.store, batch, rows, BatchRecord(status, rows.kernel_s, "driver"))
        self.scoreboard.land(tally(self.store, self.job, rows.metrics))

    def _split(self, start: int, stop: int, lost: list[int]) -> list[Batch]:
        """Rows of runs start .. stop - 1, by halves if need be; `lost` gains what cannot be had."""
        self._refuse_interrupted()
        try:
            return [self.client.submit(fly_rows, self.job, start, stop, pure=False).result()]
        except KilledWorker:
            if stop - start == 1 or len(lost) >= MOST_LOST_RUNS:
                lost.extend(range(start, stop))
                return [self.store.layout.lost_rows(start, stop)]
        middle = (start + stop) // 2
        return [*self._split(start, middle, lost), *self._split(middle, stop, lost)]
