"""One engine a project, whatever becomes of the folders."""

from __future__ import annotations

import os
import shutil

import pytest

from dynaport_tui.engine.lock import AlreadyRunning, ProjectLock
from dynaport_tui.ledger.folders import project_runtime, project_state
from tests.project import Project


def test_a_second_engine_is_told_of_the_first(project: Project) -> None:
    file = project.file
    lock = ProjectLock(file)
    with pytest.raises(AlreadyRunning) as caught:
        ProjectLock(file)
    assert caught.value.pid == os.getpid()
    lock.release()
    ProjectLock(file).release()


def test_the_lock_outlives_the_runtime_folder(project: Project) -> None:
    lock = ProjectLock(project.file)
    shutil.rmtree(project_runtime(project.file))
    with pytest.raises(AlreadyRunning):
        ProjectLock(project.file)
    lock.release()


def test_an_orderly_end_leaves_no_trace_of_a_pid(project: Project) -> None:
    ProjectLock(project.file).release()
    assert (project_runtime(project.file) / "lock").read_text() == ""
    lock = ProjectLock(project.file)
    assert not lock.inherited
    lock.release()


def test_a_killed_engine_is_noticed_and_what_it_left_is_removed(project: Project) -> None:
    (project_state(project.file) / "lock").write_text("4242\n")
    stale = [project_runtime(project.file) / name for name in ("sock", "n3")]
    for path in stale:
        path.write_text("")
    lock = ProjectLock(project.file)
    assert lock.inherited
    assert not any(path.exists() for path in stale)
    lock.release()
