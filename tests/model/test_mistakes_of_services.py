"""What a person reads about a service as a whole, and about services that do not fit together."""

from __future__ import annotations

import pytest

from dynaport_tui.model.config import ConfigError, parse

USERS = """\
[services.users]
app = "users:app"
"""

CASES = [
    pytest.param(
        "[services.users]\nport = 5001\n",
        (),
        "1: services.users: app, script and command are all missing. Write exactly one, "
        'such as app = "app:app", script = "run.py" or command = "…".',
        id="a service that says nothing to run",
    ),
    pytest.param(
        USERS + 'command = "x"\n',
        (),
        "3: services.users.command: app (line 2) and command (line 3) cannot stand "
        "together. Keep one of app, script and command.",
        id="a service with two things to run",
    ),
    pytest.param(
        '[services.users]\napp = "users.app"\n',
        (),
        '2: services.users.app: "users.app" has no colon between module and app. Write '
        '"users.app:app".',
        id="an app without a colon",
    ),
    pytest.param(
        '[services.users]\napp = "users/app.py:app"\n',
        (),
        '2: services.users.app: "users/app.py:app" is not module:attribute or '
        'module:factory(). Write "users.app:app".',
        id="an app by its file",
    ),
    pytest.param(
        '[services.users]\napp = "users:create(dev)"\n',
        (),
        '2: services.users.app: in "users:create(dev)", an argument is no Python '
        "literal. Write literals, as in \"shop.app:create_app('dev', debug=True)\".",
        id="an app whose argument is a name",
    ),
    pytest.param(
        '[services.users]\napp = "users:create(a b)"\n',
        (),
        '2: services.users.app: in "users:create(a b)", the arguments are no Python. '
        "Write literals, as in \"shop.app:create_app('dev', debug=True)\".",
        id="an app whose arguments are no Python",
    ),
    pytest.param(
        "[services.users]\napp = \"users:create('dev'\"\n",
        (),
        "2: services.users.app: \"users:create('dev'\" is not module:attribute or "
        'module:factory(). Write "module:app" or "module:create_app()".',
        id="an app whose brackets do not close",
    ),
    pytest.param(
        '[services.x]\nscript = " "\n',
        (),
        '2: services.x.script: this is empty, but a program such as "run.py --demo" is '
        'needed. Write "run.py", with its arguments if it has some.',
        id="an empty script",
    ),
    pytest.param(
        '[services.x]\nscript = "run.py \'a"\n',
        (),
        '2: services.x.script: a quote in "run.py \'a" is never closed. Close it, or remove it.',
        id="a script with an open quote",
    ),
    pytest.param(
        '[services.x]\ncommand = ""\n',
        (),
        '2: services.x.command: this is empty, but a command is needed. Write "program '
        '--option", or ["program", "--option"].',
        id="an empty command",
    ),
    pytest.param(
        "[services.x]\ncommand = []\n",
        (),
        '2: services.x.command: this is empty, but a command is needed. Write "program '
        '--option", or ["program", "--option"].',
        id="an empty list as command",
    ),
    pytest.param(
        '[services.x]\ncommand = ["", "x"]\n',
        (),
        '2: services.x.command: this is empty, but a command is needed. Write "program '
        '--option", or ["program", "--option"].',
        id="a list without a program as command",
    ),
    pytest.param(
        '[services.x]\ncommand = ["redis", "--port", 6379]\n',
        (),
        "2: services.x.command[2]: 6379 is a whole number, but a string is needed. "
        'Write "6379", in quotes.',
        id="a number in a command",
    ),
    pytest.param(
        '[services.x]\ncommand = "x"\ndebug = true\n',
        (),
        "3: services.x.debug: Werkzeug's debugger is for an app or a script, but x is a command. "
        "Remove this line.",
        id="a command with a debugger",
    ),
    pytest.param(
        USERS + 'debug = true\n[profiles.prod.services.users]\nserver = "gunicorn"\n',
        ("prod",),
        "3: services.users.debug: Werkzeug's debugger needs the werkzeug server, but users is "
        "served by gunicorn (line 5). Remove this line, or write debug = false beside that one.",
        id="another server with a debugger",
    ),
    pytest.param(
        USERS + "health = { tcp = true }\n",
        (),
        "3: services.users.health.tcp: dynaport listens for users all the time, so a connection "
        'always succeeds. Write http = "/", or the path of a page that tells, in place of tcp.',
        id="a connection as health of an app",
    ),
    pytest.param(
        '[services.x]\ncommand = "x"\nhand_down = true\nhealth = { tcp = true }\n',
        (),
        "4: services.x.health.tcp: dynaport listens for x all the time, so a connection "
        'always succeeds. Write http = "/", or the path of a page that tells, in place of tcp.',
        id="a connection as health of a command that is handed its socket",
    ),
    pytest.param(
        '[services.x]\ncommand = "cd web && serve"\nhand_down = true\n',
        (),
        "2: services.x.command: the socket is handed to the shell that this needs, and not to the "
        'program. Write a list, as in ["program", "--option"], or exec before the program.',
        id="a socket handed to a shell",
    ),
    pytest.param(
        '[services.x]\ncommand = "x"\nwarm = false\n',
        (),
        "3: services.x.warm: a command is never started warm; that is for an app or a script. "
        "Remove this line.",
        id="a command that is not to start warm",
    ),
    pytest.param(
        USERS + 'port = 5001\n[services.orders]\napp = "o:app"\nport = 5001\n',
        (),
        "6: services.orders.port: 5001 is pinned twice: for users on line 3 and here. "
        "Pin another port here, or remove port and one is chosen.",
        id="one port for two services",
    ),
    pytest.param(
        "[gateway]\nport = 8000\n" + USERS + "port = 8000\n",
        (),
        "5: services.users.port: 8000 is pinned twice: for gateway on line 2 and here. "
        "Pin another port here, or remove port and one is chosen.",
        id="one port for a service and the gateway",
    ),
    pytest.param(
        USERS + "port = 5001\ninstances = 3\n",
        (),
        "3: services.users.port: 5001 is pinned for all instances of users, but only "
        "one can have it. Pin one each, as in [services.users.instance.3] port = 5002, "
        "or remove port and they are chosen.",
        id="one port for three instances",
    ),
    pytest.param(
        USERS + 'depends_on = ["redis"]\n',
        (),
        '3: services.users.depends_on[0]: there is no service "redis". Known services: users.',
        id="a dependency that is not there",
    ),
    pytest.param(
        USERS + 'depends_on = { dbb = "ready" }\n[services.db]\ncommand="db"\n',
        (),
        '3: services.users.depends_on.dbb: there is no service "dbb". Did you mean "db"?',
        id="a misspelt dependency",
    ),
    pytest.param(
        USERS + 'depends_on = ["db.1"]\n[services.db]\ncommand="db"\ninstances=2\n',
        (),
        '3: services.users.depends_on[0]: there is no service "db.1". Write "db": all '
        "its instances are waited for.",
        id="a dependency on one instance",
    ),
    pytest.param(
        USERS + 'depends_on = ["users"]\n',
        (),
        "3: services.users.depends_on[0]: users waits for itself. Remove it.",
        id="a service that waits for itself",
    ),
    pytest.param(
        USERS
        + 'depends_on = ["orders"]\n[services.orders]\napp = "o:app"\ndepends_on = ["users"]\n',
        (),
        "3: services.users.depends_on[0]: these wait for each other: users → orders → "
        "users. Remove one of these dependencies.",
        id="two services that wait for each other",
    ),
    pytest.param(
        USERS
        + 'depends_on = ["mail"]\n[services.mail]\ncommand = "m"\nprofiles = ["dev", "full"]\n',
        (),
        "3: services.users.depends_on[0]: mail is there only with --profile dev or "
        "--profile full. Add --profile dev or --profile full, or give this service the "
        "same profiles.",
        id="a dependency that a profile leaves out",
    ),
    pytest.param(
        USERS + 'depends_on = ["mail"]\n[profiles.dev.services.mail]\ncommand = "m"\n',
        (),
        "3: services.users.depends_on[0]: mail is there only with --profile dev. Add "
        "--profile dev, or give this service the same profiles.",
        id="a dependency that only a profile adds",
    ),
    pytest.param(
        USERS
        + 'env = { A = "x-${services.mail.url}" }\n'
        + '[services.mail]\ncommand = "m"\nprofiles = ["dev"]\n',
        (),
        "3: services.users.env.A: mail is there only with --profile dev. Add --profile "
        "dev, or give this service the same profiles.",
        id="an address that a profile leaves out",
    ),
    pytest.param(
        USERS + 'depends_on = { db = "service_healthy" }\n[services.db]\ncommand="db"\n',
        (),
        '3: services.users.depends_on.db: "service_healthy" is none of "ready", '
        '"completed" and "started". Write "ready".',
        id="another tool's condition",
    ),
    pytest.param(
        USERS + 'depends_on = { db = "complete" }\n[services.db]\ncommand="db"\n',
        (),
        '3: services.users.depends_on.db: "complete" is none of "ready", "completed" '
        'and "started". Write "completed".',
        id="a misspelt condition",
    ),
    pytest.param(
        USERS + 'depends_on = { db = "completed" }\n[services.db]\ncommand="db"\n',
        (),
        "3: services.users.depends_on.db: db never completes: it is no task. Write db = "
        '"ready", or add task = true to db.',
        id="completed of what never ends",
    ),
    pytest.param(
        USERS + 'env = { A = "${services.usrs.url}" }\n',
        (),
        '3: services.users.env.A: ${services.usrs.url}: there is no service "usrs". Did '
        'you mean "users"?',
        id="an address of an unknown service",
    ),
    pytest.param(
        USERS + 'env = { A = "${services.users.uri}" }\n',
        (),
        "3: services.users.env.A: ${services.users.uri}: a service has url, host, port "
        'and urls, but no uri. Did you mean "url"?',
        id="an unknown part of an address",
    ),
    pytest.param(
        USERS + 'env = { A = "${HOME}/x" }\n',
        (),
        "3: services.users.env.A: ${HOME} is neither a service's address nor a "
        "variable. Write ${env.HOME} for the variable, or $${HOME} to leave it as it "
        "is.",
        id="a variable of the shell",
    ),
    pytest.param(
        USERS + 'env = { A = "${users.url}" }\n',
        (),
        "3: services.users.env.A: ${users.url} is neither a service's address nor a "
        "variable. Write ${services.users.url}.",
        id="an address without its scope",
    ),
    pytest.param(
        USERS + 'env = { A = "${services.users}" }\n',
        (),
        "3: services.users.env.A: ${services.users} is neither a service's address nor "
        "a variable. Write ${services.users.url}.",
        id="an address without its part",
    ),
    pytest.param(
        USERS + 'env = { A = "${services.users.url" }\n',
        (),
        "3: services.users.env.A: a ${ is not closed here. Close it with }, or write "
        "$${ for the two characters themselves.",
        id="an address that does not close",
    ),
    pytest.param(
        USERS + 'env = { A = "${services.w.url}" }\n[services.w]\ncommand="w"\nport=false\n',
        (),
        "3: services.users.env.A: ${services.w.url}: w listens to nothing (port = "
        "false). Remove this variable, or port = false of w.",
        id="the address of what listens to nothing",
    ),
    pytest.param(
        '[services.orders-api]\napp = "a:b"\n[services.orders_api]\napp="a:b"\n',
        (),
        "3: services.orders_api: orders-api (line 1) and orders_api both give "
        "ORDERS_API_URL. Rename one of them.",
        id="two names that give one variable",
    ),
    pytest.param(
        '[services.dynaport]\napp = "a:b"\n',
        (),
        "1: services.dynaport: its address would be DYNAPORT_URL, which means something "
        "else. Write another name, such as dynaport-app.",
        id="a name that dynaport has for itself",
    ),
    pytest.param(
        USERS + 'ports = ["a-b", "A_B"]\n',
        (),
        "3: services.users.ports: a-b and A_B both give PORT_A_B. Rename one of them.",
        id="two further ports that give one variable",
    ),
    pytest.param(
        USERS + "workers = 2\n",
        (),
        "3: services.users.workers: the werkzeug server has one worker, with threads. "
        'Add server = "gunicorn", "uvicorn" or "hypercorn", or remove workers.',
        id="workers for werkzeug",
    ),
    pytest.param(
        '[services.users]\ncommand = "x"\nworkers = 2\n',
        (),
        "3: services.users.workers: workers are for an app, but users is a command. "
        "Write instances for more than one of it.",
        id="workers for a command",
    ),
    pytest.param(
        USERS + "hand_down = true\n",
        (),
        "3: services.users.hand_down: only a command is handed its socket; the app "
        "users is served on it anyway. Remove this line.",
        id="a socket handed down to an app",
    ),
    pytest.param(
        '[services.users]\ncommand="x"\nport=false\nhand_down = true\n',
        (),
        "4: services.users.hand_down: users listens to nothing (port = false, line 3), "
        "so there is no socket to hand down. Remove one of the two lines.",
        id="a socket handed down that is not there",
    ),
    pytest.param(
        '[services.users]\nscript = "x.py"\nserver = "gunicorn"\n',
        (),
        "3: services.users.server: a server is for an app, but users is a script. "
        "Remove this line.",
        id="a server for a script",
    ),
    pytest.param(
        '[services.users]\ncommand="x"\nport = false\nhealth = "/healthz"\n',
        (),
        "4: services.users.health: users listens to nothing (port = false, line 3), so "
        "http is never answered. Remove port = false, or write health = { command = … } "
        "or { log = … }.",
        id="a health path without a port",
    ),
    pytest.param(
        '[services.users]\ncommand="x"\nport = false\nhealth = { tcp = true }\n',
        (),
        "4: services.users.health.tcp: users listens to nothing (port = false, line 3), "
        "so tcp is never answered. Remove port = false, or write health = { command = … "
        "} or { log = … }.",
        id="a tcp probe without a port",
    ),
    pytest.param(
        USERS + "port = false\n",
        (),
        "3: services.users.port: an app is served on a port. Remove port = false, or "
        "write script or command in place of app.",
        id="an app without a port",
    ),
    pytest.param(
        USERS + "task = true\n",
        (),
        "3: services.users.task: an app is served until it is stopped and never runs to "
        "its end. Write script or command in place of app, or remove task.",
        id="an app that should run to its end",
    ),
    pytest.param(
        '[project]\nname = "x"\n',
        (),
        "1: services: the file names no service. Add one: a line [services.web], below "
        'it app = "app:app" or command = "…".',
        id="a file without a service",
    ),
    pytest.param(
        "[services]\n",
        (),
        "1: services: the file names no service. Add one: a line [services.web], below "
        'it app = "app:app" or command = "…".',
        id="a services table without a service",
    ),
    pytest.param(
        "\n# nothing\n",
        (),
        "1: services: the file is empty. Add one: a line [services.web], below it app = "
        '"app:app" or command = "…".',
        id="an empty file",
    ),
    pytest.param(
        USERS + 'profiles = ["dev"]\n',
        (),
        "1: services.users: no service is left: each belongs to a profile that is not "
        "wanted. Add --profile dev.",
        id="a file whose services are all left out",
    ),
    pytest.param(
        USERS
        + '[services.x]\ncommand="x"\nprofiles=["dev"]\n[profiles.prod.services.x]\ntty=true\n',
        ("prdo",),
        '1: profiles: there is no profile "prdo". Did you mean "prod"? Known profiles: '
        "dev and prod.",
        id="a misspelt profile",
    ),
    pytest.param(
        USERS,
        ("prod",),
        '1: profiles: there is no profile "prod". The file has no profiles.',
        id="a profile in a file without profiles",
    ),
    pytest.param(
        USERS + '[profiles.prod.services.usres]\nserver = "gunicorn"\n',
        (),
        '3: profiles.prod.services.usres: there is no service "usres" to lay this over. '
        'Did you mean "users"?',
        id="an overlay of a misspelt service",
    ),
    pytest.param(
        '[services.x]\nport=5\n[profiles.dev.services.x]\ncommand="x"\n',
        (),
        "1: services.x: app, script and command are all missing with these profiles. "
        "Write exactly one of them here, or use --profile dev.",
        id="a service that only a profile completes",
    ),
    pytest.param(
        USERS + 'instances = ["blue", "green"]\n[services.users.instance.gren]\nport = 5\n',
        (),
        '4: services.users.instance.gren: users has no instance "gren". Did you mean "green"?',
        id="a misspelt instance",
    ),
    pytest.param(
        USERS + "[services.users.instance.green]\nport = 5\n",
        (),
        '3: services.users.instance.green: users has no instance "green". Write '
        'instances = ["green"] for users.',
        id="an instance that is not there",
    ),
]


