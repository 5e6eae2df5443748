"""Messages of the mail queue, and the notifications that SES sends through SNS."""

from typing import Any, Literal

from pydantic import AliasChoices, ConfigDict, Field

from chalicelib.core.lazy import BaseModel


class Wake(BaseModel):
    """There is mail to send: send worker `worker` is to run. The mails are in the tenants' queues."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    job: Literal["send"] = "send"
    worker: int = 0

    def body(self) -> dict[str, Any]:
        return self.model_dump()


class _SesModel(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Header(_SesModel):
    name: str
    value: str


class _TheMail(_SesModel):
    messageId: str  # noqa: N815 - SES's name
    headers: list[_Header] = []


class _Bounced(_SesModel):
    diagnosticCode: str = ""  # noqa: N815
    status: str = ""


class _Bounce(_SesModel):
    bounceType: str = "Undetermined"  # noqa: N815
    bounceSubType: str = ""  # noqa: N815
    bouncedRecipients: list[_Bounced] = []  # noqa: N815


class _Complaint(_SesModel):
    complaintFeedbackType: str | None = None  # noqa: N815


class Notification(_SesModel):
    """What SES publishes of mails: a configuration set's events, or an identity's notifications.

    They differ in the name of the first field, and only the former report mails that SES rejects.
    """

    kind: str = Field(validation_alias=AliasChoices("eventType", "notificationType"))
    # The first message that SES sends to a topic is about no mail.
    mail: _TheMail | None = None
    bounce: _Bounce | None = None
    complaint: _Complaint | None = None


def notification_in(message: str) -> Notification | None:
    """None for the plain sentence with which SES tries a topic that it is to publish to."""
    return Notification.model_validate_json(message) if message.lstrip().startswith("{") else None
