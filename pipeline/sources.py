"""What decides the rows of a store besides campaign, physics and target: sampling, and packages.

From a campaign and a run's number to a case and back to a row: a change in one of these sources, or
in a package that rounds, can change a row. A store is resumed, and a worker flies, only under the
same.
"""

from __future__ import annotations

import ast
import hashlib
from importlib.metadata import version
from pathlib import Path

_HERE = Path(__file__).parent

_FLIES = "batch"  # the module that flies a batch: what it imports, near or far, may decide a row
_DECIDES_NOTHING = {"checks", "errors", "kernel", "sources", "store", "units"}
# Compiler, random numbers, quantiles
_PACKAGES = ("llvmlite", "numba", "numpy", "scipy")


def decisive(folder: Path = _HERE) -> list[Path]:
    """The sources of the package in `folder` that can decide a row, in a fixed order."""
    found: list[Path] = []
    asked, waiting = set(_DECIDES_NOTHING), [_FLIES]
    while waiting:
        name = waiting.pop()
        if name not in asked:
            asked.add(name)
            paths = [folder / f"{name}.py", *(folder / name).rglob("*.py")]
            new = [path for path in paths if path.is_file()]
            waiting += [other for path in new for other in _imported(path)]
            found += new
    return sorted(found)


def _imported(source: Path) -> list[str]:
    """Modules and folders of the package that a source imports."""
    names: list[str] = []
    for node in ast.walk(ast.parse(source.read_bytes())):
        if isinstance(node, ast.ImportFrom):
            package, *inner = (node.module or "").split(".")
            if package == "pipeline":
                names += inner[:1] or [alias.name for alias in node.names]
    return names


def digest(folder: Path = _HERE) -> str:
    """Sixteen hexadecimal digits that name what the decisive sources say."""
    total = hashlib.sha256()
    for path in decisive(folder):
        name = path.relative_to(folder).as_posix()
        total.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()[:16]


SAMPLING_DIGEST = digest()


def package_versions() -> dict[str, str]:
    """Versions here of the packages that a row's last bits depend on."""
    return {name: version(name) for name in _PACKAGES}
