"""Scripts run in a warm process as `python SCRIPT` would run them."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.real.nursery_client import Nursery, Start, held_socket, wait_dead


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as nursery:
        yield nursery


@pytest.fixture(params=[False, True], ids=["warm", "cold"])
def either(request: pytest.FixtureRequest) -> bool:
    """Whether the script gets a fresh interpreter; it must not notice."""
    return bool(request.param)


def write(folder: Path, **files: str) -> Path:
    """Python files by name without suffix; `__` stands for a folder."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))
    return folder


def run(nursery: Nursery, folder: Path, *argv: str, **fields: Any) -> tuple[Start, Any]:
    """Run a script to its end."""
    start = nursery.spawn("script", *argv, cwd=folder, **fields)
    return start, nursery.wait_end(start)


def test_a_script_finds_what_it_finds_under_python(
    nursery: Nursery, tmp_path: Path, either: bool
) -> None:
    write(
        tmp_path,
        sub__run="""
            import sys, argparse, os
            import neighbour
            if __name__ == "__main__":
                parser = argparse.ArgumentParser()
                parser.add_argument("--count", type=int)
                print(parser.parse_args().count, parser.prog, sys.argv)
                print(__file__, sys.path[0], os.getcwd(), neighbour.__file__)
                print(__name__, __package__, __spec__, sys.stdin.read() == "")
                import __main__
                print(__main__.parser is parser, os.environ["THEME"], sys.executable)
            """,
        sub__neighbour="",
    )
    start, exited = run(
        nursery, tmp_path, "sub/run.py", "--count", "3", cold=either, env={"THEME": "dark"}
    )
    assert start.stderr == ""
    assert start.stdout.splitlines() == [
        "3 run.py ['sub/run.py', '--count', '3']",
        f"{tmp_path}/sub/run.py {tmp_path}/sub {tmp_path} {tmp_path}/sub/neighbour.py",
        "__main__ None None True",
        f"True dark {nursery.python}",
    ]
    assert exited["code"] == 0
    assert start.files() == {f"{tmp_path}/sub/run.py", f"{tmp_path}/sub/neighbour.py"}


def test_only_its_own_environment_and_descriptors_reach_a_script(
    nursery: Nursery, tmp_path: Path
) -> None:
    write(
        tmp_path,
        run="""
            import os, subprocess
            print(sorted(os.environ))
            inherited = subprocess.run(["env", "-0"], capture_output=True, text=True).stdout
            pairs = (pair.split("=", 1) for pair in inherited.split("\\0")[:-1])
            print(dict(pairs) == dict(os.environ))
            print([os.readlink(f"/proc/self/fd/{fd}").partition(":")[0] for fd in range(3, 5)])
            print(len(os.listdir("/proc/self/fd")) - 1)
            print(subprocess.run(["ls", "/proc/self/fd"], capture_output=True, text=True,
                                 close_fds=False).stdout.split())
            """,
    )
    with held_socket() as held:
        start = nursery.spawn("script", "run.py", cwd=tmp_path, listen=held)
        nursery.wait_end(start)
    names, same, sockets, opened, inherited = start.stdout.splitlines()
    assert same == "True"
    assert "DYNAPORT_MARK" in names
    assert "WERKZEUG" not in names
    assert (sockets, opened) == ("['socket', 'socket']", "5")
    assert inherited == "['0', '1', '2', '3']"  # 3: what ls itself opened


def test_werkzeugs_reloader_variables_are_not_inherited(nursery: Nursery, tmp_path: Path) -> None:
    write(tmp_path, run="import os, sys; print([n for n in os.environ if n in sys.argv])")
    foreign = {"WERKZEUG_RUN_MAIN": "true", "WERKZEUG_SERVER_FD": "3", "FLASK_RUN_FROM_CLI": "true"}
    start, _ = run(nursery, tmp_path, "run.py", *foreign, env=foreign)
    assert start.stdout == "[]\n"


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("", 0),
        ("sys.exit()", 0),
        ("sys.exit(3)", 3),
        ("raise SystemExit(True)", 1),
        ("sys.exit('no database')", 1),
        ("1 / 0", 1),
    ],
)
def test_a_script_ends_as_python_ends(
    nursery: Nursery, tmp_path: Path, either: bool, ending: str, code: int
) -> None:
    write(
        tmp_path,
        run=f"""
            import atexit, sys, threading, time
            atexit.register(print, "exit handler")
            threading.Thread(target=lambda: (time.sleep(0.05), print("thread"))).start()
            sys.stdout.write("unflushed ")
            {ending}
            """,
    )
    start, exited = run(nursery, tmp_path, "run.py", cold=either)
    assert start.stdout == "unflushed thread\nexit handler\n"
    assert (exited["code"], exited["signal"]) == (code, None)


