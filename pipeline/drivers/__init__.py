"""What drives failures: from runs already flown, and shares of variance from runs made for it.

`find` compares failed with successful runs, input by input. `sobol` flies a design of its own; it
is imported by name, since it brings the kernel.
"""

from pipeline.drivers.study import find, find_each, opened
from pipeline.drivers.text import as_json, as_text
from pipeline.drivers.values import Drivers

__all__ = ["Drivers", "as_json", "as_text", "find", "find_each", "opened"]
