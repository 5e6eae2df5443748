"""Cognito's mails with codes and first passwords, saying for whom and what for: the pool's custom message trigger.

It lies in the template itself (code_mails.yaml), 4,096 characters at most, for the application's functions need to know
the user pool, and the pool has to know this one first. It never raises: without an answer, nobody could register.
"""

import html
from typing import Any

_BLOCK = "max-width: 560px; margin: 0 auto; padding: 12px; font: 16px/1.5 system-ui, sans-serif; "
_WORDS = "overflow-wrap: break-word; word-break: break-word;"
_PURPOSES = {
    "SignUp": "confirm your email address",
    "ResendCode": "confirm your email address",
    "ForgotPassword": "set a new password",
    "UpdateUserAttribute": "confirm your new email address",
    "VerifyUserAttribute": "confirm your new email address",
}


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Cognito's event, with subject and text if Muster knows this kind of mail. The code stays a mark for Cognito."""
    try:
        request = event["request"]
        kind = event["triggerSource"].removeprefix("CustomMessage_")
        name = " ".join(((request.get("clientMetadata") or {}).get("organization") or "").split())[:100]
        if kind == "AdminCreateUser":
            written = _first_password(request["codeParameter"], request["usernameParameter"], name)
        elif kind in _PURPOSES:
            written = _code(request["codeParameter"], _PURPOSES[kind], name)
        else:
            return event
        event["response"].update(written)
    except Exception as error:
        # Then Cognito writes what the user pool says. Without the event: it has the address in it.
        print("mail not written: " + type(error).__name__)
    return event


def _code(code: str, purpose: str, name: str) -> dict[str, str]:
    whose = html.escape(name) or "your organization"
    return _mail(
        f"Your code for {name or 'Muster'}",
        f"<p>Hi,</p><p>Enter this code to {purpose} at Muster, the training platform of {whose}:</p>"
        f'<p style="font-size: 28px; letter-spacing: 2px;"><strong>{code}</strong></p>'
        "<p>Don't share it with anyone.</p>",
        "You get this email because someone, most likely you, entered this address at Muster. Not you? You can ignore "
        "it: nothing changes without the code.",
    )


def _first_password(password: str, user_name: str, name: str) -> dict[str, str]:
    who = html.escape(name) or "an organization"
    return _mail(
        f"Your temporary password for {name or 'Muster'}",
        f"<p>Hi,</p><p>You now have access to Muster, the training platform of {who}. Log in with this email address "
        f'and this temporary password:</p><p style="font-size: 20px;"><strong>{password}</strong></p>'
        "<p>It works for seven days. When you log in, you choose your own password.</p>",
        f"You get this email because {who} gave you access. (Your user name is {user_name}.)",
    )


def _mail(subject: str, text: str, reason: str) -> dict[str, str]:
    page = f'<div style="{_BLOCK}{_WORDS}">{text}<p style="font-size: 13px;">{reason}</p></div>'
    return {"emailSubject": subject, "emailMessage": page}
