"""A certificate on the deployed artifact: completed, typeset by the function with the layer, checked by anybody."""

import io
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pypdf
from openbadgeslib.ob3.verifier import OB3VerificationError

from tests.e2e.deployed import Deployed, Person
from tests.stories.training.certificates.verifiers import verify


def test_a_completed_course_gives_a_certificate_as_pdf_that_anybody_can_check(deployed: Deployed) -> None:
    make = deployed.make
    msp_id = make.msp()
    course = make.course(msp_id, "Spotting Phishing", certificate=True)
    org_id = make.org(msp_id, "Acme Industries", courses=[course])
    admin, learner = deployed.msp_admin(msp_id), deployed.person()
    member = make.member(org_id, account_id=learner.account_id, first_name="김민수", last_name="Müller")
    form = {"name": "Q1", "org_ids": [org_id], "courses": [{"course_id": course}]}
    headers = {"Idempotency-Key": "certificates"}
    assert deployed.send("POST", "/msp/training/enrollment", admin.token, form, headers=headers).status == 202
    mine = deployed.until(lambda: deployed.get("/me/courses", learner)["items"], lambda items: len(items) == 1)
    deployed.post(f"/me/courses/{mine[0]['enrollment_id']}/complete", learner, status=200)

    (certificate,) = deployed.get("/me/certificates", learner)["items"]
    assert (certificate["holder"], certificate["state"]) == ("김민수 Müller", "valid")
    path = f"/me/certificates/{certificate['certificate_id']}/file"
    found = deployed.until(
        lambda: deployed.send("GET", path, learner.token).json, lambda answer: answer["status"] != "being_made"
    )
    with urllib.request.urlopen(found["url"]) as file:
        (page,) = pypdf.PdfReader(io.BytesIO(file.read())).pages
    assert "김민수 Müller" in page.extract_text()
    assert certificate["check_url"] in page.extract_text()

    assert certificate["check_url"].startswith(deployed.url)
    shown = deployed.send("GET", certificate["check_url"].removeprefix(deployed.url))
    assert "This certificate is genuine" in shown.text
    assert member not in shown.text

    badge = _badge(deployed, learner, certificate)
    assert verify(_download(deployed), badge).issuer.id.endswith(f":badges:{org_id}")

    home = deployed.get("/me/home", learner)
    assert (home["num_open_courses"], home["certificates"]) == (0, [certificate])

    _loses_it(deployed, admin, org_id, certificate, badge)


def _badge(deployed: Deployed, learner: Person, certificate: dict[str, Any]) -> str:
    """Signed by KMS, and public from then on."""
    path = f"/me/certificates/{certificate['certificate_id']}/badge"
    made = deployed.until(
        lambda: deployed.send("GET", path, learner.token).json, lambda answer: answer["status"] == "ready"
    )
    public = deployed.send("GET", made["url"].removeprefix(deployed.url))
    assert (public.text, public.headers["content-type"]) == (made["credential"], "application/vc+jwt")
    return str(made["credential"])


def _loses_it(deployed: Deployed, admin: Person, org_id: str, certificate: dict[str, Any], badge: str) -> None:
    """Who verifies the badge sees that its certificate was revoked."""
    deployed.post(f"/orgs/{org_id}/certificates/{certificate['certificate_id']}/revoke", admin, {}, status=200)
    download = _download(deployed)
    deployed.until(lambda: _is_revoked(download, badge), bool)


def _is_revoked(download: Callable[[str], bytes], badge: str) -> bool:
    try:
        verify(download, badge)
    except OB3VerificationError as refused:
        return "'revocation' is set" in str(refused)
    return False


def _download(deployed: Deployed) -> Callable[[str], bytes]:
    """Verifiers insist on https for a DID, which the local cloud doesn't speak."""
    host = urlsplit(deployed.url).netloc

    def download(url: str) -> bytes:
        path = url.replace(f"https://{host}", f"http://{host}").removeprefix(deployed.url)
        answer = deployed.send("GET", path)
        assert answer.status == 200, answer.text
        return answer.text.encode()

    return download
