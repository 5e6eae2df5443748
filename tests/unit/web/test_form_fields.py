"""Fields of forms are read as the standard library reads them."""

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.web.form_fields import fields_of

_PIECES = "a|b|=|&|+|%|%C3|%BC|%c3%bc|%E2%82%AC|%00|%zz|%2|ü|;|?|%26|%3D|%ED%A0%80"
_BODIES = st.lists(st.sampled_from(_PIECES.split("|"))).map("".join)


def _outcome(read: object, *args: object, **more: object) -> object:
    try:
        return read(*args, **more)  # type: ignore[operator]
    except ValueError:
        return ValueError


@given(st.one_of(_BODIES, st.text()), st.booleans(), st.none() | st.integers(1, 4))
@example("", False, 1)
@example("", True, 1)
@example("a=1&&b", False, None)
def test_any_body_is_read_as_the_standard_library_reads_it(body: str, strict: bool, most: int | None) -> None:
    more = {"strict_parsing": strict and bool(body), "keep_blank_values": True, "max_num_fields": most}
    expected = _outcome(parse_qsl, body, errors="strict", **more)
    assert _outcome(fields_of, body.encode("utf-8", "surrogatepass"), most=most, strict=strict) == expected


@given(st.lists(st.tuples(st.text(), st.text())))
def test_what_a_browser_sends_comes_back(fields: list[tuple[str, str]]) -> None:
    assert fields_of(urlencode(fields).encode()) == fields


def test_bytes_that_are_no_utf_8_are_refused() -> None:
    for body in (b"\xff=1", b"a=%FF"):
        with pytest.raises(ValueError, match="utf-8"):
            fields_of(body)
