"""Gives a Flask app a port that stays its own, and makes it known to the others while it serves.

from flask import Flask
from dynaport_tui import DynaPortFlask

app = Flask(__name__)
dynaport = DynaPortFlask(app_id="my-app", name="My Application")
dynaport.wrap_app(app)

if __name__ == "__main__":
    dynaport.run_app(debug=True)
"""

from __future__ import annotations

import functools
import inspect
import json
import os
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .integration.checks import TIMEOUT, Checks, told
from .integration.presence import Presence
from .integration.surroundings import supervised_port
from .integration.wording import DynaPortWarning, Identity, maker
from .registry.arguments import checked_dependency, checked_endpoint, checked_id, checked_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from flask import Flask

    class DynaPortApp(Flask):
        """A wrapped app."""

        dynaport: DynaPortFlask


__all__ = ["DynaPortFlask", "DynaPortWarning", "create_dynaport_app"]

F = TypeVar("F", bound="Callable[[], object]")


class DynaPortFlask:
    """The port and the registration of one Flask app.

    The port is kept for `app_id` and `instance_id`, for the whole user, for ever. Whoever runs the
    app (`run_app`, `app.run()`, `flask run`, gunicorn, a supervisor), it is registered while it
    serves and no longer; importing it registers nothing.

    >>> dynaport = DynaPortFlask("my-app", preferred_port=8080, dependencies=["users:default"])
    >>> dynaport.wrap_app(app)
    >>> dynaport.run_app()
    """

    def __init__(
        self,
        app_id: str,
        name: str | None = None,
        instance_id: str = "default",
        preferred_port: int | None = None,
        dependencies: Sequence[str] = (),
        health_endpoint: str = "/health",
    ) -> None:
        """Describe the app; nothing is read or written yet.

        `instance_id` tells two programs of one app from each other. `preferred_port` is taken where
        it is free and the app has no port yet. A dependency is `app_id:instance_id`, or `app_id`
        alone; one that does not run when this app begins to serve is a warning. Raises ValueError
        for what can never be right.
        """
        if isinstance(dependencies, str):
            raise ValueError(f"dependencies is a list: write [{dependencies!r}]")
        self._identity = Identity(
            app_id=checked_id(app_id, "app_id"),
            name=name or app_id,
            instance_id=checked_id(instance_id, "instance_id"),
            preferred_port=None if preferred_port is None else checked_port(preferred_port),
            dependencies=tuple(":".join(checked_dependency(text)) for text in dependencies),
            health_endpoint=checked_endpoint(health_endpoint) or "/health",
            made_at=maker(),
        )
        self._presence = Presence(self._identity)
        self._checks = Checks()
        self._app: Flask | None = None

    @property
    def port(self) -> int:
        """Where the app serves; before it does, where it is going to; raises NoFreePort.

        Inside a supervised service it is the supervisor's port. Where another program has the app's
        own port, it is another one for this run.

        >>> DynaPortFlask("my-app").port == DynaPortFlask("my-app").port
        True
        """
        return self._presence.port

    @property
    def url(self) -> str:
        """`http://127.0.0.1:20417`: where this machine reaches it; raises NoFreePort.

        >>> dynaport.url
        'http://127.0.0.1:20417'
        """
        return self._presence.url

    def wrap_app(self, app: Flask) -> DynaPortApp:
        """Make it the app's: returns the same app.

        Sets `app.config["PORT"]` and `app.dynaport`; answers at the health endpoint where the app
        itself has no such rule; `app.run()` serves on the app's port from now on. Raises ValueError
        for an app that another DynaPortFlask has, and NoFreePort.

        >>> app = dynaport.wrap_app(Flask(__name__))
        >>> app.config["PORT"] == dynaport.port
        True
        """
        other = app.extensions.get("dynaport")
        if other is self:
            return cast("DynaPortApp", app)
        if other is not None:
            raise ValueError(f"this app is wrapped already, as {other.label}: wrap it once")
        wrapped = cast("DynaPortApp", app)
        wrapped.dynaport = app.extensions["dynaport"] = self
        app.config["PORT"] = self.port
        changed: Any = app
        changed.run = functools.partial(self._run, app, app.run)
        changed.wsgi_app = functools.partial(self._answer, app, app.wsgi_app)
        self._app = app
        self._presence.watch()
        return wrapped

    def run_app(self, **options: Any) -> None:
        """Serve until it is stopped; `options` are those of `app.run()`.

        Registers the app for that time. Where another program listens on the app's port, or runs
        the same `app_id` and `instance_id`, it is the next free port, and a DynaPortWarning names
        that program. Raises RuntimeError without an app, and NoFreePort.

        >>> dynaport.run_app(debug=True, host="0.0.0.0")
        """
        if self._app is None:
            raise RuntimeError("there is no app to run: call wrap_app(app) first")
        self._app.run(**options)

    def add_check(
        self, name: str, function: Callable[[], object], *, timeout: float = TIMEOUT
    ) -> None:
        """Let the health endpoint ask `function` too, at each request, within `timeout` seconds.

        It fails when it raises, returns False, or takes longer; the app is then unhealthy (503). It
        runs in a thread, within the app's context. One that hangs is not called again until it has
        returned. Raises TypeError for what cannot be called so.

        >>> dynaport.add_check("db", lambda: db.session.execute(text("SELECT 1")), timeout=1.0)
        """
        self._checks.add(name, function, timeout)

    def check(self, name: str, *, timeout: float = TIMEOUT) -> Callable[[F], F]:
        """The same as a decorator.

        >>> @dynaport.check("disk")
        ... def enough_room():
        ...     return shutil.disk_usage("/").free > 1_000_000
        """

        def added(function: F) -> F:
            self.add_check(name, function, timeout=timeout)
            return function

        return added

    @property
    def label(self) -> str:
        """The app for a person: `my-app`, or `my-app:second`.

        >>> DynaPortFlask("my-app", instance_id="second").label
        'my-app:second'
        """
        return self._identity.label

    def _run(
        self,
        app: Flask,
        run: Callable[..., None],
        host: str | None = None,
        port: int | None = None,
        debug: bool | None = None,
        load_dotenv: bool = True,
        **options: Any,
    ) -> None:
        """Stands in the place of app.run()."""
        if os.environ.get("FLASK_RUN_FROM_CLI") == "true":  # Flask ignores the call, and says so
            run(host, port, debug, load_dotenv, **options)
            return
        if host is None and supervised_port() is not None:
            host = os.environ.get("HOST")
        named = (app.config.get("SERVER_NAME") or "").partition(":")[0]
        scheme = "https" if options.get("ssl_context") else "http"
        served = self._presence.begin(host or named or "127.0.0.1", port, scheme)
        app.config["PORT"] = served
        try:
            run(host, served, debug, load_dotenv, **options)
        finally:
            self._presence.end()

    def _answer(
        self,
        app: Flask,
        application: Callable[..., Iterable[bytes]],
        environ: dict[str, Any],
        start_response: Callable[..., Any],
    ) -> Iterable[bytes]:
        """Stands before the app: a WSGI application."""
        self._presence.notice(environ)
        path = self._identity.health_endpoint
        asks = environ.get("REQUEST_METHOD") in ("GET", "HEAD")
        if not (asks and environ.get("PATH_INFO") == path) or _has_rule(app, path):
            return application(environ, start_response)
        results = self._checks.run(app.app_context)
        well = all(found.healthy for found in results.values())
        said = {
            "status": "healthy" if well else "unhealthy",
            "app_id": self._identity.app_id,
            "instance_id": self._identity.instance_id,
            "name": self._identity.name,
            "checks": told(results),
        }
        body = json.dumps(said).encode()
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ]
        start_response("200 OK" if well else "503 Service Unavailable", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def create_dynaport_app(
    app_id: str,
    app_factory: Callable[..., Flask],
    name: str | None = None,
    instance_id: str = "default",
    preferred_port: int | None = None,
    dependencies: Sequence[str] = (),
    health_endpoint: str = "/health",
    *,
    config: Any = None,
) -> DynaPortApp:
    """The app that a factory makes, wrapped; `app.dynaport` is its DynaPortFlask.

    The factory is called with `config` where one is given. Without one it is called without an
    argument, unless it cannot do without: `create_app(config)` gets `{"PORT": 20417}`, which
    `app.config.update(config)` takes. Raises TypeError where it returns no Flask app, ValueError
    and NoFreePort as DynaPortFlask does.

    >>> app = create_dynaport_app("factory-app", create_app, name="Factory Pattern App")
    >>> app.dynaport.run_app()
    """
    dynaport = DynaPortFlask(
        app_id, name, instance_id, preferred_port, dependencies, health_endpoint
    )
    given, named = _arguments(app_factory, config, dynaport)
    app = app_factory(*given, **named)
    if not hasattr(app, "wsgi_app") or not hasattr(app, "extensions"):
        called = getattr(app_factory, "__name__", "the factory")
        raise TypeError(f"{called}() returned {type(app).__name__}: it must return a Flask app")
    return dynaport.wrap_app(app)


def _arguments(
    factory: Callable[..., Flask], config: Any, dynaport: DynaPortFlask
) -> tuple[list[Any], dict[str, Any]]:
    """What a factory is called with."""
    try:
        parameters = list(inspect.signature(factory).parameters.values())
    except (TypeError, ValueError):  # one that is written in C
        return ([] if config is None else [config]), {}
    for each in parameters:
        needed = each.default is each.empty and each.kind not in (
            each.VAR_POSITIONAL,
            each.VAR_KEYWORD,
        )
        if needed or (config is not None and each.kind is not each.VAR_KEYWORD):
            value = {"PORT": dynaport.port} if config is None else config
            by_name = each.kind is each.KEYWORD_ONLY
            return ([], {each.name: value}) if by_name else ([value], {})
    return ([] if config is None else [config]), {}


def _has_rule(app: Flask, path: str) -> bool:
    """Whether the app itself answers there, by a rule of just that path."""
    wanted = path.rstrip("/")
    return any(rule.rule.rstrip("/") == wanted for rule in app.url_map.iter_rules())
