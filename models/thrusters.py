"""Roll thrusters: an on/off couple about body z. The little gas they use is left out."""

from models.jit import kernel


@kernel
def roll_moment(roll, thrusters):
    """Moment about body z, N m, of the pair that fires: roll -1, 0 or 1, or a mean.  §9.1"""
    return 2.0 * roll * thrusters.force_n * thrusters.arm_m
