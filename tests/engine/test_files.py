"""services.toml, env files and interpreters on a disk."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import pytest

from dynaport_tui.engine.files import (
    log_folder,
    plan,
    read_project,
    socket_path,
)
from dynaport_tui.engine.interpreters import find_python
from dynaport_tui.model.config import ConfigError
from tests.project import Project

WEB = """
[services.web]
command = "serve"
"""


@pytest.fixture
def inside(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project's folder as the working directory."""
    monkeypatch.chdir(project.folder)
    return project


def mistakes(project: Project, text: str) -> list[str]:
    """What a person reads of a services.toml."""
    project({"services.toml": text})
    with pytest.raises(ConfigError) as caught:
        read_project(project.file)
    return str(caught.value).splitlines()


def interpreter(project: Project, name: str) -> str:
    """A program at `name` in the project's folder."""
    project({name: "#!/bin/sh\n"})
    path = project.folder / name
    path.chmod(0o755)
    return str(path)


def environment(project: Project, name: str) -> tuple[str, str]:
    """A virtual environment at `name`: its interpreter and its folder."""
    project({f"{name}/pyvenv.cfg": "home = /usr/bin\n"})
    return interpreter(project, f"{name}/bin/python"), str(project.folder / name)


class TestRead:
    def test_a_good_file_is_a_project(self, project: Project) -> None:
        project({"services.toml": WEB})
        spec = read_project(project.file)
        assert (spec.name, spec.root) == (project.name, str(project.folder))
        assert list(spec.services) == ["web"]

    def test_all_that_the_disk_does_not_have_is_said_at_once(self, project: Project) -> None:
        found = mistakes(
            project,
            """
            [services.web]
            command = "serve"
            cwd = "nowhere"

            [services.users]
            script = "users.py"
            python = "venvs/users"
            env_file = ["users.env", "more.env"]
            """,
        )
        assert len(found) == 5
        text = "\n".join(found)
        for key, name in [
            ("web.cwd", "no such folder"),
            ("users.script", "no such file"),
            ("users.python", "python3 -m venv venvs/users"),
            ("users.env_file", "no such file"),
        ]:
            line = next(line for line in found if f"services.{key}" in line)
            assert line.startswith("services.toml:")
            assert name in line
        assert text.count("services.users.env_file") == 2

    def test_a_script_that_a_task_may_write_is_not_missed(self, project: Project) -> None:
        tasks = '[services.build]\ncommand = "make"\ntask = true\nport = false\n'
        project({"services.toml": tasks + '[services.web]\nscript = "built.py"\n'
                 'depends_on = ["build"]\n'})  # fmt: skip
        assert list(read_project(project.file).services) == ["build", "web"]

    def test_a_pattern_that_is_none_is_a_mistake_of_its_line(self, project: Project) -> None:
        keys = 'watch = ["**/*.py", "!"]\nignore = ["[z-a].py"]\n'
        assert mistakes(project, WEB + keys) == [
            "services.toml:3: services.web.watch: '!' is no pattern. Write one such as"
            " `**/*.py`; a `!` before it takes files out again.",
            "services.toml:4: services.web.ignore: '[z-a].py' is no pattern. Write one such as"
            " `**/*.py`; a `!` before it takes files out again.",
        ]

    def test_a_missing_env_file_of_the_project_is_an_error_only_when_it_is_named(
        self, project: Project
    ) -> None:
        project({"services.toml": WEB})
        assert read_project(project.file).services
        (line,) = mistakes(project, f'[project]\nenv_file = "shop.env"\n{WEB}')
        assert "project.env_file" in line
        assert "no such file" in line

    def test_the_same_mistake_of_several_instances_is_said_once(self, project: Project) -> None:
        found = mistakes(project, f'{WEB}\ninstances = 3\ncwd = "nowhere"')
        assert len(found) == 1

    def test_a_file_that_is_no_utf_8_is_an_error_with_its_line(self, project: Project) -> None:
        project.file.write_bytes(b"[services.web]\n# caf\xe9\n")
        with pytest.raises(ConfigError, match=r"services\.toml:2: not UTF-8\. Save it as UTF-8"):
            read_project(project.file)

    def test_a_file_that_is_gone_is_an_error_and_no_order_to_stop(self, project: Project) -> None:
        with pytest.raises(ConfigError, match=r"services\.toml:1: the file is gone"):
            read_project(project.file)

    def test_a_folder_of_that_name_cannot_be_read(self, project: Project) -> None:
        project.file.mkdir()
        with pytest.raises(ConfigError, match="cannot be read"):
            read_project(project.file)


