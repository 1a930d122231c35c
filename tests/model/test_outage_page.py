"""What is told of a service that is down: the page, the JSON, and the fields of the answer."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dynaport_tui.model.frames import parts
from dynaport_tui.model.httphead import Head
from dynaport_tui.model.machine import State
from dynaport_tui.model.outage import LINES, Excerpt, Outage, Said, Trace
from dynaport_tui.model.outage_answer import bare, full
from dynaport_tui.model.outage_page import page

ROOT = "/home/ann/shop"
APP = f"{ROOT}/users/app.py"
FLASK = "/v/lib/python3.11/site-packages/flask/app.py"
PRINTED = [
    "Traceback (most recent call last):",
    f'  File "{APP}", line 3, in <module>',
    "    app = create()",
    f'  File "{FLASK}", line 9, in wrapper',
    "    return function()",
    f'  File "{APP}", line 8, in create',
    "    return os.environ['URL']",
    "           ~~~~~~~~~~^^^^^^^",
    "KeyError: 'URL'",
]
GET = Head("GET", "/", {})
EVIL = "</title></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


def trace(printed: list[str] = PRINTED) -> Trace:
    source = ("", "def create():", "    return os.environ['URL']", "", "")
    return Trace(
        text="\n".join(printed),
        parts=tuple(parts(printed, ROOT)),
        excerpts={(APP, 8): Excerpt(6, source, changed=False)},
        file="users/app.py",
        line=8,
        first=2,
        last=1 + len(printed),
    )


def log(*texts: str) -> tuple[Said, ...]:
    return tuple(Said(number, "12:00:01", text) for number, text in enumerate(texts, 1))


def outage(**more: object) -> Outage:
    fields: dict[str, object] = {
        "service": "users",
        "project": "shop",
        "root": ROOT,
        "state": State.FAILED,
        "why": "KeyError: 'URL'  users/app.py:8 (exit 1 after 80 ms); the next save, or "
        "`dynaport restart users`, tries again",
        "since": 1767268800.0,
        "clock": "12:00:02",
        "tag": '"abc"',
        "trace": trace(),
        "log": log("\x1b[32mup\x1b[0m", *PRINTED),
        "log_file": "/home/ann/.local/state/users.log",
        **more,
    }
    return Outage(**fields)  # type: ignore[arg-type]


class Reader(HTMLParser):
    """The elements of a page and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.names: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names |= {name for name, _ in attributes}

    def handle_data(self, data: str) -> None:
        self.text += data


def body(response: bytes) -> bytes:
    return response.partition(b"\r\n\r\n")[2]


def fields(response: bytes) -> dict[str, str]:
    first, *lines = response.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    assert first == "HTTP/1.1 503 Service Unavailable"
    return dict(line.split(": ", 1) for line in lines)


def test_the_page_says_the_cause_line_word_for_word() -> None:
    found = outage()
    assert found.why.replace("`", "") in Reader(page(found, method="GET")).text


def test_the_projects_frames_come_first_with_their_source_and_the_libraries_are_folded() -> None:
    html = page(outage(), method="GET")
    deepest, entry, libraries = (
        html.index("users/app.py:8</b>"),
        html.index("users/app.py:3</b>"),
        html.index("1 frame in libraries"),
    )
    assert deepest < entry < libraries < html.index("flask/app.py:9")
    assert "<details><summary>1 frame in libraries" in html
    assert '<i class="f">create</i>' in html
    assert re.search(r'class="here"><span class="no">8</span>.*?<em>.*?URL.*?</em>', html)


def test_a_frame_whose_file_cannot_be_shown_has_the_line_that_was_printed() -> None:
    text = Reader(page(outage(), method="GET")).text
    assert "app = create()" in text


def test_a_file_that_was_saved_since_is_named_as_such() -> None:
    changed = {(APP, 8): Excerpt(7, ("a = 1", "b = 2"), changed=True)}
    html = page(outage(trace=trace()._replace(excerpts=changed)), method="GET")
    assert "the file was changed since" in html
    assert "<em>" not in html


def test_frames_of_libraries_alone_are_unfolded() -> None:
    printed = [PRINTED[0], *PRINTED[3:5], "ValueError: no"]
    assert "<details open><summary>1 frame" in page(outage(trace=trace(printed)), method="GET")


def test_each_traceback_of_the_log_is_one_line() -> None:
    text = Reader(page(outage(), method="GET")).text
    assert "KeyError: 'URL' (the traceback above)" in text
    twice = page(outage(log=log("up", *PRINTED, "up", *PRINTED)), method="GET")
    assert twice.count(f"(a traceback of {len(PRINTED)} lines)") == 1


def test_the_log_is_its_last_lines_with_their_colours() -> None:
    many = log(*(f"line {number}" for number in range(100)), "\x1b[32mup\x1b[0m")
    html = page(outage(log=many, trace=None), method="GET")
    assert html.count("<time>") == LINES
    assert '<span class="c2">up</span>' in html
    assert "line 70<" not in html


