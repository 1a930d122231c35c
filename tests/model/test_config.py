"""A services.toml without mistakes: defaults, short forms, instances, profiles."""

from __future__ import annotations

import pytest

from dynaport_tui.model.config import parse, seconds, size
from dynaport_tui.model.spec import LogSpec, ProbeSpec, ProjectSpec, RestartSpec, ServiceSpec

FILE = "/home/ann/shop/services.toml"


def read(text: str, *profiles: str) -> ProjectSpec:
    return parse(text, file=FILE, profiles=profiles)


def users(text: str, *profiles: str) -> ServiceSpec:
    return read(f'[services.users]\napp = "users:app"\n{text}', *profiles).services["users"]


def command(text: str) -> ServiceSpec:
    return read(f'[services.db]\ncommand = "db"\n{text}').services["db"]


def test_the_smallest_file_has_all_defaults() -> None:
    project = read('[services.users]\napp = "users:app"\n')
    assert project == ProjectSpec(
        name="shop",
        root="/home/ann/shop",
        file=FILE,
        ports=(20000, 29999),
        env_file="/home/ann/shop/.env",
        services={
            "users": ServiceSpec(
                id="users",
                name="users",
                line=1,
                kind="app",
                target="users:app",
                cwd="/home/ann/shop",
                health=ProbeSpec(kind="runner"),
                prefix="/users",
            )
        },
    )


def test_project_keys_replace_the_defaults() -> None:
    project = read("""
        [project]
        name = "tea"
        ports = [30000, 30100]
        env_file = "settings/dev.env"
        [log]
        max_size = "10KiB"
        keep = 0
        lines = 10
        [gateway]
        port = 8000
        max_body = "1MB"
        timeout = "1m"
        tls = { cert = "a.pem" }
        [dashboard]
        [services.users]
        app = "users:app"
    """)
    assert (project.name, project.ports, project.ports_given) == ("tea", (30000, 30100), True)
    assert (project.env_file, project.env_file_required) == (
        "/home/ann/shop/settings/dev.env",
        True,
    )
    assert project.log == LogSpec(max_size=10240, keep=0, lines=10)
    assert project.gateway == {
        "port": 8000,
        "max_body": 1_000_000,
        "timeout": 60.0,
        "tls": {"cert": "a.pem"},
    }
    assert project.dashboard == {}


def test_an_app_may_have_a_debugger() -> None:
    assert users("debug = true").debug


def test_a_service_takes_every_key() -> None:
    service = users(
        """
        cwd = "services"
        python = ".venv"
        server = "gunicorn"
        workers = 2
        port = 5001
        host = "127.0.0.2"
        ports = ["debug"]
        env_file = ["users.env", "/etc/users.env", "~/users.env"]
        restart = { policy = "always", max = 2, unhealthy = true }
        watch = ["**/*.py"]
        ignore = "migrations/**"
        reload = "restart"
        warm = false
        debug = false
        stop_signal = "SIGINT"
        stop_grace = "1m30s"
        tty = true
        prefix = "/u"
        profiles = "dev"
        [services.users.gateway]
        hosts = ["users.localhost"]
        rate_limit = 5
    """,
        "dev",
    )
    assert service == ServiceSpec(
        id="users",
        name="users",
        line=1,
        kind="app",
        target="users:app",
        cwd="/home/ann/shop/services",
        python=".venv",
        server="gunicorn",
        workers=2,
        port=5001,
        host="127.0.0.2",
        ports=("debug",),
        env_files=("/home/ann/shop/users.env", "/etc/users.env", "~/users.env"),
        health=ProbeSpec(kind="runner"),
        restart=RestartSpec(policy="always", max=2, unhealthy=True),
        watch=("**/*.py",),
        ignore=("migrations/**",),
        reload="restart",
        warm=False,
        stop_signal="INT",
        stop_grace=90.0,
        tty=True,
        prefix="/u",
        hosts=("users.localhost",),
        gateway={"rate_limit": 5},
        profiles=("dev",),
    )


