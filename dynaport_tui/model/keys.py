"""Every key of services.toml: what it takes and what it means.

Conversion and JSON Schema both follow these tables.
"""

from __future__ import annotations

from . import synonyms
from .convert import Anything, Choice, Either, Flag, Number, Text, Texts, Whole, seconds, size
from .tables import Key, Listing, Names, Reference, Table
from .targets import AppReference, Command, Script
from .values import EnvValue, HttpPath, Instances, Pattern, Port, PortRange, Present, Signal

NAME = "[A-Za-z][A-Za-z0-9_-]*"
"""What a service may be called."""

_LABEL = "[A-Za-z0-9][A-Za-z0-9_-]*"
_VARIABLE = "[A-Za-z_][A-Za-z0-9_]*"
_NAME_RULE = "it starts with a letter; letters, digits, - and _ may follow"
_LABEL_RULE = "it consists of letters, digits, - and _"

_path = Text("a path", hint='Write "." for the folder of this file.')
_globs = Texts(Text("a glob", hint='Write globs such as ["**/*.py"].'))
_label = Text(
    "a name of letters, digits, - and _", pattern=_LABEL, hint='Write a name such as "blue".'
)
_slot = Text(
    "a name that starts with a letter",
    pattern=NAME,
    hint='Write names, as in ["debug"]: the numbers are chosen.',
)
_service = Text("the name of a service", hint='Write names, as in ["db"].')
_host = Text("a host name or address", pattern=r"[^\s/]+", hint='Write "127.0.0.1".')

_condition = Choice("ready", "completed", "started", other=synonyms.CONDITION)
_policy = Choice("always", "on-failure", "never", other=synonyms.POLICY)

HEALTH = Table(
    {
        "http": Key(HttpPath("/healthz"), "Asks this path; 200 to 399 is healthy.", ("/healthz",)),
        "tcp": Key(Present(), "Healthy when its port accepts a connection."),
        "command": Key(
            Command(), "Healthy when this command ends with 0.", ("redis-cli -p $PORT ping",)
        ),
        "log": Key(
            Pattern(),
            "Ready when a line of its log matches this regular expression.",
            ("Listening on",),
        ),
        "interval": Key(seconds(), "Seconds between two probes.", ("10s",), 5),
        "timeout": Key(seconds(), "Seconds that a probe may take.", ("500ms",), 2),
        "retries": Key(Whole(1), "UNHEALTHY after so many lost probes in a row.", (), 3),
        "start_deadline": Key(
            seconds(), "Seconds from the start until it must be ready.", ("1m30s",), 30
        ),
    },
    name="a path or a table",
    short="http",
    alternatives={"http": (), "tcp": (), "command": (), "log": ()},
    synonyms=synonyms.HEALTH,
)

RESTART = Table(
    {
        "policy": Key(
            _policy, "When it is started again after it ended by itself.", (), "on-failure"
        ),
        "max": Key(
            Whole(1), "FAILED after so many starts in a row that did not last 10 seconds.", (), 5
        ),
        "unhealthy": Key(Flag(), "Whether an UNHEALTHY service is restarted too.", (), False),
    },
    name="a policy or a table",
    short="policy",
    synonyms=synonyms.RESTART,
)

_GATEWAY = {
    "port": Key(Port(), "The port that stands for all services.", (8000,)),
    "host": Key(_host, "The address that it listens on.", ("127.0.0.1",)),
    "tls": Key(
        Either("true, false, a path or a table", bool=Flag(), str=_path, dict=Anything("object")),
        "Serve https.",
    ),
    "wait": Key(seconds(0), "Seconds that a request waits for a service that is starting."),
    "rate_limit": Key(Number(), "Requests a second."),
    "max_connections": Key(Whole(1), "Connections at a time."),
    "timeout": Key(seconds(), "Seconds that an answer may take."),
    "idle_timeout": Key(seconds(), "Seconds after which an idle connection is closed."),
    "max_body": Key(size(), "The largest request body.", ("10MB",)),
    "compress": Key(Flag(), "Compress answers."),
    "cache": Key(
        Either(
            "true, false, seconds or a table",
            bool=Flag(),
            int=seconds(0),
            float=seconds(0),
            str=seconds(0),
            dict=Anything("object"),
        ),
        "Keep answers that may be kept.",
    ),
    "breaker": Key(
        Either(
            "true, false, a number or a table", bool=Flag(), int=Whole(1), dict=Anything("object")
        ),
        "Leave a service alone for a while after so many failures.",
    ),
    "sticky": Key(
        Either("true, false or the name of a cookie", bool=Flag(), str=Text()),
        "Keep a client at one instance.",
    ),
    "access_log": Key(
        Either("true, false or a path", bool=Flag(), str=_path), "Write a line for each request."
    ),
}

