"""The texts of a form that has a file, too."""

import pytest

from chalicelib.core.errors import BadRequest
from chalicelib.web.requests import file_of, parts_of

_TYPE = "multipart/form-data; boundary=xXx"


def _form(*parts: str) -> bytes:
    return b"".join(f"--xXx\r\nContent-Disposition: form-data; {part}\r\n".encode() for part in parts) + b"--xXx--\r\n"


def test_texts_are_read_and_files_are_not() -> None:
    body = _form(
        'name="form_id"\r\n\r\n01ABC',
        'name="file"; filename="a name=\\"x\\".csv"\r\nContent-Type: text/csv\r\n\r\nname="y"\r\n\r\nE-mail',
        'name="note"\r\n\r\nGrüße\r\nzwei',
        f'name="long"\r\n\r\n{"x" * 1001}',
    )
    assert parts_of(body, _TYPE) == [("form_id", "01ABC"), ("note", "Grüße\r\nzwei")]
    assert file_of(body, _TYPE)[0].startswith(b'name="y"')


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary="])
def test_without_a_boundary_nothing_can_be_read(content_type: str) -> None:
    with pytest.raises(BadRequest):
        parts_of(_form('name="a"\r\n\r\nb'), content_type)


def test_a_form_of_endless_fields_is_refused() -> None:
    with pytest.raises(BadRequest):
        parts_of(_form(*['name="a"\r\n\r\nb'] * 2001), _TYPE)
