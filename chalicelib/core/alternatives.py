"""Fields that take one of two kinds of values, such as `"now"` or an instant."""

from typing import Any

from pydantic import ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticCustomError


def either(code: str, sentence: str) -> WrapValidator:
    """For `Annotated[A | B, either(...)]`: one error of the field itself.

    The validator would give one for each kind, under the names of types as if they were fields.
    """

    def validate(value: Any, handler: ValidatorFunctionWrapHandler) -> Any:
        try:
            return handler(value)
        except ValidationError:
            # A sentence with braces would be filled in.
            raise PydanticCustomError(code, "{sentence}", {"sentence": sentence}) from None

    return WrapValidator(validate)
