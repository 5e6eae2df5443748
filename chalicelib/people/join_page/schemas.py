"""What the routes of the join page take and answer."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from chalicelib.core.lazy import BaseModel
from chalicelib.web.schemas import Form

# One item holds them, and the page tells of the first few.
MAX_DOMAINS = 100


class JoinPageForm(Form):
    """Replaces what was set before."""

    enabled: bool
    slug: Annotated[str, StringConstraints(max_length=100)] | None = Field(
        None,
        description="The last part of the page's address: 3 to 63 small letters, digits and hyphens within. "
        "An address that is given up can be taken by others.",
    )
    allowed_domains: Annotated[
        list[Annotated[str, StringConstraints(max_length=255)]], Field(max_length=MAX_DOMAINS)
    ] = Field(
        default_factory=list,
        description="Who may join has an address of exactly one of these domains; those below one are named on their "
        "own. Empty for anybody.",
    )


class JoinProblem(BaseModel):
    """What keeps the page from being shown although it is switched on."""

    code: Literal["closed", "no_subscription", "no_group"]
    message: str


class JoinPageOut(BaseModel):
    """`allowed_domains` as the DNS writes them. `url` is the link to give to people; it works while `shown`."""

    enabled: bool
    slug: str | None
    allowed_domains: list[str]
    url: str | None
    shown: bool
    problems: list[JoinProblem]


class JoinForm(Form):
    """The fields of the page. `request` is the form's own id: the same form sent twice asks once."""

    request: Annotated[str, StringConstraints(max_length=64)] = ""
    email: Annotated[str, StringConstraints(max_length=320)] = ""
    group_id: Annotated[str, StringConstraints(max_length=64)] = ""
    location_id: Annotated[str, StringConstraints(max_length=64)] = ""


class VerifyQuery(Form):
    request: Annotated[str, StringConstraints(max_length=64)] = Field(
        "", description="Which request to join it is; the page for it follows on the first one."
    )


class VerifyForm(Form):
    request: Annotated[str, StringConstraints(max_length=64)] = ""
    code: Annotated[str, StringConstraints(max_length=64)] = ""
