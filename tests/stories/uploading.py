"""Uploading people, as an organization's admin does."""

from typing import Any

from tests.gateway import Answer
from tests.stories.inviting import Inviting

HEAD = "E-mail,First name,Last name,Groups,Department,Location,Badge\r\n"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def form_of(*files: tuple[str, str, bytes], boundary: str = "----WebKitFormBoundaryx7") -> tuple[bytes, str]:
    """A form as a browser sends it: a text, and the files."""
    parts = [b'Content-Disposition: form-data; name="note"\r\n\r\nhello']
    parts += [
        f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'.encode()
        + content
        for name, kind, content in files
    ]
    mark = f"--{boundary}".encode()
    body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"
    return body, f"multipart/form-data; boundary={boundary}"


class Uploading(Inviting):
    def upload(self, content: str | bytes, content_type: str = "text/csv", key: str | None = None) -> Answer:
        raw = content.encode() if isinstance(content, str) else content
        self._num_keys += 1
        headers = {"Content-Type": content_type, "Idempotency-Key": key or f"upload {self._num_keys}"}
        return self.world.request("POST", f"/orgs/{self.org}/imports", as_=self.admin, raw=raw, headers=headers)

    def preview(self, *rows: str) -> dict[str, Any]:
        answer = self.upload(HEAD + "\r\n".join(rows))
        assert answer.status == 201, answer.text
        return dict(answer.json)

    def map(self, import_id: str, key: str | None = None, **body: Any) -> Answer:
        self._num_keys += 1
        headers = {"Idempotency-Key": key or f"map {self._num_keys}"}
        return self.world.post(f"/orgs/{self.org}/imports/{import_id}/mapping", self.admin, body, headers=headers)

    def mapped(self, import_id: str, **body: Any) -> dict[str, Any]:
        answer = self.map(import_id, **body)
        assert answer.status == 200, answer.text
        return dict(answer.json)

    def kept(self) -> bytes:
        """The one file that is kept."""
        (key,) = self.files()
        found = self.world.client("s3").get_object(Bucket=self.world.stage.environment["FILES_BUCKET"], Key=key)
        return bytes(found["Body"].read())

    def decide(self, import_id: str, what: str = "approve", notify: str = "now", key: str | None = None) -> Answer:
        self._num_keys += 1
        headers = {"Idempotency-Key": key or f"decide {self._num_keys}"}
        body = {"notify": notify} if what == "approve" else None
        return self.world.post(f"/orgs/{self.org}/imports/{import_id}/{what}", self.admin, body, headers=headers)

    def detail(self, import_id: str) -> dict[str, Any]:
        answer = self.world.get(f"/orgs/{self.org}/imports/{import_id}", self.admin)
        assert answer.status == 200, answer.text
        return dict(answer.json)

    def files(self) -> list[str]:
        found = self.world.client("s3").list_objects_v2(Bucket=self.world.stage.environment["FILES_BUCKET"])
        return [entry["Key"] for entry in found.get("Contents", [])]
