"""What the intervals of rare failures cover: the record of `make soak`, and a share of it anew."""

import json
from pathlib import Path

import pytest

from tests.benchmarks import rare_acceptance
from tests.benchmarks.rare_problems import PROBLEMS
from tests.benchmarks.rare_record import (
    FEWEST_COVER,
    IMPORTANCE,
    METHODS,
    POOLED_AT_LEAST,
    SEEDS,
    SUBSET,
    TOLD,
    Row,
    accepted,
    page,
    pooled,
    read,
    write,
)

RECORD = rare_acceptance.HERE / "rare.json"
ABOUT = json.loads(RECORD.read_text())
ROWS = read(RECORD)
SHARE = ("four_branch_k6", "RP110", "corners_beta2_d4", "seed_beta3_d2_share0.1")
OTHER_SEEDS = range(1, 6)
EVERY = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.problem} {row.method}")


def test_record__is_of_every_problem_with_the_sizes_in_use() -> None:
    for method in (SUBSET, TOLD):
        assert [r.problem for r in ROWS if r.method == method] == [p.name for p in PROBLEMS]
    assert ABOUT["with"]["sizes"] == rare_acceptance.made_with()["sizes"]
    assert ABOUT["with"]["seeds"] == SEEDS == 20
    exact = {problem.name: problem.probability for problem in PROBLEMS}
    assert all(row.exact == exact[row.problem] for row in ROWS)
    assert all(len(row.trusted) == SEEDS for row in ROWS if row.method != IMPORTANCE)


@EVERY
def test_record__every_problem_holds(row: Row) -> None:
    assert row.holds
    if row.method != IMPORTANCE:
        assert row.covered >= FEWEST_COVER  # nothing is won by refusing


@pytest.mark.parametrize("method", METHODS)
def test_record__covers_pooled(method: str) -> None:
    assert pooled(ROWS, method) >= POOLED_AT_LEAST
    assert ABOUT["pooled_coverage"][method] == pooled(ROWS, method)


def test_record__its_page_says_the_same() -> None:
    assert RECORD.with_suffix(".md").read_text() == "\n".join(page(ABOUT, ROWS)) + "\n"


@pytest.mark.parametrize("name", SHARE)
def test_problem__holds_again_from_other_seeds(name: str) -> None:
    problem = next(p for p in PROBLEMS if p.name == name)
    found = rare_acceptance.rows(problem, OTHER_SEEDS)
    assert [r.method for r in found] == list(METHODS)
    for row in found:
        assert row.method == IMPORTANCE or sum(row.trusted) >= 3
        assert sum(row.trusted) - row.covered <= 2  # three of five: a chance of one in a thousand
        before = next(r for r in ROWS if (r.problem, r.method) == (name, row.method))
        variation = max(row.variation, before.variation)  # told is now the one, now the other
        apart = abs(row.log_error - before.log_error)
        assert apart < 4.0 * variation * (1 / len(row.trusted) + 1 / SEEDS) ** 0.5


# --- the judgement itself -------------------------------------------------------------------------


def judged(method: str, hits: int, misses: int, refused: int = 0, at: float = 1.0) -> Row:
    """Estimates of which so many hold the exact value, miss it, hold it but are not trusted."""
    n = hits + misses + refused
    near = tuple(at * (1.0 + 0.02 * (-1) ** k) for k in range(n))
    upper = (2.0,) * hits + (0.9,) * misses + (2.0,) * refused
    trusted = (True,) * (hits + misses) + (False,) * refused
    return Row("a", 1.0, method, near, (0.5,) * n, upper, trusted, 100, {})


def test_row__counts_a_refusal_as_no_cover() -> None:
    row = judged(SUBSET, 14, 3, 3)
    assert (row.covered, sum(row.hits), sum(row.trusted)) == (14, 17, 17)
    assert row.holds
    assert not judged(SUBSET, 13, 0, 7).holds
    assert not judged(TOLD, 13, 0, 7).holds
    assert judged(IMPORTANCE, 1, 0, 19).holds
    assert not judged(IMPORTANCE, 13, 7).holds


def test_row__holds_only_with_its_mean_near() -> None:
    assert judged(SUBSET, 20, 0, at=1.05).holds
    assert not judged(SUBSET, 20, 0, at=1.10).holds


def test_accepted__can_fail() -> None:
    good = [judged(method, 19, 1) for method in METHODS]
    assert accepted(good)
    assert not accepted([judged(SUBSET, 18, 2), *good[1:]])  # 0.90 pooled
    assert not accepted([*good, judged(SUBSET, 13, 7)])


def test_interrupted__goes_on_with_what_was_made_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rare_acceptance, "UNFINISHED", tmp_path / "unfinished.json")
    assert rare_acceptance.begun() == []
    rows = [judged(SUBSET, 19, 1), judged(TOLD, 19, 1)]
    write(rare_acceptance.UNFINISHED, {"with": rare_acceptance.made_with()}, rows)
    assert rare_acceptance.begun() == rows
    monkeypatch.setattr(rare_acceptance, "SEED", 7)
    assert rare_acceptance.begun() == []