def test_an_uncaught_exception_is_shown_without_our_frames_and_reported_with_its_place(
    nursery: Nursery, tmp_path: Path, either: bool
) -> None:
    write(
        tmp_path,
        run="import shop\nshop.open()\n",
        shop="import json\ndef open():\n    json.loads('{')\n",
    )
    start, exited = run(nursery, tmp_path, "run.py", cold=either)
    assert exited["code"] == 1
    lines = start.stderr.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1] == f'  File "{tmp_path}/run.py", line 2, in <module>'
    assert "nursery" not in start.stderr
    assert "importlib" not in start.stderr
    error = start.report("error")
    assert error is not None
    assert error["why"].startswith("json.decoder.JSONDecodeError: Expecting property name")
    assert (error["file"], error["line"]) == (f"{tmp_path}/shop.py", 3)


def test_a_syntax_error_in_an_imported_module_is_reported_where_it_is(
    nursery: Nursery, tmp_path: Path
) -> None:
    write(tmp_path, run="import shop\n", shop="import os\n\ndef (\n")
    start, exited = run(nursery, tmp_path, "run.py")
    assert exited["code"] == 1
    expected = {"report": "error", "why": "SyntaxError: invalid syntax", "again": False}
    assert start.report("error") == {**expected, "file": f"{tmp_path}/shop.py", "line": 3}
    assert start.stderr.splitlines()[:3] == [
        "Traceback (most recent call last):",
        f'  File "{tmp_path}/run.py", line 1, in <module>',
        "    import shop",
    ]
    assert "nursery" not in start.stderr
    assert "importlib" not in start.stderr
    assert f"{tmp_path}/shop.py" in start.files()


def test_a_syntax_error_that_the_project_catches_shows_no_frame_of_ours(
    nursery: Nursery, tmp_path: Path
) -> None:
    write(
        tmp_path,
        run="""
            import traceback
            try:
                import shop
            except SyntaxError:
                traceback.print_exc()
            """,
        shop="def (\n",
    )
    start, exited = run(nursery, tmp_path, "run.py")
    assert exited["code"] == 0
    assert f'File "{tmp_path}/shop.py", line 1' in start.stderr
    assert "nursery" not in start.stderr
    assert "importlib" not in start.stderr


def test_the_message_of_an_exit_is_reported(nursery: Nursery, tmp_path: Path) -> None:
    write(tmp_path, run="import sys\nsys.exit('DATABASE_URL is not set')\n")
    start, exited = run(nursery, tmp_path, "run.py")
    assert exited["code"] == 1
    assert start.stderr == "DATABASE_URL is not set\n"
    expected = {"report": "error", "why": "DATABASE_URL is not set", "again": True}
    assert start.report("error") == {**expected, "file": f"{tmp_path}/run.py", "line": 2}


def test_a_missing_script_is_an_error_that_names_it(nursery: Nursery, tmp_path: Path) -> None:
    start, exited = run(nursery, tmp_path, "rnu.py")
    assert exited["code"] == 1
    error = start.report("error")
    assert error is not None
    assert error["why"].startswith(f"there is no script {tmp_path}/rnu.py")
    assert start.stderr == f"dynaport: {error['why']}\n"


def test_a_missing_cwd_fails_before_any_code_runs(nursery: Nursery, tmp_path: Path) -> None:
    start = nursery.spawn("script", "run.py", cwd=tmp_path / "gone")
    assert "cannot enter its cwd" in nursery.wait_event("failed", start)["error"]


def test_a_script_that_ends_without_serving_says_so(nursery: Nursery, tmp_path: Path) -> None:
    write(tmp_path, run="print('forgot app.run()')")
    with held_socket() as held:
        start, exited = run(nursery, tmp_path, "run.py", listen=held)
    assert exited["code"] == 0
    assert start.report("ended") == {
        "report": "ended",
        "why": "the script ended without serving",
    }


