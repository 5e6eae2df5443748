"""What goes in and comes out of `/auth`."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from chalicelib.core.addresses import AccountEmail
from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id, LineOrNothing
from chalicelib.web.schemas import Form

# Longer than any that is accepted: passwords.py says which rule one breaks.
_Password = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
_Code = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\s*[0-9A-Za-z]{1,32}\s*$")]
_Login = Annotated[str, StringConstraints(min_length=1, max_length=254, pattern=r"^[^\x00-\x1f\x7f]*$")]
_Session = Annotated[str, StringConstraints(min_length=1, max_length=4000)]


class Register(Form):
    email: AccountEmail
    password: _Password
    first_name: LineOrNothing = ""
    last_name: LineOrNothing = ""


class Registered(BaseModel):
    """Needed to confirm, with the code that was mailed."""

    registration_id: str


class Confirm(Form):
    registration_id: Id
    code: _Code


class Resend(Form):
    registration_id: Id


def _only(given: set[str], null: set[str]) -> dict[str, Any]:
    """JSON Schema: these fields are texts, and those null or left out."""
    types = {name: {"type": "string"} for name in sorted(given)} | {name: {"type": "null"} for name in sorted(null)}
    return {"required": sorted(given), "properties": types}


class LogIn(Form):
    """`login` is the e-mail address or the login name. Either `password`, or `session` and `new_password`."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                _only({"password"}, null={"session", "new_password"}),
                _only({"session", "new_password"}, null={"password"}),
            ]
        }
    )

    login: _Login
    password: _Password | None = None
    session: _Session | None = None
    new_password: _Password | None = None

    @model_validator(mode="after")
    def _either(self) -> "LogIn":
        given = (self.password is not None, self.session is not None, self.new_password is not None)
        if given not in ((True, False, False), (False, True, True)):
            raise PydanticCustomError("one_of", "Send either password, or session and new_password.")
        return self


class TokensOut(BaseModel):
    """`id_token` goes into the header Authorization; `expires_in` is in seconds.

    Cognito's access token is for Cognito alone: with it, anybody could have our sender mail any address.
    """

    id_token: str
    refresh_token: str
    expires_in: int


class LogInOut(BaseModel):
    """The tokens; or `challenge` and `session`, when the password was one to be replaced."""

    id_token: str | None = None
    refresh_token: str | None = None
    expires_in: int | None = None
    challenge: Literal["new_password_required"] | None = None
    session: str | None = Field(None, description="Send it back with new_password, within some minutes.")


class Refresh(Form):
    refresh_token: Annotated[str, StringConstraints(min_length=1, max_length=8000)]


class Forgot(Form):
    email: AccountEmail


class Reset(Form):
    email: AccountEmail
    code: _Code
    new_password: _Password


class Accepted(BaseModel):
    """Understood. Whether anything comes of it is told to the mailbox only."""
