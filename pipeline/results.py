"""What a store says, in a few lines: what the command `run` ends with."""

from __future__ import annotations

from pathlib import Path

from pipeline.store import open_store
from pipeline.summary import as_text, summarise


def results(path: Path) -> str:
    """What the store at `path` says, and how to get its report."""
    return f"{as_text(summarise(open_store(path)))}\nreport: hoverslam report {path}"
