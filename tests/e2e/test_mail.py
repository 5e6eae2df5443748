"""Mail on the deployed artifact: from a request over HTTP to the mailbox, and SES's news of it back into the table."""

from typing import Any

import pytest

from infra import mail
from tests.e2e.deployed import Deployed
from tests.stories.inbox import mails_to

DOMAIN = "muster.example.com"


@pytest.fixture(autouse=True)
def _ses(deployed: Deployed) -> None:
    mail.verify_locally(deployed.cloud, DOMAIN)


def state_of(deployed: Deployed, account_id: str) -> str | None:
    items = [item for item in deployed.make.dump("outbox") if item["pk"].startswith("MAIL#")]
    return next((str(item["state"]) for item in items if account_id in str(item["about"])), None)


@pytest.mark.parametrize(
    ("address", "state"),
    [
        ("somebody.new@example.com", "delivered"),
        ("bounce+1@simulator.amazonses.com", "bounced"),
    ],
)
def test_who_is_appointed_gets_a_mail_and_its_delivery_is_known(deployed: Deployed, address: str, state: str) -> None:
    make = deployed.make
    msp_id = make.msp()
    admin = deployed.msp_admin(msp_id)
    org_id = make.org(msp_id, "Acme & Söhne")
    made = deployed.post(f"/orgs/{org_id}/admins", admin, {"email": address, "role": "org_admin"}, status=201)
    found = deployed.until(lambda: _mails(deployed, address, "You are now"), bool)
    assert [(one["Subject"], one["To"]) for one in found] == [
        ("You are now an organization admin of Acme & Söhne", [address])
    ]
    assert "Acme & Söhne" in found[0]["BodyText"]
    assert "<strong>Acme &amp; Söhne</strong>" in found[0]["BodyHtml"]
    deployed.until(lambda: state_of(deployed, made["account_id"]), lambda known: known == state)
    # Cognito's own mail, as the function in the template writes it.
    (first,) = _mails(deployed, address, "Your temporary password")
    assert first["Subject"] == "Your temporary password for Acme & Söhne"
    assert "the training platform of Acme &amp; Söhne" in first["BodyHtml"]


def _mails(deployed: Deployed, address: str, beginning: str) -> list[dict[str, Any]]:
    return [mail for mail in mails_to(deployed.cloud, address) if mail["Subject"].startswith(beginning)]
