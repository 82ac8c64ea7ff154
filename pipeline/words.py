"""Names, units and numbers as people read them: degrees, m/s for m s-1, 0.9973 for a share.

The store keeps SI and radians; every table, plot and line of text goes through here.
"""

from __future__ import annotations

import re
from math import ceil, isfinite, isinf, isnan, log10
from typing import TypeVar

import numpy as np

from pipeline.spelling import in_file, to_si
from pipeline.units import long_name_of, unit_of

MISSING = "–"
SUPERSCRIPTS = str.maketrans("0123456789.-", "⁰¹²³⁴⁵⁶⁷⁸⁹·⁻")

Value = TypeVar("Value", float, np.ndarray)


def spoken(name: str) -> str:
    """What a name of the store means, in words: `touchdown_tilt_rad` -> touchdown tilt."""
    return long_name_of(name) if _ends_in_unit(name) else name.replace("_", " ")


def unit(name: str) -> str:
    """Unit in which people read what `name` names; empty where it has none."""
    if not _ends_in_unit(_shown(name)):
        return ""
    words = [_split(word) for word in unit_of(_shown(name)).split()]
    over = [f"{base}{_power(power)}" for base, power in words if power > 0]
    under = [f"/{base}{_power(-power)}" for base, power in words if power < 0]
    return " ".join(over) + "".join(under)


def sentence(words: str) -> str:
    """Words with a capital at the head, the others as they are."""
    return words[:1].upper() + words[1:]


def titled(name: str) -> str:
    """Name and unit, for an axis or the head of a column: `touchdown tilt, deg`."""
    return f"{spoken(name)}, {unit(name)}" if unit(name) else spoken(name)


def for_people(name: str, values: Value) -> Value:
    """Values of the store in the unit that people read: here radians turn into degrees."""
    return values / to_si(_shown(name), 1.0)


def quantity(name: str, value: float, digits: int = 3) -> str:
    """One value of the store under `name`, with its unit."""
    text = number(for_people(name, float(value)), digits)
    return f"{text} {unit(name)}" if unit(name) and isfinite(value) else text


def number(value: float, digits: int = 3) -> str:
    """A number with that many significant digits; a dash for NaN, the sign for infinity."""
    if isnan(value):
        return MISSING
    if isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0.0:
        return "0"
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    power = int(exponent)
    if -3 <= power < 6:
        return f"{value:,.{max(0, digits - 1 - power)}f}".replace("-", "−")
    return f"{mantissa}×10{str(power).translate(SUPERSCRIPTS)}".replace("-", "−")


def fixed(value: float, scale: float) -> str:
    """A number with as many decimals as tell `scale`, say its sigma, to three digits."""
    if not (isfinite(value) and isfinite(scale)) or scale <= 0.0:
        return number(value)
    decimals = max(0, 2 - int(np.floor(np.log10(scale))))
    if decimals > 6:
        return number(value)
    rounded = round(value, decimals) + 0.0  # no minus sign before a zero
    return f"{rounded:,.{decimals}f}".replace("-", "−")


def digits_for(typical: float, spread: float) -> int:
    """Digits that show a spread of values about a typical one: 3 to 6."""
    if not (isfinite(typical) and isfinite(spread)) or typical == 0.0 or spread <= 0.0:
        return 3
    return min(6, max(3, ceil(log10(abs(typical) / spread)) + 2))


def share(probability: float) -> str:
    """A probability with enough digits to tell it from 0 and 1."""
    if isnan(probability):
        return MISSING
    rest = min(probability, 1.0 - probability)
    decimals = 4 if rest <= 0.0 else min(9, max(4, 2 + ceil(-log10(rest))))
    return f"{probability:.{decimals}f}"


def percent(fraction: float) -> str:
    """A fraction as a percentage, without needless digits: 0.9973 -> 99.73 %."""
    return f"{round(100.0 * fraction, 9):g} %"


def count(number_of: int) -> str:
    """A whole number with its thousands apart."""
    return f"{number_of:,}"


def between(name: str, lower: float, upper: float, digits: int = 3) -> str:
    """An interval of the store's quantity `name`, without its unit; `none` where it is open."""
    ends = [for_people(name, value) for value in (float(lower), float(upper))]
    if not any(map(isfinite, ends)):
        return "none"
    return " to ".join(number(end, digits) if isfinite(end) else "none" for end in ends)


def _shown(name: str) -> str:
    """The name in the unit that people read, where that unit has a spelling."""
    return in_file(name) if _ends_in_unit(in_file(name)) else name


def _ends_in_unit(name: str) -> bool:
    try:
        unit_of(name)
    except ValueError:
        return False
    return True


def _split(word: str) -> tuple[str, float]:
    """Base and power of one factor of a CF unit; "1" is no factor."""
    found = re.fullmatch(r"([A-Za-z]+)(-?[\d.]+)?", word)
    if found is None:
        return "", 0.0
    base = {"degree": "deg"}.get(found[1], found[1])
    return base, float(found[2] or 1.0)


def _power(power: float) -> str:
    return "" if power == 1.0 else f"{power:g}".translate(SUPERSCRIPTS)