def test_a_script_without_a_port_ends_in_silence(nursery: Nursery, tmp_path: Path) -> None:
    write(tmp_path, run="print('migrated')")
    start, exited = run(nursery, tmp_path, "run.py")
    assert (exited["code"], start.report("ended")) == (0, None)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing_and_pickling_work(nursery: Nursery, tmp_path: Path, method: str) -> None:
    write(
        tmp_path,
        run="""
            import multiprocessing, os, pickle, sys

            class Tea:
                def __init__(self, name):
                    self.name = name

            def brew(tea):
                return tea.name.upper(), os.getcwd(), os.getpid()

            if __name__ == "__main__":
                assert pickle.loads(pickle.dumps(Tea("mint"))).name == "mint"
                with multiprocessing.get_context(sys.argv[1]).Pool(1) as pool:
                    name, folder, pid = pool.map(brew, [Tea("oolong")])[0]
                print(name, folder, pid != os.getpid())
            """,
    )
    start, exited = run(nursery, tmp_path, "run.py", method)
    assert (start.stdout, exited["code"]) == (f"OOLONG {tmp_path} True\n", 0), start.stderr


def test_a_module_of_the_project_hides_one_that_is_warm_already(
    nursery: Nursery, tmp_path: Path
) -> None:
    write(tmp_path, run="import jinja2, uuid; print(jinja2.mine, uuid.mine)")
    write(tmp_path, uuid="mine = 1", jinja2="mine = 2")
    start, _ = run(nursery, tmp_path, "run.py")
    assert start.stdout == "2 1\n", start.stderr


def test_a_pythonpath_of_its_own_counts(nursery: Nursery, tmp_path: Path) -> None:
    write(tmp_path, run="import elsewhere; print(elsewhere.__file__)", lib__elsewhere="")
    start, _ = run(nursery, tmp_path, "run.py", env={"PYTHONPATH": f"{tmp_path}/lib"})
    assert start.stdout == f"{tmp_path}/lib/elsewhere.py\n", start.stderr


def test_output_comes_line_by_line_while_the_script_runs(nursery: Nursery, tmp_path: Path) -> None:
    write(tmp_path, run="print('first', 'line'); import time; time.sleep(600)")
    start = nursery.spawn("script", "run.py", cwd=tmp_path)
    nursery.wait_output(start, "first line\n")
    nursery.signal(start, signal.SIGTERM)
    assert nursery.wait_end(start)["signal"] == signal.SIGTERM


def test_an_interrupt_raises_in_a_script_as_anywhere(nursery: Nursery, tmp_path: Path) -> None:
    write(tmp_path, run="import time; print('up'); time.sleep(600)")
    start = nursery.spawn("script", "run.py", cwd=tmp_path)
    nursery.wait_output(start, "up")
    nursery.signal(start, signal.SIGINT)
    assert nursery.wait_end(start)["signal"] == signal.SIGINT
    assert start.stderr.splitlines()[-1] == "KeyboardInterrupt"
    assert "nursery" not in start.stderr


def test_a_terminal_is_a_terminal_to_a_script(nursery: Nursery, tmp_path: Path) -> None:
    write(tmp_path, run="import sys; print(sys.stdin.isatty(), sys.stdout.isatty())")
    start, exited = run(nursery, tmp_path, "run.py", tty=True)
    assert (start.stdout.strip(), exited["code"]) == ("True True", 0)


def test_daemons_that_a_warm_script_forked_end_with_it(nursery: Nursery, tmp_path: Path) -> None:
    write(
        tmp_path,
        run="""
            import os, time
            for renamed in (False, True):
                if os.fork() == 0:
                    os.setsid()
                    if os.fork() == 0:
                        if renamed:
                            open("/proc/self/comm", "w").write("postgres")
                        print(os.getpid())
                        time.sleep(600)
                    os._exit(0)
                os.wait()
            print("done")
            time.sleep(600)
            """,
    )
    start = nursery.spawn("script", "run.py", cwd=tmp_path)
    pid = nursery.wait_spawned(start)
    nursery.until(lambda: len(start.stdout.split()) == 3, "two daemons")
    daemons = [int(word) for word in start.stdout.split() if word.isdigit()]
    os.kill(pid, signal.SIGKILL)
    nursery.wait_event("exited", start)
    assert nursery.signal(start, signal.SIGTERM) == sorted(daemons)
    nursery.wait_event("gone", start)
    wait_dead(daemons)


