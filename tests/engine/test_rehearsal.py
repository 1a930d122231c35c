"""What is served before the fork leaves nothing behind that a service could stumble over."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import json, logging, os, sys, threading
import flask, jinja2, werkzeug.serving
from dynaport_tui.nursery import rehearsal

def state():
    werkzeug = logging.getLogger("werkzeug")
    return {
        "threads": threading.active_count(),
        "files": len(os.listdir("/dev/fd")),
        "environment": dict(os.environ),
        "handlers": [len(werkzeug.handlers), len(logging.getLogger().handlers)],
        "level": werkzeug.level,
        "context": flask.has_app_context(),
        "path": sys.path[:],
        "protocol": werkzeug_protocol(),
    }

def werkzeug_protocol():
    return vars(sys.modules["werkzeug.serving"].WSGIRequestHandler).get("protocol_version")

answers = []
write = werkzeug.serving.WSGIRequestHandler.run_wsgi

def run_wsgi(handler):
    write(handler)
    answers.append(handler.path)

before = state()
werkzeug.serving.WSGIRequestHandler.run_wsgi = run_wsgi
rehearsal.perform()
after = state()
print(json.dumps([before == after, answers]))
"""


def test_a_rehearsal_serves_its_requests_and_leaves_no_trace() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=9, check=False
    )
    assert (ended.stdout, ended.stderr) == ('[true, ["/page/1", "/data"]]\n', "")


def test_without_flask_there_is_no_rehearsal() -> None:
    program = "from dynaport_tui.nursery import rehearsal; rehearsal.perform()"
    program += "; import sys; print('socketserver' in sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=9, check=False
    )
    assert ended.stdout == "False\n"