_ROUTES = {
    "prefix": Key(HttpPath("/users"), "Its path at the gateway; by default its name.", ("/users",)),
    "hosts": Key(Texts(_host), "Host names for which the gateway asks it.", (["users.localhost"],)),
}

GATEWAY = Table(_GATEWAY)
SERVICE_GATEWAY = Table({**_GATEWAY, **_ROUTES})
DASHBOARD = Table(
    {
        "port": Key(Port(), "Its port.", (8001,)),
        "host": Key(_host, "The address that it listens on."),
    }
)

_env = Names(
    "a variable",
    _VARIABLE,
    EnvValue(),
    rule="it starts with a letter or _; letters, digits and _ may follow",
    name="a table of variables",
    hint='Write env = { NAME = "value" }.',
)

_COMMON = {
    "app": Key(
        AppReference(),
        "A WSGI or ASGI app: module:attribute or module:factory().",
        ("users.app:create_app()",),
    ),
    "script": Key(
        Script(),
        "A Python program that serves by itself, such as one that calls app.run().",
        ("run.py --demo",),
    ),
    "command": Key(
        Command(),
        "Any program. A string goes through sh, a list does not.",
        ("redis-server --port $PORT",),
    ),
    "cwd": Key(_path, "The folder it runs in; by default the one of this file.", ("services",)),
    "python": Key(_path, "A virtual environment or interpreter.", (".venv",)),
    "server": Key(
        Choice("werkzeug", "gunicorn", "uvicorn", "hypercorn"),
        "What serves an app.",
        (),
        "werkzeug",
    ),
    "workers": Key(Whole(1), "Worker processes of gunicorn, uvicorn and hypercorn.", (2,)),
    "port": Key(
        Port(optional=True),
        "A pinned port; without it one is chosen and remembered. false: it listens to nothing.",
        (5001, False),
    ),
    "host": Key(_host, "The address that it listens on.", (), "127.0.0.1"),
    "ports": Key(
        Texts(_slot, unique=True),
        "Names of further ports: debug is found in PORT_DEBUG.",
        (["debug"],),
    ),
    "env": Key(
        _env,
        "Variables. ${services.NAME.url} and ${env.NAME} are replaced.",
        ({"PEER": "${services.orders.url}/v1"},),
    ),
    "env_file": Key(Texts(_path), "Files of variables; each must exist.", (["users.env"],)),
    "depends_on": Key(
        Listing(_service, _condition),
        "What must be there before it starts.",
        (["db"], {"migrate": "completed"}),
    ),
    "health": Key(
        HEALTH, "How it is asked whether it works.", ("/healthz", {"tcp": True, "interval": 5})
    ),
    "restart": Key(
        RESTART,
        "What happens when it ends by itself.",
        ("always", {"policy": "on-failure", "max": 5}),
    ),
    "task": Key(Flag(), "It runs to its end; exit 0 makes it DONE.", (), False),
    "watch": Key(
        Either(
            "globs or false",
            'Write globs such as ["**/*.py"], or false.',
            bool=Flag(),
            str=_globs,
            list=_globs,
        ),
        "What a change reloads it for; by default what it imported. false: never.",
        (["**/*.py"], False),
    ),
    "ignore": Key(_globs, "What no change reloads it for.", (["migrations/**"],)),
    "reload": Key(
        Choice("overlap", "restart", "off", other=synonyms.RELOAD),
        "overlap: the new code must load before the old process goes.",
        (),
        "overlap",
    ),
    "warm": Key(Flag(), "false: a fresh interpreter at each start.", (), True),
    "debug": Key(Flag(), "Werkzeug's debugger for an app; its PIN is in the log.", (), False),
    "hand_down": Key(Flag(), "Pass a command its listening socket as systemd does.", (), False),
    "stop_signal": Key(Signal(), "The signal that asks it to end.", (), "TERM"),
    "stop_grace": Key(seconds(0), "Seconds until it is killed after that.", (), 10),
    "tty": Key(Flag(), "Give it a terminal.", (), False),
    "gateway": Key(SERVICE_GATEWAY, "What differs for it at the gateway."),
    **_ROUTES,
}