def test_one_that_is_to_start_again_says_when() -> None:
    html = page(outage(state=State.BACKOFF, again=1767268803.5), method="GET")
    assert 'data-again="1767268803.500"' in html


def test_one_that_waits_names_what_is_to_be_mended() -> None:
    found = outage(state=State.STOPPED, waits_for=("db",), trace=None, log=())
    text = Reader(page(found, method="GET")).text
    assert "WAITING" in text
    assert "dynaport restart db" in text
    assert "dynaport restart users" not in text.replace(found.why.replace("`", ""), "")
    assert "printed" not in text


@pytest.mark.parametrize(("method", "told"), [("GET", "GET"), ("HEAD", "GET"), ("POST", "OTHER")])
def test_the_page_knows_whether_it_may_be_asked_for_once_more(method: str, told: str) -> None:
    assert f'data-method="{told}"' in page(outage(), method=method)


def test_nothing_that_a_service_says_becomes_a_part_of_the_page() -> None:
    hostile = [line.replace("create", EVIL).replace("URL", EVIL) for line in PRINTED]
    source = {(APP, 8): Excerpt(6, (EVIL,) * 5, changed=False)}
    found = outage(
        why=EVIL,
        project=EVIL,
        log_file=EVIL,
        log=log(EVIL, f"\x1b[31m{EVIL}\x1b[0m"),
        trace=trace(hostile)._replace(excerpts=source),
    )
    calm, evil = (Reader(page(one, method="GET")) for one in (outage(), found))
    assert evil.tags.count("script") == calm.tags.count("script") == 1
    assert "img" not in evil.tags
    assert not any(name.startswith("on") for name in evil.names)
    assert EVIL in evil.text


@settings(max_examples=60, deadline=None, database=None)
@given(st.text(max_size=40), st.text(max_size=40), st.lists(st.text(max_size=30), max_size=4))
def test_any_text_makes_a_page_of_the_same_elements(why: str, error: str, said: list[str]) -> None:
    printed = [*PRINTED[:-1], f"ValueError: {error}"]
    html = page(outage(why=why, log=log(*said), trace=trace(printed)), method="GET")
    names = Reader(html).names
    known = {"lang", "class", "id", "charset", "content", "name", "http-equiv", "rel", "href"}
    assert all(name in known or name.startswith("data-") for name in names)


def test_script_and_style_are_those_that_the_policy_lets_through() -> None:
    response = full(GET, outage(), 5, html=True)
    policy, html = fields(response)["Content-Security-Policy"], body(response).decode()
    for kind in ("script", "style"):
        (text,) = re.findall(rf"<{kind}>(.*?)</{kind}>", html, re.DOTALL)
        digest = b64encode(sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not re.search(r"(?:src|href)=\"(?!data:)", html)


def test_json_names_what_a_program_wants_to_know() -> None:
    told = msgspec.json.decode(body(full(GET, outage(), 5, html=False)))
    assert told == {
        "service": "users",
        "state": "FAILED",
        "why": outage().why,
        "log": ["up", *PRINTED],
        "traceback": "\n".join(PRINTED),
        "file": "users/app.py",
        "line": 8,
        "retry_after": 5,
        "hint": "dynaport why users",
    }
    alone = replace(outage(), trace=None, log=())
    told = msgspec.json.decode(body(full(GET, alone, 5, html=False)))
    assert (told["log"], told["traceback"], told["file"]) == ([], None, None)


def test_every_answer_says_when_to_ask_again_and_is_kept_by_nobody() -> None:
    for html in (True, False):
        for response in (
            full(GET, outage(), 7, html=html),
            bare(GET, State.BACKOFF, 7, html=html),
        ):
            found = fields(response)
            assert found["Retry-After"] == "7"
            assert found["Cache-Control"] == "no-store"
            assert found["Connection"] == "close"
            assert found["Content-Type"].startswith("text/html" if html else "application/json")
            assert int(found["Content-Length"]) == len(body(response))
            assert found["X-Dynaport-State"] in ("FAILED", "BACKOFF")


def test_head_is_answered_with_the_same_fields_and_nothing_else() -> None:
    head = GET._replace(method="HEAD")
    for html in (True, False):
        asked, whole = (full(one, outage(), 5, html=html) for one in (head, GET))
        assert body(asked) == b""
        assert fields(asked) == fields(whole)


def test_strangers_are_told_nothing_of_the_project() -> None:
    for html in (True, False):
        response = bare(GET, State.FAILED, 5, html=html).decode()
        assert not re.search(r"users|shop|KeyError|app\.py", response)
        assert "down" in response


def test_the_page_carries_the_tag_by_which_it_knows_that_there_is_something_else_to_tell() -> None:
    for response in (full(GET, outage(), 5, html=True), bare(GET, State.FAILED, 5, html=True)):
        (told,) = re.findall(r'data-tag="([^"]*)"', body(response).decode())
        assert told.replace("&quot;", '"') == fields(response)["ETag"]
