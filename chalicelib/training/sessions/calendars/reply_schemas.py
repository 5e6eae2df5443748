"""SES's notification of a mail that it took in and put into the bucket."""

from pydantic import ConfigDict

from chalicelib.core.lazy import BaseModel


class _SesModel(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Verdict(_SesModel):
    status: str = "GRAY"


class _Action(_SesModel):
    objectKey: str  # noqa: N815 - SES's name


class _Receipt(_SesModel):
    """`recipients` are those of the envelope."""

    recipients: list[str] = []
    spamVerdict: _Verdict = _Verdict()  # noqa: N815
    virusVerdict: _Verdict = _Verdict()  # noqa: N815
    spfVerdict: _Verdict = _Verdict()  # noqa: N815
    dkimVerdict: _Verdict = _Verdict()  # noqa: N815
    action: _Action

    @property
    def is_verified(self) -> bool:
        """The mail comes from where it says, and is neither spam nor worse."""
        is_known = "PASS" in (self.spfVerdict.status, self.dkimVerdict.status)
        return is_known and "FAIL" not in (self.spamVerdict.status, self.virusVerdict.status)


class _Mail(_SesModel):
    messageId: str = ""  # noqa: N815


class Received(_SesModel):
    mail: _Mail = _Mail()
    receipt: _Receipt


def received_in(message: str) -> Received | None:
    """None for what is no such notification, as the sentence with which SES tries a topic."""
    if not message.lstrip().startswith("{") or '"receipt"' not in message:
        return None
    return Received.model_validate_json(message)
