"""A learner completes courses over HTTP until one has a certificate, fetches it as PDF, and anybody checks it."""

import time
from typing import Any

from infra.caller import Caller

_SECONDS_BETWEEN_LOOKS = 0.5
_PATIENCE = 90.0


class DemoCertificate:
    """As one learner. Another run shows the certificate that an earlier one brought."""

    def __init__(self, learner: Caller) -> None:
        self._learner = learner

    def run(self) -> None:
        certificate = self._newest() or self._completed()
        if certificate is None:
            print("  None of this learner's courses has a certificate.\n")
            return
        print(f"  Issued    {certificate['number']} to {certificate['holder']}: {certificate['title']}")
        print(f"  Check it  {certificate['check_url']}")
        started = time.monotonic()
        print(f"  As PDF    {self._file(certificate)}")
        print(f"            after {time.monotonic() - started:.1f} s")
        print(f"  As badge  {self._file(certificate, 'badge')}\n")

    def _completed(self) -> dict[str, Any] | None:
        for course in self._learner.every("/me/courses", limit=100):
            if course["status"] in ("enrolled", "in_progress") and not course["earlier"]:
                self._learner.post(f"/me/courses/{course['enrollment_id']}/complete", {})
                print(f"  Completed {course['title']}")
                if found := self._newest():
                    return found
        return None

    def _newest(self) -> dict[str, Any] | None:
        certificates = self._learner.get("/me/home")["certificates"]
        return certificates[0] if certificates else None

    def _file(self, certificate: dict[str, Any], what: str = "file") -> str:
        deadline = time.monotonic() + _PATIENCE
        while True:
            file = self._learner.get(f"/me/certificates/{certificate['certificate_id']}/{what}")
            if file["status"] != "being_made":
                return str(file["url"] or file["explanation"])
            if time.monotonic() > deadline:
                raise RuntimeError(f"the {what} was not made after {_PATIENCE:.0f} s; the logs will say why")
            time.sleep(_SECONDS_BETWEEN_LOOKS)
