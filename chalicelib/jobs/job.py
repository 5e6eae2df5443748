"""What a job is: one message of the jobs queue. It carries ids only; its function reads the rest."""

from typing import Any

from pydantic import ConfigDict

from chalicelib.core.lazy import BaseModel


class Job(BaseModel):
    """Each kind has a field `job`, whose default is its name on the wire, and the ids of its tenant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    def kind(self) -> str:
        return str(type(self).model_fields["job"].default)

    @property
    def tenant_id(self) -> str:
        """Whose job it is: tenants are kept fair to each other by it."""
        return str(getattr(self, "org_id", None) or getattr(self, "msp_id", ""))

    def body(self) -> dict[str, Any]:
        return self.model_dump()


class DueJob(Job):
    """A job with a due entry: written with what it follows from, so that the sweep sends it should its message be lost.

    `due_at` is the instant by which it should have been done. A message without one has no entry of its own.
    """

    due_at: str | None = None

    @property
    def due_id(self) -> str:
        """What tells this job from others of its kind that are due at the same instant."""
        raise NotImplementedError
