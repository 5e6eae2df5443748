"""A job: one message of the jobs queue. It carries ids only; its function reads the rest."""

from typing import Any

from pydantic import ConfigDict

from chalicelib.core.lazy import BaseModel


class Job(BaseModel):
    """Each kind has a field `job`, whose default is its name on the wire, and `org_id` or `msp_id`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    def kind(self) -> str:
        return str(type(self).model_fields["job"].default)

    @property
    def tenant_id(self) -> str:
        """The queue is fair between tenants by this id."""
        return str(getattr(self, "org_id", None) or getattr(self, "msp_id", ""))

    def body(self) -> dict[str, Any]:
        return self.model_dump()


class DueJob(Job):
    """A job with a due entry, so that the sweeper sends it again if its message was lost.

    `due_at` is the instant by which it should be done. A message without it has no entry of its own.
    """

    due_at: str | None = None

    @property
    def due_id(self) -> str:
        """Distinguishes jobs of one kind that are due at the same instant."""
        raise NotImplementedError


class WalkJob(DueJob):
    """A job over very many items: each message does a part, and sends the next one, which begins at `position`.

    The due entry keeps the position as well. A walk that was interrupted goes on from there, not from the beginning.
    """

    position: str | None = None
