"""Whatever stands in services.toml, reading it ends with a project or with problems."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dynaport_tui.model.config import ConfigError, Problem, parse
from tests.model.samples import FILE, FULL, documents, written

QUICK = settings(
    max_examples=80, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)

ANY_VALUE = st.recursive(
    st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=8)
    | st.dates()
    | st.sampled_from(["/x", "a:b", "5s", "users", "${", "${services.users.url}", "(", "\0", "\n"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=5,
)

KEYS = [
    "profiles",
    "gateway",
    "hosts",
    "stop_signal",
    "stop_grace",
    "workers",
    "server",
    "task",
    "hand_down",
    "name",
    "interval",
    "zzz",
]


def outcome(text: str, *profiles: str) -> list[Problem]:
    """The problems of a text; any other exception is a failure."""
    try:
        parse(text, file=FILE, profiles=profiles)
    except ConfigError as error:
        problems = list(error.problems)
    else:
        return []
    lines = [problem.line for problem in problems]
    assert problems
    assert lines == sorted(lines)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines)
    assert all(problem.message and str(problem).isprintable() for problem in problems)
    return problems


def test_the_sample_has_no_mistake() -> None:
    assert outcome(FULL, "prod") == []
    assert outcome(FULL, "dev") == []
    assert outcome(FULL) == []


@QUICK
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
@example("a = " + "[" * 5000)
@example("a = " + "[" * 150 + "]" * 150)
@example("a = " + "{a = " * 5000)
@example("a = " + "9" * 5000)
@example("[services.x]\ncommand = 0x" + "f" * 5000)
@example("[services.x]\nport = 0x" + "f" * 5000)
@example("[services.x]\nenv = { A = 0x" + "f" * 5000 + " }")
@example("[services.x]\nstop_grace = 0x" + "f" * 5000)
@example("[project]\nname = 0x" + "f" * 5000)
@example("[services.x]\napp = '" + "(" * 5000 + "'")
@example("[services.x]\napp = 'a:b(" + "(" * 5000 + ")'")
@example("[services.x]\nhealth = { log = '" + "(" * 5000 + "' }")
@example('[services."a\\nb"]\ncommand = "x"\ndepends_on = ["a\\nb"]')
@example("x = 1979-13-45")
@example('"\\ud800" = 1')
def test_any_text_is_read_or_refused(text: str) -> None:
    outcome(text)


@QUICK
@given(st.data())
def test_a_damaged_file_is_read_or_refused(data: st.DataObject) -> None:
    text = FULL
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(start + 30, len(text))))
        text = (
            text[:start]
            + data.draw(st.sampled_from(["", "[", "\n", '"', " = ", "5", "x"]))
            + text[end:]
        )
    outcome(text, *data.draw(st.sampled_from([(), ("dev",), ("prod", "nope")])))


@QUICK
@given(documents(), st.sampled_from(KEYS), ANY_VALUE)
def test_any_value_of_any_key_is_read_or_refused(
    document: dict[str, Any], key: str, value: Any
) -> None:
    next(iter(document["services"].values()))[key] = value
    outcome(written(document))


@QUICK
@given(
    st.dictionaries(
        st.sampled_from(["project", "gateway", "log", "services", "profiles", "x"]), ANY_VALUE
    )
)
def test_any_table_is_read_or_refused(document: dict[str, Any]) -> None:
    outcome(written(document), "dev")


@QUICK
@given(documents())
def test_what_was_written_is_what_is_read(document: dict[str, Any]) -> None:
    services = parse(written(document), file=FILE).services
    assert list(services) == list(document["services"])
    for name, given_keys in document["services"].items():
        service = services[name]
        assert given_keys[service.kind] == service.target
        assert service.port == given_keys.get("port")
        assert set(service.depends_on) == set(given_keys.get("depends_on", ()))
        assert set(service.env) == set(given_keys.get("env", ()))
        assert service.watched is (given_keys.get("watch") is not False)


@QUICK
@given(documents(), st.data())
def test_five_mistakes_are_five_problems(document: dict[str, Any], data: st.DataObject) -> None:
    services = document["services"]
    name = data.draw(st.sampled_from(list(services)))
    services[name] |= {"prot": 1, "tty": "yes", "stop_signal": "TREM", "cwd": 5, "ignore": [""]}
    problems = outcome(written(document))
    assert sorted(problem.key.rpartition(".")[2] for problem in problems) == [
        "cwd",
        "ignore[0]",
        "prot",
        "stop_signal",
        "tty",
    ]
