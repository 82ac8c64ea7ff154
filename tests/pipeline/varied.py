"""What varies in a campaign, without the campaign: laws, design, correlations, rows."""

from types import SimpleNamespace
from typing import Any

from pydantic import TypeAdapter

from pipeline.laws import Law
from pipeline.sampling import Correlation, Design, Rows

PEDIGREE = {"tag": "E", "source": "made up"}
SEED = 20231102

_LAWS: TypeAdapter[Any] = TypeAdapter(dict[str, Law])
_DESIGN: TypeAdapter[Any] = TypeAdapter(Design)


def law(kind: str = "normal", known: str = "day", **keys: Any) -> dict[str, Any]:
    """Keys of a law; a standard normal if nothing is said."""
    if kind == "normal" and not keys:
        keys = {"mean": 0.0, "sigma": 1.0}
    return {"law": kind, "class": known, **keys, **PEDIGREE}


def pair(a: str, b: str, rho: float) -> Correlation:
    return Correlation.model_validate({"a": a, "b": b, "rho": rho, **PEDIGREE})


def rows(columns: list[str], values: Any, known: str = "day") -> Rows:
    keys = {"file": "measured.csv", "columns": columns, "values": values, "class": known}
    return Rows.model_validate(keys | PEDIGREE)


def varied(
    design: dict[str, Any] | None = None,
    laws: dict[str, dict[str, Any]] | None = None,
    correlations: tuple[Correlation, ...] = (),
    rows: dict[str, Rows] | None = None,
    seed: int = SEED,
) -> Any:
    """What `draw` asks of a campaign: three standard normals, independent, if nothing is said."""
    return SimpleNamespace(
        seed=seed,
        dispersions=_LAWS.validate_python(laws or {name: law() for name in "abc"}),
        correlations=correlations,
        rows=rows or {},
        sampling=_DESIGN.validate_python(design or {"design": "independent"}),
    )
