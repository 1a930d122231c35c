"""Saved files: who is reloaded, who is not, and what becomes of a file that is broken."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.project import Project
from tests.real.harness import Dynaport, Running, wait_until

THREE = {
    "services.toml": """
        [services.users]
        app = "users:app"
        [services.orders]
        app = "orders:create_app()"
        [services.mail]
        app = "mail:app"
    """,
    "users.py": """
        from flask import Flask

        from shop import prices

        app = Flask(__name__)

        @app.get("/")
        def home():
            return f"users, {prices.CURRENCY}"
    """,
    "orders.py": """
        from flask import Flask

        def create_app():
            app = Flask(__name__)
            from shop.prices import CURRENCY
            app.route("/")(lambda: f"orders, {CURRENCY}")
            return app
    """,
    "mail.py": """
        from flask import Flask

        app = Flask(__name__)
        app.route("/")(lambda: "mail")
    """,
    "shop/__init__.py": "",
    "shop/prices.py": "CURRENCY = 'crown'",
}
"""Two services that share a package, and one that does not."""

ONE = {
    "services.toml": """
        [services.users]
        app = "users:app"
    """,
    "users.py": """
        from flask import Flask

        from shop.deep import VALUE

        app = Flask(__name__)
        app.route("/")(lambda: VALUE)
    """,
    "shop/__init__.py": "",
    "shop/deep.py": "VALUE = 'one'",
}

COUNTER = """
    import signal, time
    print("counting", open("number.txt").read().strip(), flush=True)
    while True:
        time.sleep(60)
