"""TODO."""

from typing import Any

from pydantic import ConfigDict

from chalicelib.core.lazy import BaseModel


class Job(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def body(self) -> dict[str, Any]:
        return self.model_dump()
