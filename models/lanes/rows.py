"""Records as rows of one flat buffer: the loaders and storers that lanes fly with.

Variable i of lane l lies at i * LANES + l, with constant i and LANES: what the compiler needs to
turn a loop over lanes into packed instructions. The code for a record is written out from its
fields, once, at import; `layout` gives each record its place.
"""

from typing import Any, NamedTuple, get_args, get_type_hints

from models.jit import kernel

LANES = 16


class Access(NamedTuple):
    """A record's place in a buffer: load(buffer, lane), store(buffer, lane, record), its rows."""

    load: Any
    store: Any
    first: int
    rows: int


def _leaves(annotation: Any, expression: str) -> tuple[str, list[str]]:
    """Source that rebuilds a record from leaves, and the source that reads each leaf out of it."""
    if annotation is float:
        return "{}", [expression]
    if hasattr(annotation, "_fields"):
        hints = get_type_hints(annotation)
        parts = [(hints[f], f"{expression}.{f}") for f in annotation._fields]
        opening, closing = f"{annotation.__name__}(", ")"
    else:
        parts = [(a, f"{expression}[{k}]") for k, a in enumerate(get_args(annotation))]
        opening, closing = "(", ")"
    texts, leaves = [], []
    for part, inner in parts:
        text, more = _leaves(part, inner)
        texts.append(text)
        leaves += more
    return opening + ", ".join(texts) + ("," if opening == "(" else "") + closing, leaves


def _classes(annotation: Any) -> dict[str, Any]:
    """Every record class that a record is made of, by name."""
    found = {}
    if hasattr(annotation, "_fields"):
        found[annotation.__name__] = annotation
        for inner in get_type_hints(annotation).values():
            found |= _classes(inner)
    return found


def access(record: Any, first: int, stride: int) -> Access:
    """Loader and storer of a record whose first row is `first`.

    stride: LANES, or 1 for what all lanes share.
    """
    template, leaves = _leaves(record, "record")
    places = [f"buffer[{(first + k) * stride} + lane]" for k in range(len(leaves))]
    source = f"def load(buffer, lane):\n    return {template.format(*places)}\n"
    source += "def store(buffer, lane, record):\n"
    source += "".join(f"    {place} = {leaf}\n" for place, leaf in zip(places, leaves, strict=True))
    made = _compiled(record, source)
    return Access(made["load"], made["store"], first, len(leaves))


def _compiled(record: Any, source: str) -> dict[str, Any]:
    """The functions of a source, compiled, by name."""
    space: dict[str, Any] = _classes(record)
    known = set(space)
    exec(source, space)
    return {k: kernel(v) for k, v in space.items() if k not in known and callable(v)}


def loaded_sum(record: Any, one: Access, other: Access, stride: int) -> Any:
    """Loader (buffer, lane, factor) of one record plus factor times another of its kind."""
    template, leaves = _leaves(record, "record")
    sums = [
        f"buffer[{(one.first + k) * stride} + lane]"
        f" + factor * buffer[{(other.first + k) * stride} + lane]"
        for k in range(len(leaves))
    ]
    source = f"def load(buffer, lane, factor):\n    return {template.format(*sums)}\n"
    return _compiled(record, source)["load"]


def added(record: Any, place: Access, stride: int) -> Any:
    """What makes of the record in a place keep times it and factor times another.

    (buffer, lane, keep, factor, record)
    """
    _, leaves = _leaves(record, "record")
    spots = [f"buffer[{(place.first + k) * stride} + lane]" for k in range(len(leaves))]
    source = "def add(buffer, lane, keep, factor, record):\n"
    source += "".join(
        f"    {spot} = keep * {spot} + factor * {leaf}\n"
        for spot, leaf in zip(spots, leaves, strict=True)
    )
    return _compiled(record, source)["add"]


def layout(stride: int, **records: Any) -> tuple[dict[str, Access], int]:
    """Places for several records one after the other, and the number of rows in all."""
    places, row = {}, 0
    for name, record in records.items():
        places[name] = access(record, row, stride)
        row += places[name].rows
    return places, row


def names(record: Any, prefix: str = "") -> list[str]:
    """Names of a record's rows, as `part.field`."""
    found = []
    for field, annotation in get_type_hints(record).items():
        if hasattr(annotation, "_fields"):
            found += names(annotation, f"{prefix}{field}.")
        elif annotation is float:
            found.append(prefix + field)
        else:
            found += [f"{prefix}{field}.{k}" for k in range(len(get_args(annotation)))]
    return found


def flatten(record: Any) -> list[Any]:
    """The leaves of a record (numbers or arrays), in row order."""
    if isinstance(record, tuple):
        return [leaf for part in record for leaf in flatten(part)]
    return [record]
