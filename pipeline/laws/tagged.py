"""Sections that say by one key which model they follow: mistakes named by the keys of the file."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError, ValidatorFunctionWrapHandler
from pydantic_core import InitErrorDetails


def without_tag(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """Validate a tagged section; name a mistake by the keys of the file.

    Pydantic puts the chosen model into the path (`thrust_scale.normal.sigma`); nobody wrote that.
    """
    try:
        return validate(value)
    except ValidationError as error:
        mistakes = [
            InitErrorDetails(
                type=mistake["type"],
                loc=mistake["loc"][1:],
                input=mistake["input"],
                ctx=mistake.get("ctx", {}),
            )
            for mistake in error.errors(include_url=False)
        ]
        raise ValidationError.from_exception_data(error.title, mistakes) from None
