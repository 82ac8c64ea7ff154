"""The short share of the benchmarks that CI runs: ratios within one run, never times."""

import re
from math import sin
from typing import Any

import numba

from models import jit
from models.lanes import loops
from pipeline import build, kernel
from pipeline.config import load_campaign
from tests.benchmarks.bench_kernel import lanes_against_scalar


def test_lanes__fly_at_least_twice_as_fast_as_one_run_at_a_time_and_land_where_it_lands() -> None:
    """Both compile the same functions with the same flags; only the order of additions differs."""
    campaign = load_campaign("campaigns/hop_178m.yaml")
    kernel.warm_up()
    found = lanes_against_scalar(campaign, build.setup(campaign), n=32, repeats=3)
    assert found["lanes_over_scalar"] >= 2.0
    assert found["lanes_against_scalar_outcomes_that_differ"] == 0
    assert found["lanes_against_scalar_largest_m_at_touchdown"] < 1e-8


_LIBRARY = re.compile(r"\b(sin|cos|sincos|tan|atan2?|asin|acos|exp|log|pow|cbrt|hypot|fmod)\b")


def _machine_code(loop: Any, arguments: tuple[Any, ...]) -> str:
    compiled = numba.njit(error_model="numpy", fastmath=jit.FAST_MATH)(loop)
    compiled.compile(arguments)
    (text,) = compiled.inspect_asm().values()
    return str(text)


def test_integrator__calls_no_mathematical_library() -> None:
    """Neither by name nor through a pointer to it; a sine in the loop would be seen."""
    rows, number = numba.float64[::1], numba.float64
    derivative = _machine_code(loops.rates.py_func, (rows, *(number,) * 4))
    assert len(re.findall(r"vfn?m(?:add|sub)\d+pd", derivative)) > 100  # packed multiply-adds
    assert not _LIBRARY.search(derivative)

    def with_sine(rows: Any) -> None:
        for k in range(16):
            rows[k] = sin(rows[k])

    assert _LIBRARY.search(_machine_code(with_sine, (rows,)))
