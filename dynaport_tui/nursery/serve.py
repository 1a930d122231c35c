"""Serves an application, or a program's own `app.run()`, on the held socket."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any

from . import bind, hooks, load, newborn, templates
from .failure import Unusable

if TYPE_CHECKING:
    from .place import Place


def prepare(place: Place) -> None:
    """Let the libraries that serve meet the held socket; before any code of the project runs."""
    if place.request.debug:
        os.environ["FLASK_DEBUG"] = "1"  # read by Flask where an application is made, or run
    bind.install(place)
    hooks.after_import("werkzeug.serving", lambda module: _change_werkzeug(module, place))
    hooks.after_import("flask.cli", _silence_banner)
    hooks.after_import("flask_socketio", _allow_werkzeug)
    if place.request.kind == "script":
        hooks.after_import("uvicorn.server", lambda module: _change_uvicorn(module, place))
    templates.notice(place.report)


def app(place: Place) -> None:
    """Load the application that argv names and serve it until TERM."""
    request = place.request
    newborn.arguments(request, request.cwd, list(request.argv))
    newborn.main_module(None)
    application = load.application(request.argv[0], request.cwd)
    if place.held is None:
        raise Unusable("an `app` needs a port; take `port = false` out of services.toml")
    place.taken = True
    if load.is_asgi(application):
        from . import asgi

        asgi.serve(place, application)
    else:
        _serve_wsgi(place, application)


def _serve_wsgi(place: Place, application: Any) -> None:
    try:
        import werkzeug.serving  # noqa: F401
    except ModuleNotFoundError as error:
        if error.name != "werkzeug":
            raise
        why = load.missing("werkzeug", "a WSGI application is served by Werkzeug")
        raise Unusable(why) from None
    from . import wsgi

    if place.request.debug:
        _set_debug(application)
        application = _with_debugger(application, place, evalex=True)
    wsgi.serve(place, application, threaded=True)


def _set_debug(application: Any) -> None:
    """Let Flask pass errors on to the debugger."""
    if isinstance(getattr(application, "debug", None), bool):
        application.debug = True


def _with_debugger(application: Any, place: Place, *, evalex: bool) -> Any:
    """Werkzeug's debugger around it; its PIN goes to the log as under the reloader."""
    from werkzeug.debug import DebuggedApplication

    debugged = DebuggedApplication(application, evalex=evalex)
    if hasattr(debugged, "trusted_hosts"):
        debugged.trusted_hosts.append(place.host)
    pin = f"PIN: {debugged.pin}" if debugged.pin else "PIN disabled: it runs code for whoever asks"
    sys.stderr.write(f" * Debugger is active!\n * Debugger {pin}\n")
    return debugged


def _change_werkzeug(serving: Any, place: Place) -> None:
    original = serving.run_simple
    if hasattr(serving, "_log_add_style"):
        serving._log_add_style = _in_colour()  # noqa: SLF001 -- it colours without asking

    def run_simple(hostname: str, port: int, application: Any, *late: Any, **options: Any) -> None:
        # a second server beside ours, or one on a Unix socket, goes its own way, without reloader
        settings = {**dict(zip(_RUN_SIMPLE, late)), **options, "use_reloader": False}
        if place.held is None or place.taken or hostname.startswith("unix://"):
            original(hostname, port, application, **settings)
            return
        place.taken = True
        try:
            _run(place, application, settings)
        finally:
            place.taken = False

    serving.run_simple = run_simple


_RUN_SIMPLE = (
    "use_reloader",
    "use_debugger",
    "use_evalex",
    "extra_files",
    "exclude_patterns",
    "reloader_interval",
    "reloader_type",
    "threaded",
    "processes",
    "request_handler",
    "static_files",
    "passthrough_errors",
    "ssl_context",
)
"""The parameters of werkzeug.serving.run_simple after the third."""

_FOR_SERVER = ("threaded", "processes", "request_handler", "passthrough_errors", "ssl_context")


def _run(place: Place, application: Any, settings: dict[str, Any]) -> None:
    """What run_simple does, with the held socket for whatever address it was given."""
    from . import wsgi

    if place.request.debug:
        _set_debug(application)
    if settings.get("static_files"):
        from werkzeug.middleware.shared_data import SharedDataMiddleware

        application = SharedDataMiddleware(application, settings["static_files"])
    if place.request.debug or settings.get("use_debugger"):
        application = _with_debugger(application, place, evalex=settings.get("use_evalex", True))
    wsgi.serve(place, application, **{n: settings[n] for n in _FOR_SERVER if n in settings})


def _in_colour() -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stderr.isatty()


def _silence_banner(cli: Any) -> None:
    """ "Serving Flask app" and the warning of older versions tell nothing about a service."""
    cli.show_server_banner = lambda *_args, **_options: None


def _change_uvicorn(server: Any, place: Place) -> None:
    """A program's own uvicorn.run(): what binds its port is told of elsewhere."""
    from . import turnover

    with contextlib.suppress(AttributeError):
        turnover.of_every(server, lambda _scheme: None, place.report.retired)


def _allow_werkzeug(flask_socketio: Any) -> None:
    """Without a terminal Flask-SocketIO takes us for production and refuses to run on Werkzeug."""
    original = flask_socketio.SocketIO.run

    def run(self: Any, *args: Any, **options: Any) -> Any:
        options.setdefault("allow_unsafe_werkzeug", True)
        return original(self, *args, **options)

    flask_socketio.SocketIO.run = run