@pytest.mark.parametrize(
    ("text", "probe"),
    [
        ("", ProbeSpec(kind="tcp")),
        ("port = false", ProbeSpec(kind="alive")),
        ("task = true", ProbeSpec(kind="alive")),
        ("hand_down = true", ProbeSpec(kind="runner")),
        ("health = { interval = 1 }", ProbeSpec(kind="tcp", interval=1.0)),
        ('health = "/up?x=1"', ProbeSpec(kind="http", path="/up?x=1")),
        (
            'health = { http = "/up", timeout = "500ms" }',
            ProbeSpec(kind="http", path="/up", timeout=0.5),
        ),
        ("health = { tcp = true, retries = 1 }", ProbeSpec(kind="tcp", retries=1)),
        ('health = { command = "ping" }', ProbeSpec(kind="command", command="ping")),
        (
            'health = { command = ["ping", "-c1"] }',
            ProbeSpec(kind="command", command=("ping", "-c1")),
        ),
        (
            "port = false\nhealth = { log = 'ready \\d+' }",
            ProbeSpec(kind="log", pattern=r"ready \d+"),
        ),
    ],
)
def test_health_has_short_forms_and_a_default_for_each_kind(text: str, probe: ProbeSpec) -> None:
    assert command(text).health == probe


def test_a_script_that_listens_to_nothing_only_has_to_live() -> None:
    project = read('[services.a]\nscript = "a.py"\n[services.b]\nscript = "b.py"\nport = false\n')
    assert [service.health.kind for service in project.services.values()] == ["runner", "alive"]
    assert not project.services["b"].listens


@pytest.mark.parametrize(
    ("text", "restart"),
    [
        ("", RestartSpec()),
        ("task = true", RestartSpec(policy="never")),
        ('restart = "always"', RestartSpec(policy="always")),
        ("restart = { max = 9 }", RestartSpec(max=9)),
        ("task = true\nrestart = { max = 9 }", RestartSpec(policy="never", max=9)),
    ],
)
def test_restart_has_a_short_form_and_a_task_is_not_run_again(
    text: str, restart: RestartSpec
) -> None:
    assert command(text).restart == restart


def test_watch_is_globs_or_nothing_or_what_was_imported() -> None:
    assert (users("").watched, users("").watch) == (True, None)
    assert (users("watch = true").watched, users("watch = true").watch) == (True, None)
    assert users("watch = false").watched is False
    assert users('watch = "*.py"').watch == ("*.py",)


def test_values_of_env_become_text() -> None:
    env = users('env = { A = "x", B = 5, C = true, D = 1.5, E = "", F = "$${x} ${env.HOME}" }').env
    assert env == {
        "A": "x",
        "B": "5",
        "C": "true",
        "D": "1.5",
        "E": "",
        "F": "$${x} ${env.HOME}",
    }


def test_a_command_may_be_a_list() -> None:
    service = read('[services.db]\ncommand = ["db", "", "--port=$PORT"]\n').services["db"]
    assert service.target == ("db", "", "--port=$PORT")


def test_dependencies_have_conditions_and_a_task_must_complete() -> None:
    services = read("""
        [services.users]
        app = "users:app"
        depends_on = ["db", "migrate"]
        [services.orders]
        app = "orders:app"
        depends_on = { users = "started", migrate = "ready" }
        [services.web]
        app = "web:app"
        depends_on = "orders"
        [services.db]
        command = "db"
        instances = 2
        [services.migrate]
        command = "migrate"
        task = true
    """).services
    assert services["users"].depends_on == {
        "db.1": "ready",
        "db.2": "ready",
        "migrate": "completed",
    }
    assert services["orders"].depends_on == {"users": "started", "migrate": "ready"}
    assert services["web"].depends_on == {"orders": "ready"}


