"""Each service is reloaded once by what it runs, and by nothing else."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from tests.project import Project
from tests.real.harness import Dynaport, Running, wait_until

APP = """
from flask import Flask

{imports}

app = Flask(__name__)
app.route("/")(lambda: str({value}))
"""


def app(value: str, *imports: str) -> str:
    """A Flask app that answers with the value."""
    return APP.format(imports="\n".join(imports), value=value)


SIX = {
    "services.toml": "".join(f'[services.{n}]\napp = "{n}.app:app"\n' for n in "abcdef"),
    **{f"{name}/__init__.py": "" for name in "abcdef"},
    "a/app.py": app("prices.VALUE + taxes.VALUE", "from shared import prices, taxes"),
    "b/app.py": app("prices.VALUE", "from shared import prices"),
    "c/app.py": app("taxes.VALUE", "from shared import taxes"),
    "d/app.py": app("local.VALUE", "from d import local"),
    "d/local.py": "VALUE = 1",
    "e/app.py": app("1"),
    "f/app.py": app("1", "import shared"),
    "shared/__init__.py": "",
    "shared/prices.py": "VALUE = 1",
    "shared/taxes.py": "VALUE = 10",
}
"""Six services, of which two run `prices` and two `taxes`."""


class Shop:
    """Six services that run, and how often each was reloaded."""

    def __init__(self, project: Project, dynaport: Dynaport) -> None:
        self.project, self.dynaport = project, dynaport
        self.stream: Running

    def up(self, files: dict[str, str]) -> Shop:
        """All of them ready."""
        self.project(files)
        self.stream = self.dynaport.start("up", "--no-tui")
        self.dynaport.wait_until_ready()
        return self

    @property
    def reloads(self) -> dict[str, int]:
        """How often each was reloaded."""
        return {entry["id"]: entry["reloads"] for entry in self.dynaport.look()["services"]}

    def answers(self, service: str, text: str) -> None:
        """Wait until a service says this."""
        wait_until(lambda: self.dynaport.get(service).text == text, what=f"{service} says {text!r}")

    def settled(self) -> dict[str, int]:
        """How often each was reloaded, after a later save of `e` was noticed, too."""
        before = self.reloads
        self.project({"e/app.py": app(str(time.monotonic_ns()))})
        wait_until(lambda: self.reloads["e"] > before["e"], what="e is reloaded")
        return {name: count for name, count in self.reloads.items() if name != "e"}


@pytest.fixture
def shop(project: Project, dynaport: Dynaport) -> Shop:
    return Shop(project, dynaport)


def test_a_shared_module_reloads_the_two_of_six_services_that_import_it(shop: Shop) -> None:
    shop.up(SIX)
    shop.project({"shared/prices.py": "VALUE = 2"})
    shop.answers("a", "12")
    shop.answers("b", "2")
    assert shop.settled() == {"a": 1, "b": 1, "c": 0, "d": 0, "f": 0}


def git(folder: Path, *words: str) -> None:
    """Run git in a repository."""
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, timeout=20, capture_output=True)


def test_another_branch_of_hundreds_of_files_reloads_each_that_it_concerns_once(
    shop: Shop,
) -> None:
    """Modules come, change and go; between them git writes hundreds that nobody runs."""
    root = shop.project.folder
    shop.project({**SIX, **{f"docs/{n}.md": "old" for n in range(400)}})
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "first")
    git(root, "switch", "-q", "-c", "other")
    git(root, "rm", "-q", "d/local.py")
    shop.project({
        **{f"docs/{n}.md": "new" for n in range(400)},
        "a/app.py": app("zones.VALUE", "from shared import zones"),
        "b/app.py": app("prices.VALUE + 1", "from shared import prices"),
        "d/app.py": app("deep.VALUE", "from d.more import deep"),
        "d/more/__init__.py": "",
        "d/more/deep.py": "VALUE = 5",
        "shared/prices.py": "VALUE = 2",
        "shared/zones.py": "VALUE = 7",
        **{f"shared/more/{n}.py": "" for n in range(100)},
    })  # fmt: skip
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "second")
    git(root, "switch", "-q", "main")
    shop.up({})
    shop.settled()  # what is saved before it is watched is found in another way
    git(root, "checkout", "-q", "e")
    for number, (branch, answers) in enumerate(
        [("other", {"a": "7", "b": "3", "d": "5"}), ("main", {"a": "11", "b": "1", "d": "1"})], 1
    ):
        git(root, "switch", "-q", branch)
        for name, text in answers.items():
            shop.answers(name, text)
        assert shop.settled() == {"a": number, "b": number, "c": 0, "d": number, "f": 0}
        git(root, "checkout", "-q", "e")
    assert "not reloaded" not in shop.stream.out


def test_what_is_written_into_the_tree_but_not_run_reloads_nobody(shop: Shop) -> None:
    shop.up(SIX)
    root = shop.project.folder
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "status")
    for name in (
        "a/app.log", "a/shop.sqlite3", "a/shop.sqlite3-journal", "shared/__pycache__/x.pyc",
        "node_modules/x/index.js", ".venv/lib/x.py", "shared/unused.py", "a/.app.py.swp", "4913",
        "shared/#prices.py#", ".idea/workspace.xml",
    ):  # fmt: skip
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("written")
    (root / "shared" / ".#prices.py").symlink_to("somebody@somewhere.1234")
    assert set(shop.settled().values()) == {0}


def test_what_was_missing_is_taken_when_it_comes(shop: Shop) -> None:
    """An optional module, a template that shadows another one, and the first one again."""
    shop.up({
        **SIX,
        "a/app.py": """
            import flask

            try:
                from a import local_settings
            except ImportError:
                local_settings = None

            app = flask.Flask(__name__, template_folder="../own")
            pages = flask.Blueprint("pages", __name__, template_folder="../common")
            app.register_blueprint(pages)

            @app.route("/")
            def home():
                return flask.render_template("page.html") + str(local_settings is not None)
        """,
        "common/page.html": "common ",
    })  # fmt: skip
    shop.answers("a", "common False")
    shop.project({"a/local_settings.py": ""})
    shop.answers("a", "common True")
    shop.project({"own/page.html": "own "})
    shop.answers("a", "own True")
    (shop.project.folder / "own" / "page.html").unlink()
    shop.answers("a", "common True")
    shop.project({"d/app.py": app("later.VALUE", "from d import later")})
    shop.stream.wait_for_line(r"d was not reloaded.*cannot import name 'later'")
    shop.project({"d/later.py": "VALUE = 'here it is'"})
    shop.answers("d", "here it is")
    assert shop.settled() == {"a": 3, "b": 0, "c": 0, "d": 1, "f": 0}


def test_a_library_that_lies_elsewhere_reloads_those_who_run_it(shop: Shop, tmp_path: Path) -> None:
    """As one that is installed with `pip install -e`."""
    elsewhere = tmp_path / "library"
    elsewhere.mkdir()
    (elsewhere / "tea.py").write_text("VALUE = 'black'")
    settings = SIX["services.toml"].replace(
        '"d.app:app"\n', f'"d.app:app"\nenv = {{ PYTHONPATH = "{elsewhere}" }}\n'
    )
    shop.up({**SIX, "services.toml": settings, "d/app.py": app("tea.VALUE", "import tea")})
    shop.answers("d", "black")
    (elsewhere / "tea.py").write_text("VALUE = 'green'")
    shop.answers("d", "green")
    assert shop.settled() == {"a": 0, "b": 0, "c": 0, "d": 1, "f": 0}


def test_a_one_shot_runs_again_only_for_what_it_says_to_watch(
    project: Project, dynaport: Dynaport
) -> None:
    project({
        "services.toml": """
            [services.migrate]
            script = "migrate.py"
            task = true

            [services.schema]
            script = "migrate.py"
            task = true
            watch = ["*.sql"]

            [services.users]
            app = "users:app"
            depends_on = { migrate = "completed", schema = "completed" }
        """,
        "migrate.py": "import tables",
        "tables.py": "",
        "first.sql": "",
        "users.py": app("1"),
    })  # fmt: skip
    stream = dynaport.start("up", "--no-tui")
    dynaport.wait_until_ready()
    users = dynaport.pids()["users"]
    project({"tables.py": "TEA = 1", "migrate.py": "import tables; print(tables.TEA)"})
    project({"second.sql": ""})
    stream.wait_for_line(r"schema was reloaded in .*: second.sql$")
    found = {e["id"]: (e["state"], e["reloads"]) for e in dynaport.look()["services"]}
    assert found == {"migrate": ("DONE", 0), "schema": ("DONE", 1), "users": ("READY", 0)}
    assert dynaport.pids()["users"] == users
