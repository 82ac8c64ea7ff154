"""Flies the fake campaign in a process of its own, for tests that kill it.

python -m tests.pipeline.fake_driver STORE N_RUNS '{"sleep_s": 0.1}'

Prints a line per landed batch; exits like the command does.
"""

import json
import logging
import sys
from functools import partial
from typing import Any

from pipeline.cluster import Resources, connect
from pipeline.errors import HoverslamError
from pipeline.execute import execute
from pipeline.progress import Progress
from pipeline.store import prepare_store
from tests.pipeline import fake_batch


def main(path: str, n_runs: int, campaign: dict[str, Any]) -> int:
    provenance = fake_batch.provenance(n_runs, **campaign)
    store = prepare_store(path, fake_batch.layout(n_runs), provenance)
    try:
        execute(
            store,
            fake_batch.job(provenance),
            partial(connect, Resources(workers=2)),
            on_progress=tell,
        )
    except HoverslamError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code)
    return 0


def tell(progress: Progress) -> None:
    sys.stdout.write(f"{progress.runs_done}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    logging.basicConfig()
    sys.exit(main(sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])))
