"""What all tests share: the place of the project, and property tests that repeat."""

from pathlib import Path

import pytest
from hypothesis import settings

# The same examples on every machine; no deadline, because a first call may compile.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The folder of pyproject.toml."""
    return Path(__file__).resolve().parents[1]
