"""Texts of services.toml that several tests read."""

from __future__ import annotations

import string
from typing import Any

import tomli_w
from hypothesis import strategies as st

FILE = "/home/ann/shop/services.toml"

FULL = """\
[project]
name = "shop"
ports = [20000, 29999]
env_file = ".env"

[gateway]
port = 8000
tls = true
wait = "5s"
rate_limit = 100
max_body = "10MB"
breaker = 5
sticky = "session"
cache = { seconds = 5 }

[dashboard]
port = 8001

[log]
max_size = "50MB"
keep = 3
lines = 50000

[services.users]
app = "users.app:create_app('dev', debug=True)"
# script = "users/run.py --demo"
cwd = "services"
python = ".venv"
server = "werkzeug"
workers = 2
instances = ["blue", "green"]
port = 5001
host = "127.0.0.1"
ports = ["debug"]
env = { THEME = "dark", PEER = "${services.orders.url}/v1", HOME_DIR = "${env.HOME}", DEPTH = 3 }
env_file = ["users.env"]
depends_on = ["db"]
health = "/healthz"
restart = "on-failure"
task = false
watch = ["**/*.py"]
ignore = ["migrations/**"]
reload = "overlap"
warm = true
debug = false
hand_down = false
stop_signal = "TERM"
stop_grace = 10
tty = false
prefix = "/users"
profiles = ["dev", "prod"]

[services.users.instance.green]
port = 5002
env = { THEME = 'light "\\ green' }

[services.users.gateway]
hosts = ["users.localhost"]
timeout = 2.5

[services.orders]
script = "orders/run.py --demo"
depends_on = { db = "ready", migrate = "completed" }
health = { http = "/up", interval = "10s", timeout = 2, retries = 3, start_deadline = "1m30s" }
restart = { policy = "always", max = 5, unhealthy = false }

[services.migrate]
command = ["python", "migrate.py"]
task = true
port = false

[services.db]
command = \"\"\"
exec redis-server \\
  --port $PORT
\"\"\"
health = { log = 'Ready to accept|Listening on \\d+' }
hand_down = false

[profiles.prod.services.users]
server = "gunicorn"

[profiles.prod.services.cache]
command = "memcached -p $PORT"
instances = 2
"""
"""Every key at least once, and every way to write a text."""

_names = st.text(string.ascii_lowercase, min_size=1, max_size=6).map(lambda name: f"s{name}")


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A services.toml without mistakes; each service depends only on earlier ones."""
    services: dict[str, Any] = {}
    for number, name in enumerate(draw(st.lists(_names, min_size=1, max_size=5, unique=True))):
        kind = draw(
            st.sampled_from([("app", "a.b:c"), ("script", "run.py"), ("command", "sleep 1")])
        )
        optional: dict[str, st.SearchStrategy[Any]] = {
            "port": st.just(5000 + number),
            "stop_grace": st.sampled_from([0, 1.5, "500ms", "1m30s"]),
            "health": st.sampled_from(["/up", {"log": "x+"}, {"retries": 2}]),
            "restart": st.sampled_from(["never", {"max": 1}]),
            "env": st.dictionaries(
                _names, st.booleans() | st.integers(-9, 9) | st.just("${env.A}")
            ),
            "depends_on": st.lists(st.sampled_from(list(services) or [name]), unique=True)
            if services
            else st.just([]),
            "watch": st.sampled_from([False, ["*.py"]]),
        }
        services[name] = {kind[0]: kind[1], **draw(st.fixed_dictionaries({}, optional=optional))}
    return {"services": services}


def written(document: dict[str, Any]) -> str:
    """The document as TOML."""
    return tomli_w.dumps(document)
