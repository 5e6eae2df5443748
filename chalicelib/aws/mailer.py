"""SES: one message out, and what its answer means for whether it went.

SES has no token by which it would know a message that it took before. So a call is made once: botocore does not
repeat it, and whoever asked learns whether another try is safe.
"""

from functools import cached_property
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

from chalicelib.aws.clients import fresh
from chalicelib.aws.failures import RETRYABLE
from chalicelib.core.settings import settings

# Broken before anything was sent.
_NOT_SENT = (ConnectTimeoutError, EndpointConnectionError)

# SES refuses everybody for now: too fast, over the day's quota, or sending is paused.
_LATER = RETRYABLE | {"AccountSendingPausedException", "ConfigurationSetSendingPausedException"}


class NotSent(Exception):
    """SES did not take it; it may be tried again."""


class Refused(Exception):
    """SES did not take it and never will."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Doubtful(Exception):
    """Whether SES took it is not known."""


class Mailer:
    """One for each invocation: a connection that broke while the function was frozen would leave mails in doubt."""

    @cached_property
    def _ses(self) -> Any:
        return fresh("ses")

    def send(self, sender: str, to: str, raw: bytes, mail_id: str) -> str:
        """Gives SES's id of the message. Raises NotSent, Refused or Doubtful."""
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
            # A throttled call was refused at the door, whatever its status.
            if status >= 500 and "Throttl" not in code:
                raise Doubtful() from error
            if code in _LATER or "Throttl" in code:
                raise NotSent() from error
            raise Refused(code) from error
        except _NOT_SENT as error:
            raise NotSent() from error
        except BotoCoreError as error:
            raise Doubtful() from error
        return str(answer["MessageId"])
