"""What the routes of notifications take and answer."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.core.alternatives import either
from chalicelib.core.lazy import BaseModel
from chalicelib.core.text import Id

MAX_MARKED = 100


class NoticeOut(BaseModel):
    """`link_id` is what it is about: of a live training the `participation_id`."""

    notification_id: str
    kind: str
    org_id: str
    link_id: str
    title: str
    text: str
    created_at: str
    read: bool


class NoticePage(BaseModel):
    """`num_unread` is counted among the newest 100."""

    num_unread: int
    items: list[NoticeOut]
    next_cursor: str | None


class NumUnread(BaseModel):
    num_unread: int


NoticeIds = Annotated[
    Literal["all"] | Annotated[list[Id], Field(min_length=1, max_length=MAX_MARKED)],
    either("invalid_ids", f'This must be "all", or a list of 1 to {MAX_MARKED} ids.'),
    Field(description='Ids, or "all".'),
]