"""


def up(dynaport: Dynaport, *options: str) -> Running:
    """The plain stream of a run in which everything has become ready."""
    stream = dynaport.start("up", "--no-tui", *options)
    dynaport.wait_until_ready()
    return stream


def wait_for_another(dynaport: Dynaport, service: str, pid: int | None) -> dict[str, Any]:
    """The service as soon as it is ready in another process than `pid`."""

    def arrived() -> dict[str, Any] | None:
        entry = dynaport.service(service)
        return entry if entry["state"] == "READY" and entry["pid"] != pid else None

    found = wait_until(arrived, what=f"another {service} than pid {pid} is ready")
    assert found is not None
    return found


def reloads(dynaport: Dynaport) -> dict[str, int]:
    """How often each service was reloaded."""
    return {entry["id"]: entry["reloads"] for entry in dynaport.look()["services"]}


def test_a_shared_module_reloads_those_who_imported_it_and_nobody_else(
    project: Project, dynaport: Dynaport
) -> None:
    project(THREE)
    stream = up(dynaport)
    before = dynaport.pids()
    project({"shop/prices.py": "CURRENCY = 'guilder'"})
    for service in ("users", "orders"):
        stream.wait_for_line(rf"{service} was reloaded in .*: shop/prices.py$")
        wait_for_another(dynaport, service, before[service])
        assert dynaport.get(service).text == f"{service}, guilder"
    assert reloads(dynaport) == {"users": 1, "orders": 1, "mail": 0}
    assert dynaport.pids()["mail"] == before["mail"]

    before = dynaport.pids()
    project({"mail.py": THREE["mail.py"].replace('"mail"', '"post"')})
    wait_for_another(dynaport, "mail", before["mail"])
    assert dynaport.get("mail").text == "post"
    assert reloads(dynaport) == {"users": 1, "orders": 1, "mail": 1}


def test_a_saved_template_and_a_saved_env_file_reload_the_service_that_uses_them(
    project: Project, dynaport: Dynaport
) -> None:
    project({
        "services.toml": """
            [services.page]
            app = "page:app"
            env_file = ["page.env"]
            [services.mail]
            app = "mail:app"
        """,
        "page.py": """
            import os
            from flask import Flask, render_template

            app = Flask(__name__)
            app.route("/")(lambda: render_template("page.html", name=os.environ["NAME"]))
        """,
        "templates/page.html": "{% extends 'base.html' %}{% block body %}{{ name }}{% endblock %}",
        "templates/base.html": "Hello {% block body %}{% endblock %}!",
        "page.env": "NAME=Ada",
        "mail.py": THREE["mail.py"],
    })  # fmt: skip
    stream = up(dynaport)
    before = dynaport.pids()
    assert dynaport.get("page").text == "Hello Ada!"

    project({"templates/base.html": "Goodbye {% block body %}{% endblock %}!"})
    stream.wait_for_line(r"page was reloaded in .*: templates/base.html")
    page = wait_for_another(dynaport, "page", before["page"])
    assert dynaport.get("page").text == "Goodbye Ada!"

    project({"page.env": "NAME=Grace"})
    stream.wait_for_line(r"page was reloaded in .*: page.env changed: env NAME")
    wait_for_another(dynaport, "page", page["pid"])
    assert dynaport.get("page").text == "Goodbye Grace!"
    assert dynaport.pids()["mail"] == before["mail"]


def test_a_command_is_restarted_by_what_its_globs_name_and_by_nothing_ignored(
    project: Project, dynaport: Dynaport
) -> None:
    project({
        "services.toml": """
            [services.counter]
            command = "exec python counter.py"
            port = false
            watch = ["**/*.py", "*.txt"]
            ignore = ["generated/**"]
            health = { log = "counting" }
        """,
        ".gitignore": "/scratch.txt\n/made/\n",
        "counter.py": COUNTER,
        "number.txt": "1",
        "notes.md": "",
        "deep/down/below.py": "",
    })  # fmt: skip
    stream = up(dynaport)
    before = dynaport.pids()["counter"]
    for not_watched in (
        "notes.md", "scratch.txt", "generated/thing.py", "deep/__pycache__/below.py",
        "node_modules/x/y.py", ".venv/lib/z.py", "deep/down/data.txt",
    ):  # fmt: skip
        project({not_watched: "changed"})
    project({"number.txt": "2"})
    stream.wait_for_line("counting 2")
    found = wait_for_another(dynaport, "counter", before)
    assert "counter was reloaded in" in stream.wait_for_line(r"reloaded in .*: number.txt$")
    project({"deep/down/below.py": "changed = True"})
    stream.wait_for_line(r"counter was reloaded in .*: deep/down/below.py$")
    found = wait_for_another(dynaport, "counter", found["pid"])
    project({"made/one.py": "new = True"})
    (project.folder / "made").rename(project.folder / "deep" / "new")
    stream.wait_for_line(r"counter was reloaded in .*: deep/new(/one.py)?$")
    wait_for_another(dynaport, "counter", found["pid"])
    assert reloads(dynaport) == {"counter": 3}


def test_who_is_not_watched_is_not_reloaded_until_somebody_asks(
    project: Project, dynaport: Dynaport
) -> None:
    settings = '[services.users]\napp = "users:app"\n[services.orders]\nwatch = false\n'
    settings += 'app = "orders:create_app()"\n[services.other]\nreload = "off"\napp = "users:app"'
    project({**THREE, "services.toml": settings})
    up(dynaport)
    before = dynaport.pids()
    project({"shop/prices.py": "CURRENCY = 'guilder'"})
    wait_for_another(dynaport, "users", before["users"])
    assert reloads(dynaport) == {"users": 1, "orders": 0, "other": 0}
    assert dynaport.get("orders").text == "orders, crown"
    assert dynaport.get("other").text == "users, crown"
    assert dynaport.pids()["orders"] == before["orders"]

    dynaport.run("reload", "orders", "--wait").expect(0)
    assert dynaport.get("orders").text == "orders, guilder"


def test_a_run_without_watching_takes_new_code_only_at_a_restart(
    project: Project, dynaport: Dynaport
) -> None:
    project(ONE)
    stream = up(dynaport, "--no-watch")
    pid = dynaport.pids()["users"]
    project({"shop/deep.py": "VALUE = 'two'", "services.toml": "[services.users]"})
    dynaport.run("ps").expect(0)
    assert dynaport.get("users").text == "one"
    assert dynaport.pids()["users"] == pid
    project({"services.toml": ONE["services.toml"]})
    dynaport.run("restart", "users", "--wait").expect(0)
    assert dynaport.get("users").text == "two"
    stream.wait_for_line(r"users was restarted in .*: asked to restart")
    assert "reloaded" not in stream.out
    assert "mistakes" not in stream.out


def by_rename(path: Path, text: str, *, changed_ns: int | None = None) -> None:
    """As `sed -i` and ruff save: a new file takes the place of the old one."""
    new = path.with_suffix(".tmp")
    new.write_text(text)
    if changed_ns is not None:
        os.utime(new, ns=(0, changed_ns))
    new.replace(path)


def in_two_steps(path: Path, text: str) -> None:
    """As VS Code saves: the file is emptied, then written."""
    with path.open("w") as file:
        file.flush()
        time.sleep(0.01)  # the editor's own time, not ours to wait for
        file.write(text)


def by_vim(path: Path, text: str) -> None:
    """As vim saves with `backupcopy=no`: it tries the folder, keeps the old file, writes anew."""
    probe, backup = path.with_name("4913"), Path(f"{path}~")
    probe.touch()
    probe.unlink()
    path.rename(backup)
    path.write_text(text)
    path.chmod(0o644)
    backup.unlink()


def by_emacs(path: Path, text: str) -> None:
    """As Emacs saves: a link locks the file, the old file becomes the backup."""
    lock, copy = path.with_name(f".#{path.name}"), path.with_name(f"#{path.name}#")
    lock.symlink_to("somebody@somewhere.1234")
    copy.write_text(text)
    path.rename(f"{path}~")
    path.write_text(text)
    copy.unlink()
    lock.unlink()


def by_pycharm(path: Path, text: str) -> None:
    """As PyCharm's safe write saves: the new file is whole before the old one goes."""
    new, old = Path(f"{path}___jb_tmp___"), Path(f"{path}___jb_old___")
    new.write_text(text)
    path.rename(old)
    new.rename(path)
    old.unlink()