@pytest.mark.parametrize(("text", "profiles", "expected"), CASES)
def test_a_mistake_is_told_once_with_its_line_key_and_remedy(
    text: str, profiles: tuple[str, ...], expected: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, file="/home/ann/shop/services.toml", profiles=profiles)
    assert str(caught.value) == f"services.toml:{expected}"


SIX = """\
[services.users]
app = "users/app.py"
prot = 5001
depends_on = ["orders", "bd"]

[services.orders]
script = "orders.py"
port = "5001"
depends_on = ["users"]

[services.db]
comand = "db"
"""


def test_a_file_with_six_mistakes_has_six_lines_in_order() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(SIX, file="/home/ann/shop/services.toml")
    assert str(caught.value).splitlines() == [
        'services.toml:2: services.users.app: "users/app.py" has no colon between module and app.'
        ' Write "users.app:app".',
        'services.toml:3: services.users.prot: unknown key "prot". Write "port".',
        "services.toml:4: services.users.depends_on[0]: these wait for each other:"
        " users → orders → users. Remove one of these dependencies.",
        'services.toml:4: services.users.depends_on[1]: there is no service "bd".'
        ' Did you mean "db"?',
        'services.toml:8: services.orders.port: "5001" is a string, but a port number is needed.'
        " Write 5001, without quotes.",
        'services.toml:12: services.db.comand: unknown key "comand". Write "command".',
    ]
    orders = caught.value.problems[4]
    assert (orders.file, orders.line) == ("/home/ann/shop/services.toml", 8)
    assert (orders.key, orders.value) == ("services.orders.port", '"5001"')


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[services.db]\ncomand = "db"\nhand_down = true\n', "services.db.comand"),
        ('[servces.users]\napp = "users:app"\n', "servces"),
        (USERS + 'depends_on = ["db"]\n[service.db]\ncommand = "db"\n', "service"),
        (USERS + 'depends_on = ["db"]\n[services]\ndb = "db"\n', "services.db"),
        (USERS + 'profiles = ["a b"]\n[services.x]\ncommand="x"\n', "services.users.profiles[0]"),
        (USERS + "port = 0\ninstances = 2\n", "services.users.port"),
        (USERS + "workers = 2\nserver = 5\n", "services.users.server"),
        (
            USERS + "instances = -1\n[services.users.instance.a]\nport = 1\n",
            "services.users.instances",
        ),
        (USERS + "[services.x]\ncommand = 5\nhand_down = true\n", "services.x.command"),
    ],
)
def test_one_mistake_breeds_no_second_message(text: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, file="/services.toml", profiles=["a"] if "a b" in text else [])
    assert [problem.key for problem in caught.value.problems] == [key]
