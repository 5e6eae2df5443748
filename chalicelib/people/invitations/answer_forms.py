"""What has to be entered in the forms of an invitation's pages."""

from collections.abc import Sequence

from chalicelib.core.errors import FieldError, Invalid
from chalicelib.core.text import one_line
from chalicelib.people.invitations.schemas import AnswerForm

_LABELS = {
    "email": "your email address", "password": "your password", "code": "the code", "registration_id": "the code",
}  # fmt: skip


def require(form: AnswerForm, *names: str) -> None:
    missing: Sequence[str] = [name for name in names if not getattr(form, name).strip()]
    if missing:
        raise Invalid(*(FieldError(name, "required", f"Enter {_LABELS[name]}.") for name in missing))


def require_a_name(form: AnswerForm) -> None:
    """One is enough: not everybody has two."""
    if not (one_line(form.first_name) or one_line(form.last_name)):
        raise Invalid(FieldError("first_name", "required", "Enter your name."))