def test_a_warm_process_shows_its_own_name_and_environment(
    nursery: Nursery, tmp_path: Path
) -> None:
    write(tmp_path, run="import time; print('up'); time.sleep(600)")
    start = nursery.spawn(
        "script", "run.py", "--demo", cwd=tmp_path, env={"DYNAPORT_SERVICE": "users"}
    )
    pid = nursery.wait_spawned(start)
    nursery.wait_output(start, "up")
    shown = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode().split("\0")
    environ = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    nursery.signal(start, signal.SIGKILL)
    nursery.wait_end(start)
    assert shown == [nursery.python, "run.py", "--demo"]
    assert b"DYNAPORT_SERVICE=users" in environ
    assert f"DYNAPORT_MARK=test-{os.getpid()}/{start.id}".encode() in environ


def test_leaders_that_were_forked_die_with_a_killed_nursery(tmp_path: Path) -> None:
    write(tmp_path, run="import os, time; print(os.getpid()); time.sleep(600)")
    with Nursery() as nursery:
        warm = nursery.spawn("script", "run.py", cwd=tmp_path)
        cold = nursery.spawn("script", "run.py", cwd=tmp_path, cold=True)
        nursery.until(lambda: warm.stdout and cold.stdout, "two pids")
        nursery.process.send_signal(signal.SIGKILL)
        wait_dead([int(warm.stdout), int(cold.stdout)])


def test_a_script_that_patches_the_standard_library_gets_a_fresh_interpreter(
    nursery: Nursery, tmp_path: Path
) -> None:
    write(
        tmp_path,
        run="import monkey\nmonkey.patch_all()\n",
        monkey="import sys\ndef patch_all(): print('ssl' in sys.modules)\n",
    )
    start, _ = run(nursery, tmp_path, "run.py")
    assert start.stdout == "False\n", start.stderr


def test_a_relative_search_path_counts_from_the_folder_of_the_service(tmp_path: Path) -> None:
    write(tmp_path, run="import lib", src__lib="")
    with Nursery(env={"PYTHONPATH": "src"}) as nursery:
        _, exited = run(nursery, tmp_path, "run.py", env={"PYTHONPATH": "src"})
        assert exited["code"] == 0


def test_a_library_that_starts_threads_is_not_imported_before_the_fork(tmp_path: Path) -> None:
    library = """
        import threading, time
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
        """
    write(tmp_path, lib__jinja2=library)
    write(tmp_path, run="import sys; print('jinja2' in sys.modules, 'werkzeug' in sys.modules)")
    with Nursery(env={"PYTHONPATH": f"{tmp_path}/lib"}) as nursery:
        program = nursery.spawn("exec", "sh", "-c", "echo up; exec sleep 600")
        script = nursery.spawn("script", "run.py", cwd=tmp_path, env={"PYTHONPATH": ""})
        later = nursery.spawn("exec", "true")
        preloaded = nursery.wait_event("preloaded")["modules"]
        assert {"jinja2", "werkzeug"} & set(preloaded) == {"werkzeug"}
        assert nursery.wait_end(script)["code"] == 0
        assert script.stdout == "False True\n"
        assert nursery.wait_end(later)["code"] == 0
        pid = nursery.wait_spawned(program)
        assert nursery.signal(program, signal.SIGTERM) == [pid]
        assert nursery.wait_end(program)["signal"] == signal.SIGTERM
        assert [event for event in nursery.events if event["event"] == "hello"][1:] == []


def test_a_start_that_is_unwanted_before_it_happened_never_happens(tmp_path: Path) -> None:
    write(tmp_path, run="print('ran')", jinja2="import time; time.sleep(0.3)")
    with Nursery(env={"PYTHONPATH": str(tmp_path)}) as nursery:
        start = nursery.spawn("script", "run.py", cwd=tmp_path)
        assert nursery.signal(start, signal.SIGTERM) == []
        assert nursery.wait_event("failed", start)["error"] == "stopped before it was started"
        nursery.until(lambda: not start.readable, "end of its output")
        assert start.stdout == ""
