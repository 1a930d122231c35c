"""The kept logs of several services read as one: pages, hits and tracebacks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dynaport_tui.engine import scan
from dynaport_tui.engine.errorcount import APART, AT_ONCE, EXACT, GLANCED, LOOKS, ErrorCount
from dynaport_tui.engine.logs import ServiceLog
from dynaport_tui.engine.reading import MOST_BYTES, MOST_HITS, MOST_LINES, LogReader
from dynaport_tui.engine.sieve import Sieve
from dynaport_tui.model.query import QueryError, parse
from dynaport_tui.model.spec import LogSpec
from dynaport_tui.model.view import ActionError, LogLine, LogQuery, Place, Stream, Traceback
from tests.fakes import NOON
from tests.model.test_lastwords import ROOT
from tests.model.test_tracebacks import APP, BOOM, CHAIN, GROUP, HEADLESS

QUICK = settings(
    deadline=None,
    database=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Logs:
    """Logs of services into which a test prints."""

    def __init__(self, *services: str, lines: int = 50_000) -> None:
        spec = LogSpec(lines=lines)
        self.of = {
            s: ServiceLog(s, Path("/nowhere"), spec, lambda _service, _last: None) for s in services
        }
        self.reader = LogReader(self.of.__getitem__)
        self.now = NOON

    def say(
        self, service: str, data: bytes, *, later: float = 0.001, stream: Stream = "stdout"
    ) -> None:
        """One chunk."""
        self.now += later
        self.of[service].ring.append(data, self.now, stream)

    def query(self, wanted: str = "", **more: object) -> LogQuery:
        """About all services."""
        return LogQuery(services=list(self.of), filter=wanted, **more)  # type: ignore[arg-type]

    def kept(self) -> list[LogLine]:
        """All lines in the order of places."""
        lines = (line for log in self.of.values() for line in log.lines(limit=10**9))
        return sorted(lines, key=place)

    async def pages(
        self, query: LogQuery, between: Callable[[], None] = lambda: None
    ) -> list[LogLine]:
        """All that is found, page by page, each line once."""
        found: list[LogLine] = []
        back = query.after is None
        while True:
            page = await self.reader.page(query)
            assert sorted(page.lines, key=place) == page.lines
            found = [*page.lines, *found] if back else [*found, *page.lines]
            if page.reached is None:
                return found
            assert page.reached != (query.before if back else query.after)
            edge = {"before" if back else "after": page.reached}
            query = msgspec.structs.replace(query, **edge)
            between()

    async def all_hits(self, query: LogQuery) -> list[Place]:
        """The places of all answers."""
        found: list[Place] = []
        while True:
            hits = await self.reader.hits(query)
            found = [*hits.places, *found]
            if hits.reached is None:
                return found
            query = msgspec.structs.replace(query, before=hits.reached)

    async def traceback(self) -> Traceback | None:
        """The newest of all."""
        return await self.reader.traceback(list(self.of), ROOT)


def place(line: LogLine) -> Place:
    """Where a line stands."""
    return Place(line.at, line.service, line.number)


def printed(lines: Iterable[str]) -> bytes:
    """As a service writes them."""
    return "".join(line + "\n" for line in lines).encode()


def numbered(count: int, text: str = "line") -> bytes:
    """So many lines."""
    return b"".join(f"{text} {i}\n".encode() for i in range(1, count + 1))


TEXTS = st.lists(
    st.sampled_from(
        [
            *(
                b"word",
                b"Word",
                b"wo",
                b"rd",
                b"two words",
                b"axb",
                b"xX",
                b" ",
                b"42",
                b"\xc3\xa4",
            ),
            *(b"ERROR: ", b"[warn] ", b"INFO ", b'{"level": "error"', b'{"level":50}', b"failed"),
            *(b' "GET /a HTTP/1.1" 502 -', b"GET /a 404 3 ms", b"ValueError: x", b"status=500"),
            *(
                b"\x1b[31m",
                b"\x1b[0m",
                b"\x1b[2K",
                b"\x1b]0;word\x07",
                b"\x1b",
                b"\r",
                b"\xc2\x9b1m",
            ),
            *(b"\x00", b"\xff", b"\t", b"7", b"\xe2\x84\xaa", b"a\xc5\xbf"),
        ]
    ),
    max_size=6,
).map(b"".join)
CHUNKS = st.lists(st.tuples(st.sampled_from("ab"), st.lists(TEXTS, min_size=1, max_size=5)))
QUERIES = st.lists(
    st.sampled_from(
        [
            *("word", "Word", '"two words"', "-wo", "42", "re:/a.b/", "re:/word/i", "re:/o+rd 4/"),
            *(
                "level:error",
                "level:warn",
                "-level:info",
                "level:=warn",
                "level:critical",
                "ä",
                "\u017f",
            ),
            *("svc:a", "-svc:a", "stream:stderr", "status:5xx", "status:404", "-level:error", "a"),
            *(
                "status:4xx,500",
                "k",
                "re:/[^x]X/",
                "31m",
                "re:/K/i",
                "re:/as/i",
                "re:/word|axb|line/",
                "re:/WORD|xyz/i",
            ),
        ]
    ),
    max_size=3,
).map(" ".join)


@QUICK
@given(CHUNKS, QUERIES, st.integers(1, 7), st.booleans(), st.sampled_from([1, 40, 65536]))
async def test_a_search_finds_what_a_look_at_every_line_finds(
    monkeypatch: pytest.MonkeyPatch,
    chunks: list[tuple[str, list[bytes]]],
    query: str,
    limit: int,
    forward: bool,
    piece: int,
) -> None:
    with monkeypatch.context() as patch:
        for name in ("PIECE", "_COARSE_PIECE"):
            patch.setattr(scan, name, piece)
        patch.setattr(scan, "SLICE", 0.0)
        logs = Logs("a", "b", lines=20)
        for i, (service, texts) in enumerate(chunks):
            stream: Stream = "stderr" if i % 3 == 0 else "stdout"
            data = b"".join(text + b"\n" for text in texts)
            logs.say(service, data, later=float(i % 2), stream=stream)
        parsed = parse(query)
        wanted = [
            line for line in logs.kept() if parsed.matches(line.service, line.stream, line.text)
        ]
        asked = logs.query(query, limit=limit, after=Place(0.0) if forward else None)
        assert await logs.pages(asked) == wanted
        assert await logs.all_hits(logs.query(query)) == [place(line) for line in wanted]


@QUICK
@given(TEXTS, QUERIES)
def test_no_line_that_fulfils_a_query_is_sifted_out(text: bytes, query: str) -> None:
    parsed = parse(
        " ".join(term for term in query.split() if "svc:" not in term and '"' not in term)
    )
    sifted = Sieve(parsed.terms).sift(text + b"\nother\n")
    log = Logs("a")
    log.say("a", text + b"\nother\n")
    (line, other) = log.kept()
    for i, each in enumerate((line, other)):
        fulfils = parsed.matches("a", "stdout", each.text)
        assert i in sifted.lines or not fulfils
        assert fulfils or not (sifted.sure and i in sifted.lines)


async def test_lines_of_all_services_are_merged_by_time() -> None:
    logs = Logs("b", "a", "c")
    logs.say("b", b"1\n2\n")
    logs.say("a", b"3\n")
    logs.say("c", b"5\n")
    logs.say("b", b"6\n", later=0.0)
    logs.say("b", b"4\n", later=0.0)
    page = await logs.reader.page(logs.query())
    assert [line.text for line in page.lines] == ["1", "2", "3", "6", "4", "5"]
    assert page.reached is None
    newest = await logs.reader.page(logs.query(limit=2))
    assert [line.text for line in newest.lines] == ["4", "5"]
    assert newest.reached == place(newest.lines[0])


@pytest.mark.parametrize("wanted", ["", "line"])
async def test_pages_go_back_from_a_place_and_on_from_it(wanted: str) -> None:
    logs = Logs("a", "b")
    for _ in range(10):
        logs.say("a", numbered(3))
        logs.say("b", numbered(2), later=0.0)
    kept = logs.kept()
    for at, line in enumerate(kept):
        back = await logs.reader.page(logs.query(wanted, before=place(line), limit=4))
        assert back.lines == kept[max(at - 4, 0) : at]
        assert (back.reached is None) is (at <= 4)
        on = await logs.reader.page(logs.query(wanted, after=place(line), limit=4))
        assert on.lines == kept[at + 1 : at + 5]
        assert (on.reached is None) is (at >= len(kept) - 5)
    between = logs.query(wanted, after=place(kept[3]), before=place(kept[9]), limit=99)
    assert (await logs.reader.page(between)).lines == kept[4:9]


async def test_a_time_between_two_lines_is_a_place_too() -> None:
    logs = Logs("a", "b")
    for service in "abab":
        logs.say(service, b"x\n", later=1.0)
    page = await logs.reader.page(logs.query(after=Place(NOON + 2.5), limit=1))
    assert [line.at for line in page.lines] == [NOON + 3]
    page = await logs.reader.page(logs.query(before=Place(NOON + 2.5), limit=1))
    assert [line.at for line in page.lines] == [NOON + 2]


async def test_pages_are_bounded_in_lines_and_in_bytes() -> None:
    logs = Logs("a")
    logs.say("a", numbered(3000))
    assert len((await logs.reader.page(logs.query(limit=10**9))).lines) == MOST_LINES
    logs.say("a", (b"x" * 60_000 + b"\n") * 100)
    for wanted in ("", "xxx"):
        page = await logs.reader.page(logs.query(wanted, limit=1000))
        assert 30 < len(page.lines) <= MOST_BYTES // 60_000 + 1
        assert page.reached == place(page.lines[0])
        assert len(await logs.pages(logs.query(wanted, limit=70))) == (3100 if not wanted else 100)
    assert (await logs.reader.page(logs.query(limit=0))).lines == []


async def test_hits_are_bounded_and_go_on_where_they_stopped() -> None:
    logs = Logs("a", "b")
    for _ in range(10):
        for service in "ab":
            logs.say(service, numbered(1300))
    hits = await logs.reader.hits(logs.query("line", limit=1))
    assert len(hits.places) <= MOST_HITS
    assert hits.reached is not None
    places = await logs.all_hits(logs.query("line"))
    assert places == [place(line) for line in logs.kept()]


async def test_others_get_their_turn_while_a_search_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scan, "SLICE", 0.0)
    logs = Logs("a", "b")
    for i in range(20):
        logs.say("ab"[i % 2], numbered(500, "some words in a line that is not found"))
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    page = await logs.reader.page(logs.query("re:/n[o]thing/"))
    counting.cancel()
    assert page.lines == []
    assert turns > 3


async def test_a_search_gives_up_after_a_while_and_says_where_to_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scan, "PIECE", 200)
    logs = Logs("a", "b")
    logs.say("a", b"needle\n")
    for i in range(50):
        logs.say("ab"[i % 2], numbered(50))
    query = logs.query("needle")
    reader = logs.reader
    monkeypatch.setattr(scan, "SLICE", 0.0)
    monkeypatch.setattr(scan.Scan.run, "__defaults__", (0.0, 1.0))
    page = await reader.page(query)
    assert page.lines == []
    assert page.reached is not None
    assert [line.text for line in await logs.pages(query)] == ["needle"]


@pytest.mark.parametrize("forward", [False, True])
async def test_a_ring_may_turn_over_between_and_during_searches(
    monkeypatch: pytest.MonkeyPatch, forward: bool
) -> None:
    monkeypatch.setattr(scan, "PIECE", 100)
    monkeypatch.setattr(scan, "SLICE", 0.0)
    logs = Logs("a", "b", lines=300)
    for _ in range(20):
        for service in "ab":
            logs.say(service, numbered(30))

    async def print_on() -> None:
        while True:
            for service in "ab":
                logs.say(service, numbered(7))
            await asyncio.sleep(0)

    printing = asyncio.create_task(print_on())
    query = logs.query("re:/l[i]ne/", limit=40, after=Place(0.0) if forward else None)
    if forward:
        query = msgspec.structs.replace(query, before=Place(logs.now))
    for _ in range(5):
        found = [place(line) for line in await logs.pages(query)]
        assert len(set(found)) == len(found)
        assert found == sorted(found)
    printing.cancel()


async def test_a_mistake_in_the_query_is_told() -> None:
    logs = Logs("a")
    with pytest.raises(ActionError) as caught:
        await logs.reader.page(logs.query("lvl:error"))
    with pytest.raises(QueryError) as same:
        parse("lvl:error")
    assert (caught.value.code, caught.value.hint) == ("usage", same.value.hint)
    with pytest.raises(ActionError, match="never closed"):
        await logs.reader.hits(logs.query('"x'))


@pytest.mark.parametrize("wanted", ["", "line", "re:/l[i]ne/"])
async def test_a_service_may_be_removed_while_its_lines_are_read(
    monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    monkeypatch.setattr(scan, "SLICE", 0.0)
    logs = Logs("a", "b")
    for service in "ab":
        logs.say(service, numbered(400))
    reading = asyncio.create_task(logs.reader.page(logs.query(wanted, limit=800)))
    looking = asyncio.create_task(logs.traceback())
    await asyncio.sleep(0)
    del logs.of["a"]
    assert len((await reading).lines) == 800
    assert await looking is None


async def test_an_expression_that_would_never_end_is_refused() -> None:
    logs = Logs("a")
    logs.say("a", b"a" * 400 + b"\n")
    with pytest.raises(ActionError, match=r"re:/\(a\|a\)\*b/ takes too long"):
        await logs.reader.page(logs.query("re:/(a|a)*b/"))
    with pytest.raises(ActionError, match="takes too long"):
        await logs.reader.hits(logs.query("re:/(a|a)*b/"))
    assert len((await logs.reader.page(logs.query("re:/a+$/"))).lines) == 1


async def test_only_services_that_the_query_names_are_looked_through() -> None:
    logs = Logs("users.1", "users.2", "orders")
    for service in logs.of:
        logs.say(service, b"x\n")
    page = await logs.reader.page(logs.query("svc:users -svc:users.2"))
    assert [line.service for line in page.lines] == ["users.1"]
    assert page.reached is None


async def test_a_clock_that_is_set_back_does_not_bring_lines_out_of_order(tmp_path: Path) -> None:
    import os

    times = iter([90.0, 100.0, 50.0, 120.0])  # the first when the log is begun
    log = ServiceLog("a", tmp_path, LogSpec(), lambda _s, _n: None, clock=lambda: next(times))
    for text in (b"1\n", b"2\n", b"3\n"):
        ours, theirs = os.pipe()
        attachment = log.attach("stdout", ours)
        os.write(theirs, text)
        os.close(theirs)
        assert await attachment.drain(5)
    log.close()
    await log.closed(5)
    assert [line.at for line in log.lines()] == [100.0, 100.0, 120.0]


# ---- tracebacks


async def test_the_newest_traceback_is_given_byte_for_byte() -> None:
    logs = Logs("users", "orders", "web")
    logs.say("users", printed(["before", *CHAIN, "after"]))
    logs.say("orders", printed(["before", *BOOM]))
    logs.say("orders", numbered(3000))
    logs.say("web", numbered(3000))
    found = await logs.traceback()
    assert found is not None
    assert found.data == printed(BOOM)
    assert (found.service, found.number, found.last) == ("orders", 2, len(BOOM) + 1)
    assert (found.error, found.file, found.line) == ("KeyError: 'URL'", APP, 2)
    assert found.at == pytest.approx(NOON + 0.002)
    users = await logs.reader.traceback(["users"], ROOT)
    assert users is not None
    assert users.data == printed(CHAIN)


async def test_one_that_came_in_pieces_is_given_whole_and_without_colours() -> None:
    logs = Logs("users")
    for line in ["before", *GROUP, "after"]:
        logs.say("users", f"\x1b[31m{line}\x1b[0m\r\n".encode())
    found = await logs.traceback()
    assert found is not None
    assert found.data == b"".join(line.encode() + b"\r\n" for line in GROUP)


@pytest.mark.parametrize("part", [BOOM, CHAIN, GROUP])
async def test_the_one_before_is_given_while_the_newest_is_still_printed(part: list[str]) -> None:
    logs = Logs("users", "orders")
    logs.say("orders", printed(HEADLESS))
    logs.say("users", printed(part[:3]))
    found = await logs.traceback()
    assert found is not None
    assert found.data == printed(HEADLESS)


async def test_where_there_is_none_none_is_given() -> None:
    logs = Logs("users", "orders")
    assert await logs.traceback() is None
    logs.say("users", printed(BOOM[:3]))
    logs.say("users", b"a SyntaxError is what you get\n" * 2000)
    assert await logs.traceback() is None


async def test_a_very_long_chain_is_given_from_its_beginning() -> None:
    frames = [line for _ in range(300) for line in BOOM[1:3]]
    deep = [BOOM[0], *frames, BOOM[-1]]
    chained = [*deep, "", "During handling of the above exception, another exception occurred:", ""]
    logs = Logs("users")
    logs.say("users", numbered(200) + printed([*chained, *deep]) + numbered(200))
    found = await logs.traceback()
    assert found is not None
    assert found.data == printed([*chained, *deep])


# ---- counting


def counted(*chunks: bytes, every: float = 0) -> int:
    """Failures in what was printed, a chunk after so many seconds."""
    count = ErrorCount()
    for number, chunk in enumerate(chunks):
        count.feed(chunk, number * every * 1.01)
    return count.total


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize(
    ("lines", "errors"),
    [
        (["all is well", "no ERROR here", "INFO: error-free"], 0),
        (["ERROR: x", "CRITICAL: y", "WARNING: z", '{"level":"error"}'], 3),
        (['"GET / HTTP/1.1" 500 -', '"GET / HTTP/1.1" 404 -'], 1),
        (BOOM, 1),
        (CHAIN, 1),
        (GROUP, 1),
        (HEADLESS, 1),
        (["ERROR: users cannot be imported", *HEADLESS, "INFO: retrying", *HEADLESS], 2),
        ([*BOOM[:-1], *HEADLESS], 1),
        (["SyntaxError: invalid syntax"], 1),
        ([*BOOM, "INFO: served", *BOOM], 2),
        (["[12:00:00] ERROR in app: Exception on /", *BOOM], 1),
        (["\x1b[31mERROR\x1b[0m: x"], 1),
        (["TypeError: x is undefined", "    at run.js:1"], 1),
    ],
)
def test_errors_are_counted_as_they_come(lines: list[str], errors: int, slow: bool) -> None:
    chunks = [printed([line]) for line in lines]
    if slow:
        assert counted(*chunks, every=APART) == errors
    else:
        assert counted(*chunks) == counted(printed(lines)) == min(errors, 1)


def test_all_that_a_failing_request_prints_is_one_failure() -> None:
    request = ["ERROR:app:Exception on /x [GET]", *BOOM, '"GET /x HTTP/1.1" 500 -']
    chunks = [printed([line]) for line in request]
    assert counted(*chunks, every=APART / 20) == 1
    assert counted(*chunks, b"all is well\n" * 20, *chunks, every=APART / 20) == 2


def test_in_a_flood_the_count_is_an_estimate() -> None:
    line = b"2026-01-01 ERROR boom\n"
    chunk = line * 10_000
    chunks = 2 * EXACT // len(chunk)
    assert counted(*[chunk] * chunks, every=APART) == chunks
    assert counted(b"an error, says GET\n" * 2 * LOOKS, printed(BOOM), every=APART) >= 1
    assert counted(b"x\n" * EXACT, printed(BOOM)) == 1
    assert counted(b"x\n" * AT_ONCE + b"CRITICAL: x\n" + b"x\n" * 4000) == 0
    assert counted(b"x\n" * AT_ONCE + printed(BOOM) + b"x\n" * 4000) == 1


def test_what_stands_at_the_end_of_any_flood_is_counted() -> None:
    assert counted(b"x\n" * GLANCED + printed(BOOM)) == 1
