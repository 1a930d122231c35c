"""What is a request, and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dynaport_tui.model.httphead import (
    Head,
    head_of,
    is_tls,
    may_be_request,
    parse,
    qualities,
)

QUICK = settings(max_examples=200, deadline=None, database=None)
TOKEN = st.text("abcXYZ019!#$%&'*+.^_`|~-", min_size=1, max_size=12)
VALUE = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=30
).map(str.strip)


def of(text: str) -> Head | None:
    """The request that such bytes are."""
    head = head_of(text.encode("latin-1"))
    return None if head is None else parse(head)


def test_a_request_is_its_method_its_target_and_its_fields() -> None:
    found = of("GET /a?b=c HTTP/1.1\r\nHost: localhost:5000\r\nAccept:text/html \r\n\r\nbody")
    assert found == Head("GET", "/a?b=c", {"host": "localhost:5000", "accept": "text/html"})


def test_lines_may_end_as_they_do_in_a_text_file_and_an_empty_one_may_come_first() -> None:
    assert of("\r\nHEAD / HTTP/1.0\nHost: a\n\n") == Head("HEAD", "/", {"host": "a"})


def test_a_field_that_stands_twice_counts_with_both_values() -> None:
    found = of("GET / HTTP/1.1\r\nHost: localhost\r\nHOST: evil.example\r\n\r\n")
    assert found is not None
    assert found.fields["host"] == "localhost, evil.example"


@pytest.mark.parametrize(
    "text",
    [
        "GET /\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nno field\r\n\r\n",
        "GET / HTTP/1.1\r\n folded: line\r\n\r\n",
        "GET / HTTP/1.1\r\nname : value\r\n\r\n",
        "GET /\x00 HTTP/1.1\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\n",
    ],
)
def test_what_is_not_written_as_a_request_is_none(text: str) -> None:
    assert of(text) is None


@pytest.mark.parametrize(
    "begin", [b"", b"GE", b"GET", b"GET /", b"\r\nPOST /", b"M-SEARCH * HTTP/1.1"]
)
def test_a_request_may_begin_so(begin: bytes) -> None:
    assert may_be_request(begin)


@pytest.mark.parametrize(
    "begin", [b"\x16\x03\x01", b"PING\r\n", b"*1\r\n$4\r\n", b"\x00" * 8, b"A" * 60, b"<xml/>"]
)
def test_no_request_begins_so(begin: bytes) -> None:
    assert not may_be_request(begin)


def test_a_handshake_of_tls_is_told_by_its_first_byte() -> None:
    assert is_tls(b"\x16\x03\x01\x02\x00")
    assert not is_tls(b"")
    assert not is_tls(b"GET / HTTP/1.1")


@QUICK
@given(TOKEN, TOKEN, st.dictionaries(TOKEN.map(str.lower), VALUE, max_size=5))
def test_what_is_written_as_a_request_is_read_as_one(
    method: str, target: str, fields: dict[str, str]
) -> None:
    lines = [f"{method} /{target} HTTP/1.1", *(f"{name}: {v}" for name, v in fields.items())]
    text = "\r\n".join([*lines, "", ""])
    assert may_be_request(text.encode("latin-1"))
    assert of(text) == Head(method, f"/{target}", fields)


@QUICK
@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_none(data: bytes) -> None:
    may_be_request(data)
    head = head_of(data)
    if head is not None:
        parse(head)


@QUICK
@given(st.binary(max_size=100), st.binary(max_size=100))
def test_the_end_of_a_head_stays_where_it_is_when_more_comes(first: bytes, more: bytes) -> None:
    whole = b"GET / HTTP/1.1\r\na: " + first.replace(b"\r", b"").replace(b"\n", b"") + b"\r\n\r\n"
    assert head_of(whole + more) == head_of(whole)


def test_media_types_have_weights() -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    assert qualities(browser) == {
        "text/html": 1.0,
        "application/xhtml+xml": 1.0,
        "application/xml": 0.9,
        "*/*": 0.8,
    }
    assert qualities("") == {}
    assert qualities("Text/HTML; charset=x; q=0") == {"text/html": 0.0}
    assert qualities("a/b;q=nonsense") == {"a/b": 1.0}
