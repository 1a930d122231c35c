"""What a person types to find lines, and what it finds."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dynaport_tui.model.query import Query, QueryError, parse
from dynaport_tui.model.regexes import endless, line_bound, required
from dynaport_tui.model.text import plain

QUICK = settings(deadline=None, database=None, max_examples=50)

PIECES = [
    *("word", "Word", '"two words"', "-no", "re:/a.b/", "re:/x+/i", "level:error", "-level:debug"),
    *("level:=info", "svc:users", "svc:users,orders", "stream:stderr", "status:5xx", "status:404"),
    *(" ", "  ", '"', "-", "re:/", "/", "lvl:", "level:", "http://x", "ä", "\\", "(", "[", "+"),
]
ANY = st.lists(st.sampled_from(PIECES) | st.text(max_size=4)).map(" ".join) | st.text()
LINES = st.lists(
    st.sampled_from(["word", "Word", "two words", "no", "axb", "ERROR ", "\x1b[31m", " ", "ä"])
    | st.text(max_size=5)
).map("".join)


def matches(query: str, text: str, service: str = "users", stream: str = "stdout") -> bool:
    """Whether a line of that service is found."""
    return parse(query).matches(service, stream, text)


def understood(text: str) -> tuple[Query | None, QueryError | None]:
    """A query, or what is wrong with it."""
    try:
        return parse(text), None
    except QueryError as error:
        return None, error


@QUICK
@given(ANY, LINES)
@example("re:/[[a]/", "a")
@example("re:/(?L)a/", "a")
@example("re:/(?a)(?u)a/", "a")
@example("re:/a{99999999999}/", "a")
@example("level:\u017fevere", "\u017fevere:")
def test_any_text_is_a_query_or_an_error_that_says_what_to_write(text: str, line: str) -> None:
    query, mistake = understood(text)
    if query is None:
        assert mistake is not None
        assert mistake.message
        assert mistake.hint.startswith(("Write ", "Put "))
        return
    assert query.text == text
    assert hash(query) == hash(parse(text))
    assert query == parse(text)
    assert query.matches("users", "stdout", line) in (True, False)


@QUICK
@given(ANY, LINES.map(plain))
def test_what_is_highlighted_lies_in_the_text_in_order_and_apart(text: str, line: str) -> None:
    try:
        spans = parse(text).spans(line)
    except QueryError:
        return
    ends = [0, *(end for _, end in spans)]
    assert all(before <= start < end for before, (start, end) in zip(ends, spans, strict=False))
    assert ends[-1] <= len(line)


@QUICK
@given(st.sampled_from([p for p in PIECES[:14] if p[0] != "-"]), LINES)
def test_a_term_with_a_minus_is_the_opposite(term: str, line: str) -> None:
    assert matches(term, line) is not matches(f"-{term}", line)


@QUICK
@given(st.lists(st.sampled_from(PIECES[:14])), LINES)
def test_a_line_is_found_when_it_fulfils_every_term(terms: list[str], line: str) -> None:
    assert matches(" ".join(terms), line) is all(matches(term, line) for term in terms)


@pytest.mark.parametrize("text", ["", "   "])
def test_an_empty_query_lets_everything_through(text: str) -> None:
    assert parse(text).empty
    assert matches(text, "anything")
    assert Query().matches("users", "stdout", "")


@pytest.mark.parametrize(
    ("query", "found", "passed"),
    [
        ("timeout", "a TimeOut here", "time out"),
        ("Timeout", "a Timeout here", "a timeout here"),
        ('"two words"', "has Two Words", "two  words"),
        ("größe", "GRÖSSE or GRÖßE", "grosse"),
        ("http://x:1", "see http://x:1/a", "see http://x"),
        ("user:7", "user:7", "user 7"),
        ('"userId":42', '{"userId":42}', '{"userId":43}'),
        ('"a -b"', "a -b", "a b"),
        ("-", "a-b", "ab"),
        ("re:/time(d )?out/", "timed out", "Timeout"),
        ("re:/TIME/i", "time", "tim"),
        (r"re:/a\/b/", "a/b", "ab"),
        ("re:/a b/ c", "c a b", "a b"),
        ("level:error", "ERROR: x", "WARNING: x"),
        ("level:error", "CRITICAL: x", "all is well"),
        ("level:=warn", "WARNING: x", "ERROR: x"),
        ("-level:=debug", "all is well", "DEBUG x"),
        ("status:5xx", '"GET /a HTTP/1.1" 502 -', '"GET /a HTTP/1.1" 404 -'),
        ("status:404,409", "GET /a 409 3 ms", "GET /a 400 3 ms"),
        ("STATUS:404", "GET /a 404 3 ms", "404"),
    ],
)
def test_what_each_kind_of_term_finds(query: str, found: str, passed: str) -> None:
    assert matches(query, found)
    assert not matches(query, passed)


def test_a_service_is_known_by_id_or_name_and_a_stream_by_name() -> None:
    assert matches("svc:orders,Users", "x", service="users.2")
    assert matches("svc:users.2", "x", service="users.2")
    assert not matches("svc:users.2", "x", service="users")
    assert matches("stream:stderr", "x", stream="stderr")
    assert not matches("-stream:err", "x", stream="stderr")


def test_colours_do_not_part_a_word() -> None:
    assert matches("timeout", "time\x1b[31mout\x1b[0m")
    assert not matches("31m", "time\x1b[31mout\x1b[0m")


def test_every_place_of_words_and_expressions_is_highlighted_but_not_what_must_be_absent() -> None:
    assert parse("ab re:/b+c/ -x level:error").spans("ab abbc x") == [(0, 2), (3, 7)]
    assert parse("re:/x*/").spans("axx") == [(1, 3)]


@pytest.mark.parametrize(
    ("query", "message", "hint"),
    [
        ("lvl:error", "did you mean level:?", '"lvl:error" in quotes'),
        ("staus:5xx", "did you mean status:?", "status:"),
        ("service:users", "did you mean svc:?", "svc:"),
        ("level:erorr", "did you mean error?", "level:=info"),
        ("level:", "of which level?", "trace, debug, info"),
        ("svc:,", "of which service?", "svc:users,orders"),
        ("stream:both", "two streams", "stream:stderr"),
        ("status:9xx", "no status", "status:5xx"),
        ("re:/x", "not closed", r"\/"),
        ("re://", "looks for nothing", "re:/"),
        ("re:/(/", "no regular expression", "Put a \\"),
        ("re:/x/g", "the only flag is i", "re:/…/i"),
        ("re:/(a+)+b/", "for ever", "one repetition"),
        ('say "hello', "never closed", '"two words"'),
        ('""', "nothing between", '"two words"'),
    ],
)
def test_a_mistake_is_told_with_what_to_write_instead(query: str, message: str, hint: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize("pattern", ["(a+)+", "(a*b)*", "((a{2,}))+", r"(\w+\s?)*$", "(?:a+|b)*?"])
def test_a_repeated_repetition_is_known(pattern: str) -> None:
    assert endless(pattern)


@pytest.mark.parametrize("pattern", ["a+b*", "(ab)+", "(a+)b+", "[+*]+(x)+", r"\(a+\)+", "(a+){3}"])
def test_other_repetitions_are_fine(pattern: str) -> None:
    assert not endless(pattern)


@QUICK
@given(
    st.lists(st.sampled_from([*"abc.^$|()[]?*+", r"\.", r"\d", "{2}", "(?:", "[^a]"])).map("".join),
    st.text("abc.", max_size=8),
)
def test_a_required_text_is_in_whatever_an_expression_matches(pattern: str, line: str) -> None:
    try:
        query = parse(f"re:/{pattern}/")
    except QueryError:
        return
    if query.matches("users", "stdout", line):
        assert any(text in line for text in required(pattern))


@QUICK
@given(
    st.lists(
        st.sampled_from([*"abc.^$|()[]?*+", r"\.", r"\d", r"\s", r"\b", "{2}", "(?:", "[^a]", "++"])
    ).map("".join),
    st.lists(st.text("abc. 1", max_size=8), min_size=1, max_size=3),
)
def test_a_line_that_matches_is_found_among_others(pattern: str, lines: list[str]) -> None:
    query, _ = understood(f"re:/{pattern}/")
    if query is None or (bound := line_bound(re.compile(pattern))) is None:
        return
    if any(query.matches("users", "stdout", line) for line in lines):
        assert bound.search("\n".join(lines) + "\n")


def test_an_expression_that_is_bound_to_a_line_does_not_look_beyond_it() -> None:
    for pattern, bound in ((r"a\s+b", r"a[^\S\n]+b"), (r"[^x]*y", r"[^\nx]*y"), ("a.b", "a.b")):
        found = line_bound(re.compile(pattern, re.IGNORECASE))
        assert found == re.compile(bound, re.IGNORECASE | re.MULTILINE)
    for pattern in ("a$", r"\bword", "a(?=b)", "a++", r"[\s\S]*b", "[^]a]"):
        assert line_bound(re.compile(pattern)) is None


def test_the_longest_required_text_is_known() -> None:
    assert required(r"user \d+ timed out\.") == (" timed out.",)
    assert required("ab?c{0,2}de") == ("de",)
    assert required("(ab)?c") == ("c",)
    assert required("time.?out|refused") == ("time", "refused")
    assert required("a(b|c)") == ("a",)
