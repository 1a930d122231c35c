"""What a person reads about a single key of services.toml."""

from __future__ import annotations

import pytest

from dynaport_tui.model.config import ConfigError, parse

USERS = """\
[services.users]
app = "users:app"
"""

CASES = [
    pytest.param(
        USERS + '[servces.db]\ncommand="x"\n',
        (),
        '3: servces: unknown key "servces". Write "services".',
        id="a key at the top that no table has",
    ),
    pytest.param(
        "port = 1\n" + USERS,
        (),
        '1: port: unknown key "port". Write it below [services.NAME].',
        id="a key of a service at the top",
    ),
    pytest.param(
        '[users]\napp = "users:app"\n',
        (),
        '1: users: unknown key "users". Write [services.users].',
        id="a service without the word services",
    ),
    pytest.param(
        '[services.shop.users]\napp = "users:app"\n',
        (),
        '1: services.shop.users: unknown key "users". Write [services.shop-users].',
        id="a service below another name",
    ),
    pytest.param(
        '[project]\nnam = "x"\n' + USERS,
        (),
        '2: project.nam: unknown key "nam". Write "name".',
        id="a misspelt key of project",
    ),
    pytest.param(
        '[log]\nmaxsize = "1MB"\n' + USERS,
        (),
        '2: log.maxsize: unknown key "maxsize". Write "max_size".',
        id="a misspelt key of log",
    ),
    pytest.param(
        "[gateway]\nprot = 8000\n" + USERS,
        (),
        '2: gateway.prot: unknown key "prot". Write "port".',
        id="a misspelt key of gateway",
    ),
    pytest.param(
        '[dashboard]\ncolour = "red"\n' + USERS,
        (),
        '2: dashboard.colour: unknown key "colour". Known here: host and port.',
        id="a misspelt key of dashboard",
    ),
    pytest.param(
        USERS + 'comand = "x"\n',
        (),
        '3: services.users.comand: unknown key "comand". Write "command".',
        id="a misspelt key of a service",
    ),
    pytest.param(
        USERS + 'working_dir = "x"\n',
        (),
        '3: services.users.working_dir: unknown key "working_dir". Write "cwd".',
        id="another tool's word for a key",
    ),
    pytest.param(
        USERS + "interval = 3\n",
        (),
        '3: services.users.interval: unknown key "interval". Write health = { interval = … }.',
        id="a key that belongs into health",
    ),
    pytest.param(
        USERS + 'health = { htp = "/x" }\n',
        (),
        '3: services.users.health.htp: unknown key "htp". Write "http".',
        id="a misspelt key of health",
    ),
    pytest.param(
        USERS + 'restart = { polcy = "always" }\n',
        (),
        '3: services.users.restart.polcy: unknown key "polcy". Write "policy".',
        id="a misspelt key of restart",
    ),
    pytest.param(
        USERS + "instances = 2\n[services.users.instance.2]\nprt = 1\n",
        (),
        '5: services.users.instance.2.prt: unknown key "prt". Write "port".',
        id="a misspelt key of an instance",
    ),
    pytest.param(
        USERS + 'instances = 2\n[services.users.instance.2]\nprofiles = ["x"]\n',
        (),
        '5: services.users.instance.2.profiles: unknown key "profiles". It holds for '
        "all instances: write it below the service itself.",
        id="a key that no instance has of its own",
    ),
    pytest.param(
        USERS + '[profiles.prod.services.users]\nsever = "gunicorn"\n',
        (),
        '4: profiles.prod.services.users.sever: unknown key "sever". Write "server".',
        id="a misspelt key in a profile",
    ),
    pytest.param(
        USERS + '[profiles.prod]\nenv = { A = "1" }\n',
        (),
        '4: profiles.prod.env: unknown key "env". Write it below [services.NAME].',
        id="a key of a service directly below a profile",
    ),
    pytest.param(
        "services = 3\n",
        (),
        "1: services: 3 is a whole number, but a table is needed. Write [services.NAME] "
        "for each service.",
        id="services that is no table",
    ),
    pytest.param(
        '[services]\nusers = "users:app"\n',
        (),
        '2: services.users: "users:app" is a string, but a table is needed. Write '
        "[services.users] and its keys below.",
        id="a service that is no table",
    ),
    pytest.param(
        '[[services]]\nname = "x"\napp="a:b"\n',
        (),
        "1: services: this is a list, but a table is needed. Write [services.NAME] for "
        "each service.",
        id="services as a list",
    ),
    pytest.param(
        USERS + 'debug = "yes"\n',
        (),
        '3: services.users.debug: "yes" is a string, but true or false is needed. Write '
        "true, without quotes.",
        id="a flag in quotes",
    ),
    pytest.param(
        USERS + "tty = 1\n",
        (),
        "3: services.users.tty: 1 is a whole number, but true or false is needed. Write "
        "true, without quotes.",
        id="a flag as a number",
    ),
    pytest.param(
        "[project]\nname = 5\n" + USERS,
        (),
        '2: project.name: 5 is a whole number, but a name is needed. Write "5", in quotes.',
        id="a name that is a number",
    ),
    pytest.param(
        USERS + 'env = { A = ["x"] }\n',
        (),
        "3: services.users.env.A: a variable holds text, but this is a list. Write it "
        "as one text, in quotes.",
        id="a variable that is a list",
    ),
    pytest.param(
        USERS + 'env = ["A=1"]\n',
        (),
        "3: services.users.env: this is a list, but a table of variables is needed. "
        'Write env = { NAME = "value" }.',
        id="env as a list",
    ),
    pytest.param(
        USERS + "port = 0\n",
        (),
        "3: services.users.port: 0 is no port. Write a number from 1 to 65535, or false "
        "where it listens to nothing; without this key a port is chosen.",
        id="port zero",
    ),
    pytest.param(
        USERS + "port = 70000\n",
        (),
        "3: services.users.port: 70000 is no port. Write a number from 1 to 65535, or "
        "false where it listens to nothing; without this key a port is chosen.",
        id="a port above the highest",
    ),
    pytest.param(
        USERS + "port = -1\n",
        (),
        "3: services.users.port: -1 is no port. Write a number from 1 to 65535, or "
        "false where it listens to nothing; without this key a port is chosen.",
        id="a negative port",
    ),
    pytest.param(
        USERS + 'port = "5001"\n',
        (),
        '3: services.users.port: "5001" is a string, but a port number is needed. Write '
        "5001, without quotes.",
        id="a port in quotes",
    ),
    pytest.param(
        USERS + "port = true\n",
        (),
        "3: services.users.port: true is not a port number. Write a number from 1 to "
        "65535, or false where it listens to nothing; without this key a port is chosen.",
        id="port = true",
    ),
    pytest.param(
        USERS + "port = 5001.0\n",
        (),
        "3: services.users.port: 5001.0 is a number, but a port number is needed. Write 5001.",
        id="a port with a fraction",
    ),
    pytest.param(
        USERS + 'stop_grace = "10 sec"\n',
        (),
        '3: services.users.stop_grace: "10 sec" is not a duration. Write a number of '
        'seconds, or a text such as "500ms" or "1m30s".',
        id="a duration with an unknown unit",
    ),
    pytest.param(
        USERS + "stop_grace = -1\n",
        (),
        "3: services.users.stop_grace: -1 is negative. Write a number of seconds, or a "
        'text such as "500ms" or "1m30s".',
        id="a negative duration",
    ),
    pytest.param(
        USERS + 'health = { timeout = "-2s" }\n',
        (),
        '3: services.users.health.timeout: "-2s" is negative. Write a number of '
        'seconds, or a text such as "500ms" or "1m30s".',
        id="a negative duration in quotes",
    ),
    pytest.param(
        USERS + "health = { interval = 0 }\n",
        (),
        "3: services.users.health.interval: 0 is too little. Write 0.001 or more.",
        id="a duration of nothing",
    ),
    pytest.param(
        USERS + "health = { interval = nan }\n",
        (),
        "3: services.users.health.interval: nan is not a duration. Write a number of "
        'seconds, or a text such as "500ms" or "1m30s".',
        id="a duration that is no number",
    ),
    pytest.param(
        USERS + 'health = { interval = "999d" }\n',
        (),
        '3: services.users.health.interval: "999d" is not a duration (longer than a '
        'year). Write a number of seconds, or a text such as "500ms" or "1m30s".',
        id="a duration of years",
    ),
    pytest.param(
        '[log]\nmax_size = "50 megs"\n' + USERS,
        (),
        '2: log.max_size: "50 megs" is not a size. Write a number of bytes, or a text '
        'such as "50MB" or "10KiB".',
        id="a size with an unknown unit",
    ),
    pytest.param(
        "[log]\nmax_size = -5\n" + USERS,
        (),
        "2: log.max_size: -5 is negative. Write a number of bytes, or a text such as "
        '"50MB" or "10KiB".',
        id="a negative size",
    ),
    pytest.param(
        "[log]\nmax_size = 5\n" + USERS,
        (),
        "2: log.max_size: 5 is too little. Write 1000 or more.",
        id="a size too small to write to",
    ),
    pytest.param(
        "[log]\nkeep = -1\n" + USERS,
        (),
        "2: log.keep: -1 is out of bounds. Write a whole number, from 0 to 1000.",
        id="a negative count",
    ),
    pytest.param(
        USERS + "health = { retries = 0 }\n",
        (),
        "3: services.users.health.retries: 0 is out of bounds. Write a whole number, 1 or more.",
        id="a count of zero",
    ),
    pytest.param(
        USERS + 'server="gunicorn"\nworkers = "two"\n',
        (),
        '4: services.users.workers: "two" is a string, but a whole number is needed. '
        "Write a whole number, 1 or more.",
        id="a count in words",
    ),
    pytest.param(
        USERS + 'server="gunicorn"\nworkers = "2"\n',
        (),
        '4: services.users.workers: "2" is a string, but a whole number is needed. '
        "Write 2, without quotes.",
        id="a count in quotes",
    ),
    pytest.param(
        USERS + 'health = { log = "ready (" }\n',
        (),
        '3: services.users.health.log: "ready (" is no regular expression: missing ), '
        "unterminated subpattern at position 6. Put a backslash before a sign that "
        "stands for itself, and all in single quotes.",
        id="a pattern that does not close",
    ),
    pytest.param(
        USERS + 'stop_signal = "SIGTREM"\n',
        (),
        '3: services.users.stop_signal: "SIGTREM" is no signal to stop with. Did you mean "TERM"?',
        id="a misspelt signal",
    ),
    pytest.param(
        USERS + "stop_signal = 15\n",
        (),
        "3: services.users.stop_signal: 15 is a whole number, but the name of a signal "
        'is needed. Write "TERM".',
        id="a signal by its number",
    ),
    pytest.param(
        USERS + 'env = { "MY-VAR" = "1" }\n',
        (),
        '3: services.users.env.MY-VAR: "MY-VAR" is no name of a variable: it starts '
        "with a letter or _; letters, digits and _ may follow. Write MY_VAR.",
        id="a variable with a dash",
    ),
    pytest.param(
        USERS + 'env = { "1X" = "1" }\n',
        (),
        '3: services.users.env.1X: "1X" is no name of a variable: it starts with a '
        "letter or _; letters, digits and _ may follow. Write X.",
        id="a variable that starts with a digit",
    ),
    pytest.param(
        "[project]\nports = [29999, 20000]\n" + USERS,
        (),
        "2: project.ports: [29999, 20000] is reversed. Write [20000, 29999].",
        id="a reversed range",
    ),
    pytest.param(
        "[project]\nports = [20000, 70000]\n" + USERS,
        (),
        "2: project.ports[1]: 70000 is no port. Write a number from 1 to 65535.",
        id="a range beyond the highest port",
    ),
    pytest.param(
        "[project]\nports = [20000]\n" + USERS,
        (),
        "2: project.ports: a range has two ends, but this list has 1. Write the lowest "
        "and the highest port, such as [20000, 29999].",
        id="a range with one end",
    ),
    pytest.param(
        '[project]\nports = "20000-29999"\n' + USERS,
        (),
        '2: project.ports: "20000-29999" is a string, but a list of two ports is '
        "needed. Write the lowest and the highest port, such as [20000, 29999].",
        id="a range as text",
    ),
    pytest.param(
        '[services."my app"]\napp = "a:b"\n',
        (),
        '1: services."my app": "my app" is no name of a service: it starts with a '
        "letter; letters, digits, - and _ may follow. Write my-app.",
        id="a service name with a space",
    ),
    pytest.param(
        '[services.2fast]\napp = "a:b"\n',
        (),
        '1: services.2fast: "2fast" is no name of a service: it starts with a letter; '
        "letters, digits, - and _ may follow. Write fast.",
        id="a service name that starts with a digit",
    ),
    pytest.param(
        USERS + 'ports = ["debug", "debug"]\n',
        (),
        '3: services.users.ports[1]: "debug" stands here twice. Remove one of them.',
        id="a further port named twice",
    ),
    pytest.param(
        USERS + "ports = [9000]\n",
        (),
        "3: services.users.ports[0]: 9000 is a whole number, but a name that starts "
        'with a letter is needed. Write names, as in ["debug"]: the numbers are chosen.',
        id="a further port that is a number",
    ),
    pytest.param(
        USERS + 'server = "guncorn"\n',
        (),
        '3: services.users.server: "guncorn" is none of "werkzeug", "gunicorn", '
        '"uvicorn" and "hypercorn". Write "gunicorn".',
        id="a misspelt server",
    ),
    pytest.param(
        USERS + 'health = "http://localhost:5001/healthz?a=1"\n',
        (),
        '3: services.users.health: "http://localhost:5001/healthz?a=1" is not a path '
        'such as "/healthz". Write "/healthz?a=1".',
        id="a health path that is a URL",
    ),
    pytest.param(
        USERS + 'health = "healthz"\n',
        (),
        '3: services.users.health: "healthz" is not a path such as "/healthz". Write "/healthz".',
        id="a health path without its slash",
    ),
    pytest.param(
        USERS + "health = false\n",
        (),
        '3: services.users.health: false is not a path such as "/healthz". Write "/healthz".',
        id="health = false",
    ),
    pytest.param(
        USERS + "health = { tcp = false }\n",
        (),
        "3: services.users.health.tcp: false asks for nothing. Leave the key out, or write true.",
        id="tcp = false",
    ),
    pytest.param(
        USERS + 'health = { http = "/x", tcp = true }\n',
        (),
        "3: services.users.health.tcp: http (line 3) and tcp (line 3) cannot stand "
        "together. Keep one of http, tcp, command and log.",
        id="two probes",
    ),
    pytest.param(
        USERS + "restart = false\n",
        (),
        '3: services.users.restart: false is not "always", "on-failure" or "never". Write "never".',
        id="restart = false",
    ),
    pytest.param(
        USERS + 'restart = "unless-stopped"\n',
        (),
        '3: services.users.restart: "unless-stopped" is none of "always", "on-failure" '
        'and "never". Write "always".',
        id="another tool's restart policy",
    ),
    pytest.param(
        USERS + "restart = { max = -3 }\n",
        (),
        "3: services.users.restart.max: -3 is out of bounds. Write a whole number, 1 or more.",
        id="a negative number of restarts",
    ),
    pytest.param(
        USERS + "reload = true\n",
        (),
        '3: services.users.reload: true is not "overlap", "restart" or "off". Write "overlap".',
        id="reload = true",
    ),
    pytest.param(
        USERS + "watch = 5\n",
        (),
        "3: services.users.watch: 5 is a whole number, but globs or false is needed. "
        'Write globs such as ["**/*.py"], or false.',
        id="watch as a number",
    ),
    pytest.param(
        USERS + "instances = 0\n",
        (),
        "3: services.users.instances: 0 is no number of instances. Write a number from "
        '1 to 100, or names as in ["blue", "green"].',
        id="no instances",
    ),
    pytest.param(
        USERS + 'instances = ["a", "a"]\n',
        (),
        '3: services.users.instances[1]: "a" stands here twice. Remove one of them.',
        id="two instances of one name",
    ),
    pytest.param(
        USERS + 'instances = ["a b"]\n',
        (),
        '3: services.users.instances[0]: "a b" is not a name of letters, digits, - and '
        '_. Write a name such as "blue".',
        id="an instance name with a space",
    ),
    pytest.param(
        USERS + "host = 2020-01-01\n",
        (),
        "3: services.users.host: 2020-01-01 is a date or time, but a host name or "
        'address is needed. Write "127.0.0.1".',
        id="a date where a host should be",
    ),
    pytest.param(
        USERS + 'host = "http://localhost"\n',
        (),
        '3: services.users.host: "http://localhost" is not a host name or address. '
        'Write "127.0.0.1".',
        id="a host that is a URL",
    ),
    pytest.param(
        USERS + 'prefix = "users"\n',
        (),
        '3: services.users.prefix: "users" is not a path such as "/users". Write "/users".',
        id="a prefix without its slash",
    ),
]


@pytest.mark.parametrize(("text", "profiles", "expected"), CASES)
def test_a_mistake_is_told_once_with_its_line_key_and_remedy(
    text: str, profiles: tuple[str, ...], expected: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, file="/home/ann/shop/services.toml", profiles=profiles)
    assert str(caught.value) == f"services.toml:{expected}"