class TestInterpreter:
    WEB = '[services.web]\nscript = "web.py"\ncwd = "web"\n'

    def found(self, project: Project, python: str = "") -> tuple[str, str | None] | None:
        """The interpreter of `web`, in the folder `web`."""
        key = f'python = "{python}"\n' if python else ""
        project({"services.toml": self.WEB + key, "web/web.py": ""})
        spec = read_project(project.file)
        return find_python(spec, spec.services["web"])

    def test_an_environment_in_its_folder_comes_first(self, project: Project) -> None:
        environment(project, ".venv")
        environment(project, "web/venv")
        own = environment(project, "web/.venv")
        assert self.found(project) == own

    def test_then_one_called_venv(self, project: Project) -> None:
        environment(project, ".venv")
        own = environment(project, "web/venv")
        assert self.found(project) == own

    def test_then_one_beside_services_toml(self, project: Project) -> None:
        beside = environment(project, "venv")
        assert self.found(project) == beside

    def test_then_our_own(self, project: Project) -> None:
        found = self.found(project)
        assert found is not None
        assert found[0] == sys.executable

    def test_a_folder_that_is_no_environment_is_passed_over(self, project: Project) -> None:
        project({"web/.venv/readme": ""})
        beside = environment(project, ".venv")
        assert self.found(project) == beside

    @pytest.mark.parametrize("where", ["", "web/"])
    def test_a_named_environment_is_seen_from_services_toml_or_from_its_folder(
        self, project: Project, where: str
    ) -> None:
        named = environment(project, f"{where}envs/a")
        assert self.found(project, "envs/a") == named

    def test_an_interpreter_may_be_named_itself(self, project: Project) -> None:
        program, folder = environment(project, "envs/a")
        assert self.found(project, "envs/a/bin/python") == (program, folder)

    def test_an_interpreter_outside_an_environment_has_none(self, project: Project) -> None:
        program = interpreter(project, "tools/python3.99")
        assert self.found(project, "tools/python3.99") == (program, None)

    def test_a_name_alone_is_looked_for_on_the_path(
        self, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        program = interpreter(project, "bin/python3.99")
        monkeypatch.setenv("PATH", f"{project.folder}/bin{os.pathsep}{os.environ['PATH']}")
        assert self.found(project, "python3.99") == (program, None)

    def test_one_in_the_home_folder_may_be_written_with_a_tilde(
        self, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(project.folder))
        named = environment(project, "envs/a")
        assert self.found(project, "~/envs/a") == named

    def test_a_link_is_kept_since_an_environment_knows_itself_by_its_path(
        self, project: Project
    ) -> None:
        program, folder = environment(project, ".venv")
        Path(program).unlink()
        Path(program).symlink_to(sys.executable)
        assert self.found(project) == (program, folder)


class TestEnvironment:
    def env(self, project: Project, keys: str = "") -> dict[str, str]:
        """What `web` finds."""
        project({"services.toml": WEB + keys})
        spec = read_project(project.file)
        return plan(spec, {"web": {"": 5001}})["web"].env

    def test_a_later_env_file_is_stronger_and_that_of_the_project_the_weakest(
        self, project: Project
    ) -> None:
        project(
            {
                ".env": "A=project\nB=project\nC=project\n",
                "one.env": "B=one\nC=one\n",
                "two.env": "C=two\n",
            }
        )
        found = self.env(project, 'env_file = ["one.env", "two.env"]\n')
        assert [found[name] for name in "ABC"] == ["project", "one", "two"]

    def test_the_shell_is_stronger_than_any_env_file(
        self, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("A", "shell")
        project({".env": "A=project\n"})
        assert self.env(project)["A"] == "shell"

    def test_env_files_follow_the_rules_of_python_dotenv(self, project: Project) -> None:
        project({".env": "# comment\nexport A='x y'\nB=\"${A}!\"\nEMPTY=\nNOTHING\n"})
        found = self.env(project)
        assert (found["A"], found["B"], found["EMPTY"]) == ("x y", "x y!", "")
        assert "NOTHING" not in found

    def test_reading_them_changes_nothing_of_our_own_environment(self, project: Project) -> None:
        before = dict(os.environ)
        project({".env": "ONLY_HERE=1\n"})
        assert self.env(project)["ONLY_HERE"] == "1"
        assert dict(os.environ) == before

    def test_it_names_the_control_socket_of_the_project(self, project: Project) -> None:
        assert self.env(project)["DYNAPORT_SOCKET"] == str(socket_path(project.file))

    def test_env_files_that_nobody_can_read_are_mistakes_with_their_key(
        self, project: Project
    ) -> None:
        (project.folder / ".env").write_bytes(b"A=1\nB=caf\xe9\n")
        name = "e" * 300
        with pytest.raises(ConfigError) as caught:
            self.env(project, f'env_file = "{name}"\n')
        why = os.strerror(errno.ENAMETOOLONG)
        assert str(caught.value).splitlines() == [
            "services.toml:1: project.env_file: .env is not UTF-8 in line 2. Save it as UTF-8.",
            f"services.toml:3: services.web.env_file: {name} cannot be read: {why}.",
        ]

    def test_a_variable_without_a_value_is_a_mistake_of_the_file(self, project: Project) -> None:
        with pytest.raises(ConfigError, match="NOWHERE_AT_ALL is not set"):
            self.env(project, 'env = { A = "${env.NOWHERE_AT_ALL}" }\n')


def test_two_projects_share_neither_their_socket_nor_their_logs(project: Project) -> None:
    other = project.beside("other")
    assert socket_path(project.file) != socket_path(other.file)
    assert log_folder(project.file) != log_folder(other.file)
    assert len(os.fsencode(socket_path(project.file))) < 107
