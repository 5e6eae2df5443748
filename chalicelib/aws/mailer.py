"""SES: sends one message, and tells from the answer whether another try is safe.

SES has no idempotency token: a repeated call sends the message again. So botocore does not retry, and the exception
tells the caller what happened.
"""

from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

from chalicelib.aws.clients import fresh
from chalicelib.aws.failures import RETRYABLE
from chalicelib.core.settings import settings

# The call failed before anything was sent.
_NOT_SENT = (ConnectTimeoutError, EndpointConnectionError)

# SES refuses all mail for now: over the rate, over the day's quota, or sending is paused.
_LATER = RETRYABLE | {"AccountSendingPausedException", "ConfigurationSetSendingPausedException"}


class NotSent(Exception):
    """SES did not take the message. Another try is safe."""


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
                Tags=[{"Name": "mail", "Value": mail_id}],
            )
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            code = str(error.response.get("Error", {}).get("Code", ""))
            # A throttled call was not carried out, whatever its status.
            if status >= 500 and "Throttl" not in code:
                raise OutcomeUnknown() from error
            if code in _LATER or "Throttl" in code:
                raise NotSent() from error
            raise Rejected(code) from error
        except _NOT_SENT as error:
            raise NotSent() from error
        except BotoCoreError as error:
            raise OutcomeUnknown() from error
        return str(answer["MessageId"])
