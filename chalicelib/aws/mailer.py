"""SES: sends one message, and tells from the answer whether another try is safe.

SES has no idempotency token: a repeated call sends the message again. So botocore does not retry, and the exception
tells the caller what happened.
"""

from enum import Enum, auto
from functools import cached_property
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    EndpointProviderError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProxyConnectionError,
)
from botocore.parsers import ResponseParserError

from chalicelib.aws.clients import fresh
from chalicelib.core.settings import settings

# The call failed before anything was sent.
_NOT_SENT = (
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    EndpointProviderError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProxyConnectionError,
)


# The tag that has the mail's id: SES's events of the mail bring it back.
MAIL_TAG = "mail"


class Meaning(Enum):
    """What an answer of SES says of the mail."""

    # This recipient or this message: it is refused, and would be refused again.
    FINAL = auto()
    # Everybody's mail is refused, for as long as something is not as it should be. The mail waits.
    LATER = auto()
    # It may have been sent.
    UNKNOWN = auto()


# SES has the code for a message that it takes for harmful, and for accounts and senders that may not send (yet, or any
# more). Only what it says tells them apart.
_ABOUT_EVERYBODY = ("not verified", "paused", "suspended", "shut down", "under review", "quota", "sending rate")

# By SES's code. A code that is not here is about the account, the function or the call, or it is new: the mail waits.
_FINAL = frozenset({"InvalidParameterValue", "MessageRejected", "ValidationError"})
# A server's error whose code says that the call was not carried out.
_SHED = frozenset({"ServiceUnavailable"})


def meaning_of(code: str, status: int, message: str) -> Meaning:
    """What SES's answer means: its error code, the HTTP status and its sentence."""
    if "Throttl" in code or code in _SHED:
        return Meaning.LATER
    if status >= 500:
        return Meaning.UNKNOWN
    if code in _FINAL and not any(words in message.lower() for words in _ABOUT_EVERYBODY):
        return Meaning.FINAL
    return Meaning.LATER


class NotSent(Exception):
    """SES did not take the message. Another try is safe. `code` is SES's, or the name of what failed before it."""

    def __init__(self, code: str = "") -> None:
        super().__init__(code)
        self.code = code


class Rejected(Exception):
    """SES did not take the message and never will."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class OutcomeUnknown(Exception):
    """It is not known whether SES took the message."""


class Mailer:
    """One for each invocation: on a connection that broke while the function was frozen, outcomes would be unknown."""

    @cached_property
    def _ses(self) -> Any:
        return fresh("ses")

    def send(self, sender: str, to: str, raw: bytes, mail_id: str) -> str:
        """Gives the message id of SES. Raises NotSent, Rejected or OutcomeUnknown."""
        try:
            answer = self._ses.send_raw_email(
                Source=sender,
                Destinations=[to],
                RawMessage={"Data": raw},
                ConfigurationSetName=settings().mail_configuration_set,
                Tags=[{"Name": MAIL_TAG, "Value": mail_id}],
            )
        except ClientError as error:
            refusal = error.response.get("Error", {})
            code = str(refusal.get("Code", ""))
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            match meaning_of(code, status, str(refusal.get("Message", ""))):
                case Meaning.FINAL:
                    raise Rejected(code) from error
                case Meaning.LATER:
                    raise NotSent(code) from error
                case Meaning.UNKNOWN:
                    raise OutcomeUnknown() from error
        except ParamValidationError as error:
            raise Rejected(type(error).__name__) from error
        except _NOT_SENT as error:
            raise NotSent(type(error).__name__) from error
        except (BotoCoreError, ResponseParserError) as error:
            raise OutcomeUnknown() from error
        return str(answer["MessageId"])
