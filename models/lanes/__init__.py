"""Many runs side by side in packed instructions: all that knows of lanes, and no physics.

`fly` flies blocks of runs from start to end, `loops` are the loops over lanes that it calls, `ends`
where a run begins and stops, `block` says where in the buffers each record lies, `rows` how.
"""

from models.lanes.block import LEG_CASE_ROWS, PHASE_ROWS, UNIFORM_ROWS, Tables
from models.lanes.fly import FIRST_LEG_CHANNEL, HISTORY_CHANNELS, METRIC_NAMES, fly_blocks
from models.lanes.rows import LANES, flatten

__all__ = [
    "FIRST_LEG_CHANNEL",
    "HISTORY_CHANNELS",
    "LANES",
    "LEG_CASE_ROWS",
    "METRIC_NAMES",
    "PHASE_ROWS",
    "UNIFORM_ROWS",
    "Tables",
    "flatten",
    "fly_blocks",
]
