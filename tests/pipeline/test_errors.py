"""Errors: one exit code each, every problem kept, readable on the far side of a process."""

import pickle
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import BadInput, ExitCode, Interrupted, StoreProblem, problems_of


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class Everything(BaseModel):
    """One key for each sort of mistake."""

    model_config = ConfigDict(extra="forbid", strict=True)

    runs: Annotated[int, Field(ge=1)]
    name: str
    on: bool
    heights_m: Annotated[list[float], Field(min_length=1)]
    site: dict[str, float]
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]


GOOD = {
    "runs": 1,
    "name": "a",
    "on": True,
    "heights_m": [1.0],
    "site": {"elevation_m": 1000.0},
    "pet": {"kind": "cat"},
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"runs": 0}, "runs: got 0, expected >= 1"),
        ({"runs": 1.5}, "runs: got 1.5, expected a whole number"),
        ({"name": 3}, "name: got 3, expected text"),
        ({"on": "yes"}, "on: got 'yes', expected true or false"),
        ({"heights_m": []}, "heights_m: got [], expected at least 1 of them"),
        ({"heights_m": 3}, "heights_m: got 3, expected a list"),
        ({"site": {"elevation_m": None}}, "site.elevation_m: got None, expected a number"),
        ({"site": 3}, "site: got 3, expected keys and values"),
        ({"pet": {"kind": "cow"}}, "pet.kind: got 'cow', expected one of 'cat', 'dog'"),
        ({"pet": {}}, "pet.kind: missing, expected a value"),
        ({"nmae": "a"}, "nmae: unknown key, did you mean name?"),
        ({"zzz": 1}, "zzz: unknown key"),
    ],
)
def test_problems_of__names_key_found_and_expected(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Everything.model_validate(GOOD | change)
    assert problems_of(caught.value, Everything.model_fields) == [message]


def test_problems_of__keeps_every_mistake() -> None:
    with pytest.raises(ValidationError) as caught:
        Everything.model_validate({"runs": 0, "name": 3})
    assert len(problems_of(caught.value)) == 6


def test_bad_input__joins_its_problems_by_lines() -> None:
    error = BadInput(["a: got 1", "b: got 2"])
    assert str(error) == "a: got 1\nb: got 2"
    assert BadInput("alone").problems == ["alone"]
    assert pickle.loads(pickle.dumps(error)).problems == error.problems


def test_exit_codes__tell_errors_apart() -> None:
    codes = [kind("x").exit_code for kind in (BadInput, StoreProblem, Interrupted)]
    assert codes == [2, 6, 130]
    verdicts = (ExitCode.FAIL, ExitCode.INCONCLUSIVE, ExitCode.INVALID)
    assert [int(code) for code in verdicts] == [3, 4, 5]
