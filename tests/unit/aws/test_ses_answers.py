"""What SES answers, and what it means for the mail: a table, each line of it tried on the mailer."""

from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore import exceptions
from botocore.parsers import ResponseParserError
from botocore.stub import Stubber

from chalicelib.aws import mailer
from chalicelib.aws.mailer import Mailer, NotSent, OutcomeUnknown, Rejected

_ADDRESS = "Email address is not verified. The following identities failed the check in region EU-WEST-1: a@b.example"

# Code, HTTP status and sentence: as SES's reference and its guide to error messages have them.
ANSWERS: list[tuple[str, int, str, type[Exception]]] = [
    # about this recipient or this message
    ("InvalidParameterValue", 400, "Local address contains control or whitespace", Rejected),
    ("InvalidParameterValue", 400, "Message length is more than 10485760 bytes long", Rejected),
    ("ValidationError", 400, "1 validation error detected: Value at 'rawMessage.data' ...", Rejected),
    ("MessageRejected", 400, "The message contains a virus.", Rejected),
    ("MessageRejected", 400, "Address blacklisted.", Rejected),
    # the sender is not verified (any more), or the account is in the sandbox
    ("MessageRejected", 400, _ADDRESS, NotSent),
    ("MailFromDomainNotVerifiedException", 400, "Could not read the MX record", NotSent),
    # the account or the stage may not send
    ("MessageRejected", 400, "Sending suspended for this account.", NotSent),
    ("MessageRejected", 400, "Sending paused for this account. For more information, ...", NotSent),
    ("AccountSendingPausedException", 400, "", NotSent),
    ("ConfigurationSetSendingPausedException", 400, "", NotSent),
    ("ConfigurationSetDoesNotExist", 400, "Configuration set <muster-prod> does not exist.", NotSent),
    ("Throttling", 400, "Maximum sending rate exceeded.", NotSent),
    ("Throttling", 400, "Daily message quota exceeded.", NotSent),
    ("ThrottlingException", 400, "Rate exceeded", NotSent),
    ("RequestThrottled", 503, "", NotSent),
    # the function may not, or is not what it says it is
    ("AccessDenied", 403, "User ... is not authorized to perform: ses:SendRawEmail", NotSent),
    ("AccessDeniedException", 403, "", NotSent),
    ("ExpiredToken", 403, "The security token included in the request is expired", NotSent),
    ("InvalidClientTokenId", 403, "The security token included in the request is invalid.", NotSent),
    ("IncompleteSignature", 400, "", NotSent),
    ("SignatureDoesNotMatch", 403, "Signature expired", NotSent),
    ("RequestExpired", 400, "", NotSent),
    ("OptInRequired", 403, "", NotSent),
    ("NotAuthorized", 400, "", NotSent),
    # a call that is wrong for everybody's mail
    ("InvalidAction", 400, "", NotSent),
    ("MissingAction", 400, "", NotSent),
    ("MissingParameter", 400, "", NotSent),
    ("MalformedQueryString", 404, "", NotSent),
    ("InvalidQueryParameter", 400, "", NotSent),
    # whatever SES says one day
    ("SomethingNew", 400, "", NotSent),
    ("", 404, "", NotSent),
    # its servers are in trouble
    ("ServiceUnavailable", 503, "", NotSent),
    ("InternalFailure", 500, "", OutcomeUnknown),
    ("", 502, "Bad Gateway", OutcomeUnknown),
]

BROKEN: list[tuple[Exception, type[Exception]]] = [
    (exceptions.EndpointConnectionError(endpoint_url="x"), NotSent),
    (exceptions.ConnectTimeoutError(endpoint_url="x"), NotSent),
    (exceptions.ProxyConnectionError(proxy_url="x"), NotSent),
    (exceptions.NoCredentialsError(), NotSent),
    (exceptions.PartialCredentialsError(provider="env", cred_var="x"), NotSent),
    (exceptions.CredentialRetrievalError(provider="env", error_msg="x"), NotSent),
    (exceptions.NoRegionError(), NotSent),
    (exceptions.EndpointProviderError(msg="x"), NotSent),
    (exceptions.ParamValidationError(report="x"), Rejected),
    (exceptions.ReadTimeoutError(endpoint_url="x"), OutcomeUnknown),
    (exceptions.ConnectionClosedError(endpoint_url="x"), OutcomeUnknown),
    (exceptions.SSLError(endpoint_url="x", error="y"), OutcomeUnknown),
    (ResponseParserError("no XML"), OutcomeUnknown),
]


def _send(monkeypatch: pytest.MonkeyPatch, ses: Any) -> str:
    monkeypatch.setattr(mailer, "fresh", lambda service: ses)
    monkeypatch.setattr(mailer, "settings", lambda: SimpleNamespace(mail_configuration_set="muster-dev"))
    return Mailer().send("training@muster.example", "ann@example.com", b"Subject: x\n\nx", "01")


@pytest.mark.parametrize(("code", "status", "sentence", "raised"), ANSWERS)
def test_an_answer_of_ses_means(
    monkeypatch: pytest.MonkeyPatch, code: str, status: int, sentence: str, raised: type[Exception]
) -> None:
    ses = boto3.client("ses", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    with Stubber(ses) as stubber:
        stubber.add_client_error("send_raw_email", code, sentence, status)
        with pytest.raises(raised) as caught:
            _send(monkeypatch, ses)
    assert getattr(caught.value, "code", code) == code


def test_every_error_that_ses_names_for_the_call_is_in_the_table() -> None:
    model = boto3.client("ses", region_name="us-east-1").meta.service_model.operation_model("SendRawEmail")
    assert {shape.error_code for shape in model.error_shapes} <= {code for code, *_ in ANSWERS}


@pytest.mark.parametrize(
    ("error", "raised"), BROKEN, ids=lambda value: getattr(value, "__name__", type(value).__name__)
)
def test_a_call_that_broke_means(monkeypatch: pytest.MonkeyPatch, error: Exception, raised: type[Exception]) -> None:
    class Broken:
        def send_raw_email(self, **_: Any) -> Any:
            raise error

    with pytest.raises(raised):
        _send(monkeypatch, Broken())
