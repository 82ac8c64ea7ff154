"""The suffix of a name is its unit: `touchdown_speed_mps` is in m s-1. Written once, here.

Units are spelt the CF way (UDUNITS): factors apart by blanks, powers as signed numbers, "1" for
none.
"""

from collections.abc import Collection

_UNITS = {
    # length, area, volume
    "m": "m",
    "m2": "m2",
    "m3": "m3",
    # motion
    "mps": "m s-1",
    "mps2": "m s-2",
    "rad": "rad",
    "radps": "rad s-1",
    "radps2": "rad s-2",
    "deg": "degree",
    "dps": "degree s-1",
    "radpm": "rad m-1",
    "degpm": "degree m-1",
    # time
    "s": "s",
    "hz": "s-1",
    "per_s": "s-1",
    # noise densities
    "mps2_rthz": "m s-2 Hz-0.5",
    "mps3_rthz": "m s-3 Hz-0.5",
    "radps_rthz": "rad s-1 Hz-0.5",
    "radps2_rthz": "rad s-2 Hz-0.5",
    # mass and inertia
    "kg": "kg",
    "kgps": "kg s-1",
    "kgm": "kg m",
    "kgm2": "kg m2",
    "kgpm3": "kg m-3",
    # force and what it does
    "n": "N",
    "nm": "N m",
    "ns": "N s",
    "nms": "N m s",
    "npm": "N m-1",
    "nspm": "N s m-1",
    "nmsprad": "N m s rad-1",
    "j": "J",
    "w": "W",
    # gas
    "pa": "Pa",
    "k": "K",
}

# Last words that say "no unit"; they stay part of the name people read.
_DIMENSIONLESS = frozenset(
    {
        "coefficient",
        "count",
        "exponent",
        "factor",
        "fraction",
        "friction",
        "index",
        "margin",
        "member",
        "probability",
        "ratio",
        "scale",
        "severity",
        "state",
        "throttle",
    }
)

_SPELLINGS = {
    "cg": "centre of gravity",
    "cp": "centre of pressure",
    "enu": "ENU",
    "gnss": "GNSS",
    "imu": "IMU",
    "isp": "specific impulse",
}


def unit_of(name: str, dimensionless: Collection[str] = ()) -> str:
    """CF unit of what `name` names, from its last words; "1" for a name in `dimensionless`.

    Raises ValueError for a name that ends in no known unit: that is a mistake to mend in the
    name, not to guess at.
    """
    if name in dimensionless or name.rpartition("_")[2] in _DIMENSIONLESS:
        return "1"
    suffix = _suffix(name)
    if suffix is None:
        known = ", ".join(f"_{word}" for word in sorted({*_UNITS, *_DIMENSIONLESS}))
        raise ValueError(f"{name}: ends in no unit; known endings are {known}")
    return _UNITS[suffix]


def long_name_of(name: str) -> str:
    """What `name` names, without its unit: `touchdown_speed_mps` -> touchdown speed."""
    words = name.removesuffix(f"_{_suffix(name)}").split("_")
    return " ".join(_SPELLINGS.get(word, word) for word in words)


def _suffix(name: str) -> str | None:
    """The longest known unit at the end of `name`, which must say more than its unit."""
    _, *words = name.split("_")
    endings = ("_".join(words[start:]) for start in range(len(words)))
    return next((ending for ending in endings if ending in _UNITS), None)
