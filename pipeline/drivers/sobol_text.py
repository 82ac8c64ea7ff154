"""Total Sobol indices, in some lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.drivers.sobol import Answer, Shares
from pipeline.spelling import inside
from pipeline.words import count, percent, quantity

MOST_TOLD = 15


def as_text(answer: Answer) -> str:
    """The largest total indices of each quantity."""
    lines = [
        f"{answer.campaign}: total Sobol indices, without injected failures; "
        f"{count(answer.runs)} runs, {answer.replicates} scrambled sets of {answer.points} points"
    ]
    for found in answer.quantities:
        lines += _shares(found, answer.confidence)
    return "\n".join(lines)


def _shares(found: Shares, confidence: float) -> Iterator[str]:
    name = inside(found.quantity)
    mean, sigma = quantity(name, found.mean), quantity(name, found.sigma)
    yield f"{found.quantity}: mean {mean}, sigma {sigma}"
    if found.without_value:
        yield (
            f"  {percent(round(found.without_value, 4))} of the points have no value and are left "
            "out: the indices are those of the others"
        )
    if not found.sigma > 0.0:
        yield "  it does not vary: there is nothing to share out"
        return
    told = found.indices[:MOST_TOLD]
    for index in told:
        total = index.total
        yield (
            f"  {index.factor:<32}{total.value:>7.3f}  {total.lower:.3f} to {total.upper:.3f} at "
            f"{percent(confidence)}"
        )
    rest = found.indices[MOST_TOLD:]
    if rest:
        most = rest[0].total
        yield f"  {len(rest)} more, each at most {most.value:.3f} (to {most.upper:.3f})"
    yield f"  sum {found.sum:.2f}: above 1 by what factors do together, chance of sampling aside"
