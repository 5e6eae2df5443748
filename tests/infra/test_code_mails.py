"""What Cognito's function for its mails makes of Cognito's events."""

from typing import Any

import pytest

from infra.code_mails import handler

# As Cognito sends them: a mark where it will put the code.
_CODE, _USER_NAME = "{####}", "{username}"
_WITH_CODE = ("SignUp", "ResendCode", "ForgotPassword", "UpdateUserAttribute", "VerifyUserAttribute")


def _event(kind: str, metadata: dict[str, str] | None = None) -> dict[str, Any]:
    return {
        "version": "1",
        "triggerSource": f"CustomMessage_{kind}",
        "userName": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "request": {
            "userAttributes": {"email": "ann@example.com"},
            "codeParameter": _CODE,
            "usernameParameter": _USER_NAME if kind == "AdminCreateUser" else None,
            "clientMetadata": metadata,
        },
        "response": {"smsMessage": None, "emailMessage": None, "emailSubject": None},
    }


def _written(kind: str, organization: str | None = None) -> tuple[str, str]:
    metadata = None if organization is None else {"organization": organization}
    response = handler(_event(kind, metadata), None)["response"]
    return response["emailSubject"], response["emailMessage"]


@pytest.mark.parametrize("kind", [*_WITH_CODE, "AdminCreateUser"])
def test_each_mail_names_the_organization_and_holds_what_cognito_fills_in(kind: str) -> None:
    subject, message = _written(kind, "Acme & Sons")
    assert "Acme & Sons" in subject
    assert "Acme &amp; Sons" in message
    assert _CODE in message
    assert (_USER_NAME in message) == (kind == "AdminCreateUser")
    assert "Muster" in message


@pytest.mark.parametrize("kind", [*_WITH_CODE, "AdminCreateUser"])
def test_without_an_organization_it_still_says_muster(kind: str) -> None:
    subject, message = _written(kind)
    assert subject.endswith("Muster")
    assert "organization" in message
    assert _CODE in message


def test_each_code_says_what_it_is_for() -> None:
    assert "confirm your email address" in _written("SignUp")[1]
    assert "confirm your email address" in _written("ResendCode")[1]
    assert "set a new password" in _written("ForgotPassword")[1]
    assert "your new email address" in _written("VerifyUserAttribute")[1]
    assert "temporary password" in _written("AdminCreateUser")[1]


def test_a_name_is_one_line_of_text_and_not_too_long_for_a_subject() -> None:
    """Cognito refuses subjects of more than 140 characters."""
    subject, message = _written("SignUp", "<b>Acme</b>\r\nBcc: all@example.com " + "x" * 300)
    assert "\r" not in subject
    assert "\n" not in subject
    assert len(subject) <= 140
    assert "<b>Acme" not in message


@pytest.mark.parametrize("kind", ["Authentication", "SomethingNew"])
def test_a_mail_that_muster_does_not_know_is_left_to_cognito(kind: str) -> None:
    assert handler(_event(kind), None) == _event(kind)


def test_what_it_does_not_understand_fails_nobodys_registration(capsys: pytest.CaptureFixture[str]) -> None:
    broken = _event("SignUp")
    del broken["request"]["codeParameter"]
    assert handler(broken, None)["response"]["emailMessage"] is None
    told = capsys.readouterr().out
    assert "mail not written: KeyError" in told
    assert "ann@example.com" not in told
