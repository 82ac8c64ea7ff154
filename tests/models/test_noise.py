"""Counter-based noise: the authors' known answers, normality, and independence of streams.

Known answers: Random123 (Salmon et al., SC11), file kat_vectors, lines `philox4x32 10`.
"""

import numpy as np
import pytest
from scipy import stats

from models import noise
from models.structs import Seed

_KNOWN = [
    (
        (0, 0, 0, 0),
        (0, 0),
        (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8),
    ),
    (
        (0xFFFFFFFF,) * 4,
        (0xFFFFFFFF,) * 2,
        (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD),
    ),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]

N = 20_000
SEED = Seed(5.0, 9.0)


def _samples(stream: int, seed: Seed = SEED, count: int = N) -> np.ndarray:
    """(tick, 4) normals of a stream."""
    return np.array([noise.normals(seed, stream, float(tick)) for tick in range(count)])


@pytest.mark.parametrize(("counter", "key", "expected"), _KNOWN)
def test_philox__gives_the_authors_known_answers(
    counter: tuple[int, ...], key: tuple[int, ...], expected: tuple[int, ...]
) -> None:
    words = noise.philox(*(np.uint64(word) for word in counter + key))
    assert tuple(int(word) for word in words) == expected


def test_philox__a_wrong_answer_would_be_seen() -> None:
    """One bit of the counter changes half of the 128 bits: 64 +- 4 deviations of 5.7."""
    first = noise.philox(*(np.uint64(0) for _ in range(6)))
    second = noise.philox(np.uint64(1), *(np.uint64(0) for _ in range(5)))
    changed = sum((int(a) ^ int(b)).bit_count() for a, b in zip(first, second, strict=True))
    assert 41 <= changed <= 87


def test_normals__are_standard_normal() -> None:
    x = _samples(noise.GYRO).ravel()
    # Kolmogorov-Smirnov at one in a million: fixed seed, so this either holds or never does
    assert stats.kstest(x, "norm").pvalue > 1e-6
    four_sigma = 4.0 / np.sqrt(x.size)
    assert abs(x.mean()) < four_sigma
    assert abs(x.var() - 1.0) < four_sigma * np.sqrt(2.0)
    assert abs((x**3).mean()) < four_sigma * np.sqrt(15.0)
    assert abs((x**4).mean() - 3.0) < four_sigma * np.sqrt(96.0)


def test_normals__are_independent_of_each_other_and_of_other_streams_and_runs() -> None:
    one, other = _samples(noise.GYRO), _samples(noise.ACCELEROMETER)
    run = _samples(noise.GYRO, Seed(6.0, 9.0))
    lag = np.vstack([one[1:], one[:1]])
    columns = np.hstack([one, other, run, lag])
    correlation = np.corrcoef(columns.T) - np.eye(columns.shape[1])
    # 120 pairs: five standard errors leave one chance in 14,000
    assert np.max(np.abs(correlation)) < 5.0 / np.sqrt(N)
    assert np.max(np.abs(np.corrcoef((columns**2).T) - np.eye(16))) < 5.0 / np.sqrt(N)


def test_normals__depend_on_seed_stream_and_tick_alone() -> None:
    again = noise.normals(SEED, noise.GYRO, 17.0)
    assert tuple(_samples(noise.GYRO, count=18)[17]) == again
    assert again != noise.normals(Seed(5.0, 10.0), noise.GYRO, 17.0)


def test_normals__whole_seed_matters_to_its_last_bit() -> None:
    large = noise.normals(Seed(4294967295.0, 4294967295.0), noise.GYRO, 0.0)
    assert large != noise.normals(Seed(4294967294.0, 4294967295.0), noise.GYRO, 0.0)
    assert np.isfinite(large).all()


def test_uniforms__fill_the_open_interval_evenly() -> None:
    u = np.array([noise.uniforms(SEED, noise.COMPUTER, float(t)) for t in range(N)])
    assert u.min() > 0.0
    assert u.max() < 1.0
    assert stats.kstest(u.ravel(), "uniform").pvalue > 1e-6
    assert abs(np.corrcoef(u.T)[0, 1]) < 4.0 / np.sqrt(N)


def test_streams__have_a_number_each() -> None:
    numbers = [value for name, value in vars(noise).items() if name.isupper() and name[0] != "_"]
    assert len(numbers) == len(set(numbers)) > 5
