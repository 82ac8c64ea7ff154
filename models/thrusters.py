"""Roll thrusters: an on/off couple about body z. Their small gas consumption is left out of the mass."""

from models.jit import kernel


@kernel
def roll_moment(roll, thrusters):
    """Moment about body z, N m, of the pair that fires (roll = -1, 0, 1; between while it switches).  §9.1"""
    return 2.0 * roll * thrusters.force_n * thrusters.arm_m