def test_instances_are_counted_or_named_and_may_differ() -> None:
    services = read("""
        [services.users]
        app = "users:app"
        port = 5001
        instances = 2
        env = { A = "1", B = "2" }
        [services.users.instance.2]
        port = 5002
        env = { B = "3" }
        [services.web]
        app = "web:app"
        instances = ["blue", "green"]
        [services.one]
        app = "one:app"
        instances = 1
    """).services
    assert list(services) == ["users.1", "users.2", "web.blue", "web.green", "one"]
    assert [(s.name, s.instance, s.port) for s in services.values()] == [
        ("users", "1", 5001),
        ("users", "2", 5002),
        ("web", "blue", None),
        ("web", "green", None),
        ("one", "1", None),
    ]
    assert services["users.2"].env == {"A": "1", "B": "3"}


def test_the_only_instance_may_have_a_table_of_its_own() -> None:
    assert users("[services.users.instance.1]\nport = 5001").port == 5001


PROFILES = """
[services.users]
app = "users:app"
workers = 2
env = { A = "1", B = "2" }
health = "/up"
depends_on = ["db"]
[services.db]
command = "db"
hand_down = true
[services.mail]
command = "mail"
profiles = ["dev", "full"]
[profiles.prod.services.users]
server = "gunicorn"
env = { B = "3" }
health = { interval = 60 }
depends_on = ["db", "cache"]
[profiles.prod.services.db]
app = "fake:app"
[profiles.prod.services.cache]
command = "cache"
[profiles.prod.project]
name = "shop-prod"
[profiles.full.services.users]
env = { B = "4" }
health = { log = "up" }
"""


def test_a_profile_is_laid_over_table_by_table() -> None:
    plain, prod = read(PROFILES), read(PROFILES, "prod")
    assert list(plain.services) == ["users", "db"]
    assert list(prod.services) == ["users", "db", "cache"]
    assert (prod.name, prod.profiles) == ("shop-prod", ("prod",))
    service = prod.services["users"]
    assert (service.server, service.env) == ("gunicorn", {"A": "1", "B": "3"})
    assert service.health == ProbeSpec(kind="http", path="/up", interval=60.0)
    assert list(service.depends_on) == ["db", "cache"]
    assert plain.services["users"].depends_on == {"db": "ready"}


def test_another_kind_in_a_profile_takes_the_place_of_the_first() -> None:
    service = read(PROFILES, "prod").services["db"]
    assert (service.kind, service.target, service.hand_down) == ("app", "fake:app", False)


def test_later_profiles_lie_over_earlier_ones() -> None:
    assert read(PROFILES, "prod", "full").services["users"].env["B"] == "4"
    assert read(PROFILES, "full", "prod").services["users"].env["B"] == "3"
    assert read(PROFILES, "prod", "full").services["users"].health == ProbeSpec(
        kind="log", pattern="up", interval=60.0
    )
    assert "mail" in read(PROFILES, "full", "prod").services


def test_lines_end_as_on_windows_and_a_byte_order_mark_is_no_mistake() -> None:
    assert users("\r\nport = 5001\r\n").port == 5001
    assert list(read('\ufeff[services.users]\napp = "a:b"\n').services) == ["users"]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1m30s", 90.0),
        ("500ms", 0.5),
        ("2", 2.0),
        ("1.5h", 5400.0),
        (" 1d ", 86400.0),
        (3, 3.0),
        (0, 0.0),
    ],
)
def test_durations_are_seconds(written: str | float, expected: float) -> None:
    assert seconds(written) == expected


@pytest.mark.parametrize(
    "written", ["", "1s1m", "-1", "s", "1 minute", "1e9", -1, float("nan"), 10**400]
)
def test_what_is_no_duration_is_refused(written: str | float) -> None:
    with pytest.raises(ValueError, match=r"duration|negative|number|year"):
        seconds(written)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("50MB", 50_000_000),
        ("10KiB", 10_240),
        ("10 kB", 10_000),
        ("1.5M", 1_500_000),
        ("7", 7),
        ("7B", 7),
        (9, 9),
    ],
)
def test_sizes_are_bytes(written: str | float, expected: int) -> None:
    assert size(written) == expected


@pytest.mark.parametrize("written", ["", "MB", "1 XB", "-1", "1e9", -1, 10**400, "9" * 30 + "TB"])
def test_what_is_no_size_is_refused(written: str | float) -> None:
    with pytest.raises(ValueError, match=r"size|negative|large"):
        size(written)
