"""What goes in and comes out of `/me/email`."""

from typing import Annotated

from pydantic import StringConstraints

from chalicelib.core.addresses import AccountEmail
from chalicelib.core.lazy import BaseModel
from chalicelib.web.schemas import Form


class ChangeEmail(Form):
    """`password` is needed when the log-in is older than ten minutes."""

    email: AccountEmail
    password: Annotated[str, StringConstraints(min_length=1, max_length=1000)] | None = None


class EmailAsked(BaseModel):
    """Where the code goes."""

    email: str


class ConfirmEmail(Form):
    code: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\s*[0-9]{1,8}\s*$")]


class KeptIn(BaseModel):
    org_id: str
    name: str


class EmailChanged(BaseModel):
    """`kept_in`: organizations where somebody else has the address already, so that the old one stays there."""

    email: str
    kept_in: list[KeptIn]
