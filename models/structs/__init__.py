"""Every record that crosses a kernel boundary: named tuples of floats, 3-vectors and quaternions.

SI and radians throughout; a name ends in its unit, a vector names its frame (`enu`, `body`). The
vehicle and campaign files use these very field names (with `_deg` for `_rad`), so there is no
mapping table.

Body frame: origin on the vehicle axis in the plane of the deployed, unloaded foot pads ("the base
centre"), z to the nose, x and y lateral. World frame: origin on the landing target at ground
level, east, north, up.
"""

# The one door to the records: everyone imports them from here. Each name is written once.
# ruff: noqa: F403
from models.structs.case import *
from models.structs.software import *
from models.structs.state import *
