"""A certificate on the deployed artifact: completed, typeset by the function with the layer, checked by anybody."""

import io
import urllib.request

import pypdf

from tests.e2e.deployed import Deployed


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

    home = deployed.get("/me/home", learner)
    assert (home["num_open_courses"], home["certificates"]) == (0, [certificate])
