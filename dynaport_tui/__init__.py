"""dynaport runs the services of a project together, each on a port that stays its own."""

from __future__ import annotations

TYPE_CHECKING = False  # as type checkers know it: importing `typing` would cost most of our time
if TYPE_CHECKING:
    from typing import Any

    from .flask_integration import DynaPortFlask as DynaPortFlask
    from .flask_integration import DynaPortWarning as DynaPortWarning
    from .flask_integration import create_dynaport_app as create_dynaport_app
    from .port_allocator import PortAllocator as PortAllocator
    from .registry.address import ServiceAddress as ServiceAddress
    from .registry.address import ServiceNotFound as ServiceNotFound
    from .registry.record import ServiceRecord as ServiceRecord
    from .service_registry import ServiceRegistry as ServiceRegistry

_PUBLIC: dict[str, str] = {
    "DynaPortFlask": ".flask_integration",
    "DynaPortWarning": ".flask_integration",
    "PortAllocator": ".port_allocator",
    "ServiceAddress": ".registry.address",
    "ServiceNotFound": ".registry.address",
    "ServiceRecord": ".registry.record",
    "ServiceRegistry": ".service_registry",
    "create_dynaport_app": ".flask_integration",
}
"""Public name -> the module it comes from, imported when the name is first used."""

__all__ = ["__version__"]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    if name in _PUBLIC:
        from importlib import import_module

        return getattr(import_module(_PUBLIC[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_PUBLIC})


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("dynaport")
    except PackageNotFoundError:
        return "0+unknown"
