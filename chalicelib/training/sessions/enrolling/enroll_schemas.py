"""What the routes of enrolling people in trainings take and answer."""

from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field

from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id
from chalicelib.people.search.schemas import Filter
from chalicelib.training.sessions.states import EnrollOutcome, EnrollStatus
from chalicelib.web.schemas import Form, unique

# Limits that users meet.
MAX_PEOPLE = 10_000
MAX_TRAININGS = 20


class SessionChoice(Form):
    training_id: Id
    session_id: Id


class EnrollForm(Form):
    """Either `member_ids`, or a `filter`: active members whom the caller reaches and who match once it begins.

    `visible_from` is the moment from which the people see it and are invited; null is now.
    """

    member_ids: Annotated[list[Id], Field(max_length=MAX_PEOPLE), AfterValidator(unique)] = []
    filter: Filter | None = None
    items: Annotated[list[SessionChoice], Field(min_length=1, max_length=MAX_TRAININGS)]
    visible_from: AwareDatetime | None = None


class OverlapWith(BaseModel):
    training_id: str
    session_id: str
    title: str
    starts_utc: str
    ends_utc: str


class OverlapWarning(BaseModel):
    """`code` is `overlap`: the person, or everybody, has two sessions at the same time. Nothing is refused for it."""

    model_config = ConfigDict(defer_build=True, serialize_by_alias=True, validate_by_name=True)

    code: str
    training_id: str
    overlaps: OverlapWith = Field(alias="with")


class EnrollStarted(BaseModel):
    """`warnings` are about the sessions of the request among themselves; those about a person come with the results.

    `num_people` is null until those who match a filter are known.
    """

    enroll_id: str
    visible_from: str
    num_people: int | None
    warnings: list[OverlapWarning]


class EnrollResultOut(BaseModel):
    """`session_id` is the one that the person is in. `place_in_line` is as of now, of who waits."""

    member_id: str
    training_id: str
    session_id: str
    result: EnrollOutcome
    place_in_line: int | None
    code: str
    sentence: str
    next_step: str
    warnings: list[OverlapWarning]


class EnrollOut(BaseModel):
    """`items` are the results so far; more come while the status is `running`.

    `failed`: nobody was enrolled, and `code`, `sentence` and `next_step` say why. `num_people` is null until those who
    match a filter are known.
    """

    enroll_id: str
    status: EnrollStatus
    code: str | None
    sentence: str | None
    next_step: str | None
    visible_from: str
    num_people: int | None
    num_done: int
    items: list[EnrollResultOut]
    next_cursor: str | None