_KINDS = {
    "app": ("server", "workers", "debug", "warm"),
    "script": ("debug", "warm"),
    "command": ("hand_down",),
}

_INSIDE = {
    key: f"Write health = {{ {key} = … }}."
    for key in ("http", "tcp", "log", "interval", "timeout", "retries", "start_deadline")
}
_INSIDE |= {key: f"Write restart = {{ {key} = … }}." for key in ("policy", "max", "unhealthy")}
_INSIDE |= {"name": "The name stands in the header: [services.NAME]."}

_FOR_ALL = "It holds for all instances: write it below the service itself."

INSTANCE = Table(
    _COMMON,
    alternatives=_KINDS,
    synonyms=synonyms.SERVICE,
    elsewhere=_INSIDE
    | dict.fromkeys(
        ("instances", "instance", "profiles"),
        _FOR_ALL,
    ),
)

SERVICE = Table(
    {
        **_COMMON,
        "instances": Key(
            Instances(Texts(_label, unique=True)),
            "How many of it run, or their names.",
            (2, ["blue", "green"]),
            1,
        ),
        "instance": Key(
            Names(
                "an instance",
                _LABEL,
                Reference("instance", INSTANCE),
                rule=_LABEL_RULE,
                hint="Write [services.NAME.instance.INSTANCE].",
            ),
            "What differs for one instance, by its name or number.",
        ),
        "profiles": Key(
            Texts(_label), "Only with one of these profiles; without the key: always.", (["dev"],)
        ),
    },
    alternatives=_KINDS,
    synonyms=synonyms.SERVICE,
    elsewhere=_INSIDE,
)

PROJECT = Table(
    {
        "name": Key(
            Text("a name", hint='Write a text, such as "shop".'),
            "By default the folder's name.",
            ("shop",),
        ),
        "ports": Key(
            PortRange(), "Where ports are chosen from.", ([20000, 29999],), [20000, 29999]
        ),
        "env_file": Key(_path, "Variables for all services.", (), ".env"),
    }
)

LOG = Table(
    {
        "max_size": Key(size(1000), "A file is rotated at this size.", (), "50MB"),
        "keep": Key(Whole(0, 1000), "Rotated files that are kept.", (), 3),
        "lines": Key(Whole(1, 10_000_000), "Lines a service that are kept in memory.", (), 50000),
    }
)

_services = Names(
    "a service",
    NAME,
    Reference("service", SERVICE),
    rule=_NAME_RULE,
    hint="Write [services.NAME] for each service.",
)

_TOP = {
    "project": Key(PROJECT, "The project as a whole."),
    "gateway": Key(GATEWAY, "One port for everything; without this table there is none."),
    "dashboard": Key(DASHBOARD, "A web page for this project; without this table there is none."),
    "log": Key(LOG, "The logs of each service."),
    "services": Key(_services, "What is run, by name."),
}
_ELSEWHERE = {
    key: "Write it below [services.NAME]."
    for key in (*_COMMON, "instances", "instance")
    if key not in _TOP
}
_ELSEWHERE |= {key: "Write it below [project]." for key in PROJECT.keys if key not in _TOP}

PROFILE = Table(_TOP, synonyms=synonyms.FILE, elsewhere=_ELSEWHERE)

FILE = Table(
    {
        **_TOP,
        "profiles": Key(
            Names(
                "a profile",
                _LABEL,
                PROFILE,
                rule=_LABEL_RULE,
                hint="Write [profiles.NAME.services.SERVICE].",
            ),
            "What --profile NAME lays over the rest.",
        ),
    },
    synonyms=synonyms.FILE,
    elsewhere=_ELSEWHERE,
)
"""The whole of services.toml."""

DEFINITIONS = {"service": SERVICE, "instance": INSTANCE}
"""Tables that the schema of others refers to by name."""