EDITORS = (by_rename, in_two_steps, by_vim, by_emacs, by_pycharm)


def test_a_save_is_one_reload_however_the_editor_writes(
    project: Project, dynaport: Dynaport
) -> None:
    project(ONE)
    stream = up(dynaport)
    pid = dynaport.pids()["users"]
    for number, save in enumerate(EDITORS, 1):
        save(project.folder / "shop/deep.py", f"VALUE = 'by {save.__name__}'")
        pid = wait_for_another(dynaport, "users", pid)["pid"]
        assert dynaport.get("users").text == f"by {save.__name__}"
        assert reloads(dynaport) == {"users": number}
    assert "not reloaded" not in stream.out


def test_several_saves_at_once_are_one_reload(project: Project, dynaport: Dynaport) -> None:
    project({
        **ONE,
        **{f"shop/part{number}.py": "N = 0" for number in range(20)},
        "shop/deep.py": "\n".join(f"from shop import part{n}" for n in range(20)) + """
VALUE = str(part0.N + part19.N)
""",
    })  # fmt: skip
    stream = up(dynaport)
    pid = dynaport.pids()["users"]
    engine = dynaport.look()["project"]["engine_pid"]
    os.kill(engine, signal.SIGSTOP)  # so that a busy machine cannot draw the saves apart
    project({f"shop/part{number}.py": "N = 21" for number in range(20)})
    os.kill(engine, signal.SIGCONT)
    wait_for_another(dynaport, "users", pid)
    assert dynaport.get("users").text == "42"
    assert reloads(dynaport) == {"users": 1}
    # Which of them are named depends on what was watched already when the engine was halted.
    stream.wait_for_line(r"users was reloaded in .*: shop/part\d+\.py")


def test_saves_of_equal_size_within_one_second_always_serve_the_new_code(
    project: Project, dynaport: Dynaport
) -> None:
    project(ONE)
    up(dynaport)
    deep = project.folder / "shop/deep.py"
    second = int(time.time())
    pid = dynaport.pids()["users"]
    for number in range(10, 60):
        by_rename(deep, f"VALUE = '{number}'", changed_ns=second * 10**9 + number)
        pid = wait_for_another(dynaport, "users", pid)["pid"]
        assert dynaport.get("users").text == str(number)


BROKEN = {
    "a SyntaxError": ("VALUE = 'one'\nVALUE = (", r"SyntaxError: .*never closed", 2),
    "an ImportError": (
        "VALUE = 'one'\n\nfrom shop.nowhere import NOTHING",
        "ModuleNotFoundError: No module named 'shop.nowhere'",
        3,
    ),
    "an error": ("VALUE = 'one'\nVALUE = VALUE / 2", "TypeError: unsupported operand", 2),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_save_names_file_and_line_and_the_mended_one_brings_it_back(
    project: Project, dynaport: Dynaport, what: str
) -> None:
    text, error, line = BROKEN[what]
    project({**ONE, "services.toml": THREE["services.toml"], "orders.py": THREE["orders.py"],
             "mail.py": THREE["mail.py"], "shop/prices.py": THREE["shop/prices.py"]})  # fmt: skip
    stream = up(dynaport)
    before = dynaport.pids()
    project({"shop/deep.py": text})
    said = stream.wait_for_line(rf"users was not reloaded.*{error}.*shop/deep.py:{line}\b")
    assert " dynaport | " in said
    broken = dynaport.service("users")
    assert (broken["state"], broken["pid"]) == ("READY", before["users"])
    assert broken["stale"] == "differs from the files: code of before the last save"
    assert re.search(rf"{error}.*shop/deep.py:{line}\b", broken["reload_error"])
    assert dynaport.get("users").text == "one"
    why = dynaport.run("why", "users").expect(0).out
    assert re.search(rf"{error}.*shop/deep.py:{line}\b", why)
    assert len(why.splitlines()) == 1
    assert "the old code keeps serving" in why

    project({"shop/deep.py": "VALUE = 'mended'"})
    wait_for_another(dynaport, "users", before["users"])
    assert dynaport.get("users").text == "mended"
    stream.wait_for_line(r"users was reloaded in .*: shop/deep.py")
    mended = dynaport.service("users")
    assert (mended["stale"], mended["reload_error"], mended["reloads"]) == (None, None, 1)
    after = dynaport.pids()
    assert (after["orders"], after["mail"]) == (before["orders"], before["mail"])


def test_a_service_that_is_broken_from_the_start_comes_up_when_it_is_mended(
    project: Project, dynaport: Dynaport
) -> None:
    project({**ONE, "shop/deep.py": "from shop.missing import VALUE"})
    stream = dynaport.start("up", "--no-tui", "--keep-going")
    stream.wait_for_line(r"users .*No module named 'shop.missing'.*shop/deep.py:1\b")
    project({"shop/missing.py": "VALUE = 'here it is'"})
    dynaport.wait_for_state("users", "READY")
    assert dynaport.get("users").text == "here it is"
