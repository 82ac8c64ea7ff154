"""The process that local workers are forked from: it imports once what each of them needs.

Started before anything else, it imports on one core while the driver reads its campaign on
another, and a worker that has died is back at once.
"""

from __future__ import annotations

import os
import signal
from multiprocessing import forkserver, resource_tracker

_PRELOADED = ["pipeline.preload"]

# One thread per process, and freed memory given back: what Dask sets for the workers it starts,
# but read when a process begins, which here is this one.
_ENVIRONMENT = {
    "MALLOC_TRIM_THRESHOLD_": "65536",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def start() -> None:
    """Start it, unless it runs. Ctrl-C is held back from it and from all that it forks."""
    resource_tracker.ensure_running()  # whose first start would let Ctrl-C through again
    ours = {name: os.environ.get(name) for name in _ENVIRONMENT}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.environ.update(_ENVIRONMENT)
    try:
        forkserver.set_forkserver_preload(_PRELOADED)
        forkserver.ensure_running()
    finally:
        for name, value in ours.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
