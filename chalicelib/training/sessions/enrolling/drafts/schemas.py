"""A draft's form: what was chosen, whether or not people can be enrolled like this."""

from typing import Any, Literal

from chalicelib.core.lazy import BaseModel


class EnrollDraftForm(BaseModel):
    """`filter` chooses whoever matches, besides `member_ids` and without `without`. `sessions` are by training.

    `day` and `time` are as they were typed, in the organization's time zone.
    """

    member_ids: list[str] = []
    without: list[str] = []
    filter: dict[str, Any] | None = None
    sessions: dict[str, str] = {}
    visible: Literal["now", "later"] = "now"
    day: str = ""
    time: str = ""

    @property
    def has_people(self) -> bool:
        return bool(self.member_ids) or self.filter is not None

    def people(self) -> dict[str, Any]:
        """As the request to enroll takes them."""
        if self.filter is None:
            return {"member_ids": self.member_ids}
        return {"filter": {**self.filter, "also": self.member_ids, "without": self.without}}
