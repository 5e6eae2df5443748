"""What the route of a badge answers."""

from pydantic import Field

from chalicelib.core.lazy import BaseModel
from chalicelib.training.certificates.badges.states import BadgeStatus


class BadgeOut(BaseModel):
    status: BadgeStatus
    url: str | None = Field(None, description="When ready: its public address, to be given to whoever should see it.")
    credential: str | None = Field(None, description="When ready: the credential itself, as at the address (VC-JWT).")
    explanation: str | None = None
