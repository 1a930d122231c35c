"""The requests of one service: numbers, figures, and what of them may be shown."""

from __future__ import annotations

import pytest

from dynaport_tui.model.requests import (
    KEPT,
    Answered,
    RequestRecord,
    error_rate,
    percentile,
    shown,
)
from dynaport_tui.model.text import MASK, is_secret
from dynaport_tui.model.view import Request
from tests.fakes import NOON


def answered(path: str = "/", status: int = 200, ms: float = 2.0) -> Answered:
    return Answered(at=NOON, method="GET", path=path, status=status, ms=ms)


class TestRecord:
    def test_requests_are_numbered_from_one_without_gaps(self) -> None:
        record = RequestRecord()
        record.take([answered("/a"), answered("/b")])
        record.take([answered("/c")])
        found = record.view("users")
        assert [(r.number, r.path) for r in found.requests] == [(1, "/a"), (2, "/b"), (3, "/c")]
        assert (found.service, found.total, found.counted) == ("users", 3, True)

    def test_only_what_is_new_is_given_but_the_figures_are_of_all(self) -> None:
        record = RequestRecord()
        record.take([answered(ms=float(ms), status=200 + 300 * (ms == 4)) for ms in (4, 3, 2, 1)])
        found = record.view("users", after=3)
        assert [r.number for r in found.requests] == [4]
        assert (found.p50_ms, found.p95_ms, found.error_rate) == (2.0, 4.0, 0.25)

    def test_the_oldest_are_forgotten_but_counted(self) -> None:
        record = RequestRecord()
        record.take([answered(str(number)) for number in range(KEPT + 5)])
        found = record.view("users")
        assert (len(found.requests), found.total) == (KEPT, KEPT + 5)
        assert found.requests[0].number == 6

    def test_what_could_not_be_told_is_told_apart(self) -> None:
        record = RequestRecord()
        record.take([answered()], dropped=7)
        record.take([], dropped=2)
        found = record.view("users")
        assert (found.total, found.dropped, found.requests[-1].number) == (1, 9, 1)

    def test_of_no_request_there_are_no_figures(self) -> None:
        found = RequestRecord().view("users")
        assert (found.p50_ms, found.p95_ms, found.error_rate) == (None, None, None)

    def test_nothing_that_a_client_writes_reaches_a_screen_as_a_command(self) -> None:
        record = RequestRecord()
        record.take(
            [Answered(at=NOON, method="GE\x1b[2JT" * 9, path="/\x1b]0;\x07", status=1, ms=1)]
        )
        request = record.view("users").requests[0]
        assert request.path == "/]0;"
        assert request.method == ("GE[2JT" * 9)[:20]


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([], 50, None),
        ([7.0], 50, 7.0),
        ([7.0], 95, 7.0),
        ([1.0, 2.0], 50, 1.0),
        ([3.0, 1.0, 2.0], 50, 2.0),
        ([float(n) for n in range(1, 101)], 95, 95.0),
        ([float(n) for n in range(1, 21)], 95, 19.0),
        ([1.0, 2.0], 0, 1.0),
        ([1.0, 2.0], 100, 2.0),
    ],
)
def test_a_percentile_is_a_value_that_was_seen(
    values: list[float], percent: float, expected: float | None
) -> None:
    assert percentile(values, percent) == expected


def test_only_the_services_own_failures_are_errors() -> None:
    requests = [Request(1, NOON, "GET", "/", status, 1.0) for status in (200, 404, 499, 500, 503)]
    assert error_rate(requests) == 0.4
    assert error_rate([]) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/users", "/users"),
        ("/users?", "/users?"),
        ("/users?page=2&key=abc", f"/users?page=2&key={MASK}"),
        ("/users?access_token=a.b-c&page=2", f"/users?access_token={MASK}&page=2"),
        ("/users?%74oken=abc", f"/users?%74oken={MASK}"),
        ("/users?apiKey=abc;password=%20", f"/users?apiKey={MASK};password={MASK}"),
        ("/users?user[password]=abc", f"/users?user[password]={MASK}"),
        ("/users?user%5Bpwd%5D=abc", f"/users?user%5Bpwd%5D={MASK}"),
        ("/users?token=a=b", f"/users?token={MASK}"),
        ("/users?token=", "/users?token="),
        ("/users?token", "/users?token"),
        ("/users?next=http://ann:pw@host/", f"/users?next=http://ann:{MASK}@host/"),
        ("/users?keyboard=qwerty&pass=1", f"/users?keyboard=qwerty&pass={MASK}"),
        ("/" + "x" * 600, "/" + "x" * 499),
    ],
)
def test_a_path_is_shown_without_its_secrets(path: str, expected: str) -> None:
    assert shown(path) == expected


@pytest.mark.parametrize(
    "name",
    ["token", "API_KEY", "X-Api-Key", "clientSecret", "auth", "X-Amz-Signature", "sig", "jwt"],
)
def test_parameters_with_such_names_are_secret(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["page", "monkey", "author", "design", "tokens_used", "passage"])
def test_parameters_with_other_names_are_not(name: str) -> None:
    assert not is_secret(name)
