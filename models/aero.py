"""Aerodynamic force and moment of a slender body with legs, at any angle of attack.

Axial drag, potential lift and crossflow drag, added as in Allen & Perkins, NACA Report 1048 (1951),
and Jorgensen, NASA TR R-474 (1977), which hold from 0 to 180 deg; base first has an axial drag area
of its own. Incompressible. Left out: interaction with the plume (EST: within the dispersion of the
axial drag area), lags of the flow. Sphere, box and absolute damping serve check cases.
"""

from math import sqrt

from models.jit import kernel
from models.vectors import norm


@kernel
def wrench(v_air_body, omega_body, rho, aero):
    """Force N and moment N m about the base centre, in body axes.  §10

    v_air_body is the vehicle's velocity through the air at the base centre.

        lateral    F = -rho/2 (A_c |v_lat| + A_l |v_z|) v_lat
                   at two centres of pressure, v_lat with the turning there
        axial      F_z = -rho/2 A_z |v_z| v_z,  A_z nose first or base first
        sphere     F = -rho/2 A_s |v| v                            at its own centre
        box        F_i = -rho/2 A_i |v_i| v_i                          at its own centre
        damping    M = -rho/2 |v| D omega - C omega                    each axis its own
    """
    vx, vy, vz = v_air_body
    wx, wy, wz = omega_body
    half_rho = 0.5 * rho
    speed = norm(v_air_body)

    # Crossflow and potential lift, with the air's speed where they act
    z_c = aero.cp_crossflow_z_m
    z_l = aero.cp_lift_nose_first_z_m if vz > 0.0 else aero.cp_lift_base_first_z_m
    cx, cy = vx + wy * z_c, vy - wx * z_c
    crossflow = -half_rho * aero.crossflow_m2 * sqrt(cx * cx + cy * cy)
    lift = -half_rho * aero.lift_m2 * abs(vz)
    lx, ly = lift * (vx + wy * z_l), lift * (vy - wx * z_l)
    cx, cy = crossflow * cx, crossflow * cy

    # Axial, sphere, box
    axial_area = aero.axial_nose_first_m2 if vz > 0.0 else aero.axial_base_first_m2
    sphere = -half_rho * aero.sphere_m2 * speed
    sx, sy = sphere * vx, sphere * vy
    box_x = -half_rho * aero.box_x_m2 * abs(vx) * vx
    box_y = -half_rho * aero.box_y_m2 * abs(vy) * vy
    box_z = -half_rho * aero.box_z_m2 * abs(vz) * vz
    axial = -half_rho * axial_area * abs(vz) * vz + sphere * vz + box_z

    arm_x = z_c * cx + z_l * lx + aero.cp_sphere_z_m * sx + aero.cp_box_z_m * box_x
    arm_y = z_c * cy + z_l * ly + aero.cp_sphere_z_m * sy + aero.cp_box_z_m * box_y
    damping = half_rho * speed
    return (cx + lx + sx + box_x, cy + ly + sy + box_y, axial), (
        -arm_y - (damping * aero.damping_x_m4 + aero.damping_x_nms) * wx,
        arm_x - (damping * aero.damping_y_m4 + aero.damping_y_nms) * wy,
        -(damping * aero.damping_z_m4 + aero.damping_z_nms) * wz,
    )
