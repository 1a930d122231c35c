"""Which services there are with the wanted profiles, and what is laid over them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .layers import Layer, overlay
from .problems import Problem, Report, did_you_mean, known, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KINDS = ("app", "script", "command")


class Draft(NamedTuple):
    """One instance of one service, before it is known to be right."""

    name: str
    instance: str
    id: str
    layer: Layer

    @property
    def kind(self) -> str:
        """What it is, right or wrong; empty when it does not say."""
        return next((kind for kind in KINDS if kind in self.layer), "")

    @property
    def listens(self) -> bool:
        """False for `port = false`."""
        return self.layer.value("port") is not False


class Selection:
    """A file with the wanted profiles laid over it."""

    def __init__(self, root: Layer, profiles: Sequence[str]) -> None:
        self.root = root
        self.profiles = tuple(dict.fromkeys(profiles))
        self.merged = root
        for profile in self.profiles:
            self.merged = overlay(self.merged, root.table("profiles").table(profile))
        self.sources = _sources(root)
        """Every table of a service in the file: name -> (profile or "", table)."""
        self.known = {*self.sources, *_doubtful(root)}
        """Names that the file speaks of, with any profile."""
        services = dict(self.merged.table("services").tables())
        self.active = {name: layer for name, layer in services.items() if self._included(layer)}
        """Services that run with the wanted profiles, everything laid over them but instances."""
        self.drafts = [
            draft for name, layer in self.active.items() for draft in _drafts(name, layer)
        ]
        self.certain = True
        """False when a profile is unknown: then nobody can say which services are left out."""

    def _included(self, layer: Layer) -> bool:
        wanted = layer.value("profiles")
        return wanted is None or bool(set(wanted) & set(self.profiles))

    def left_out(self, name: str) -> bool:
        """Whether the service is in the file but not among those of the wanted profiles."""
        return self.certain and name in self.sources and name not in self.active

    def profiles_of(self, name: str) -> list[str]:
        """The profiles with which a service that is left out would be there."""
        layers = self.sources.get(name, [])
        named = [profile for _, layer in layers for profile in layer.value("profiles", ())]
        return list(dict.fromkeys(named or [profile for profile, _ in layers if profile]))


def check_profiles(selection: Selection, report: Report) -> None:
    """Report wanted profiles that neither a service nor a table mentions."""
    root = selection.root
    tables = [layer for layers in selection.sources.values() for _, layer in layers]
    if root.is_bad("profiles") or any(layer.is_bad("profiles") for layer in tables):
        selection.certain = False
        return
    names = dict.fromkeys(root.table("profiles").items)
    names |= dict.fromkeys(profile for layer in tables for profile in layer.value("profiles", ()))
    for profile in selection.profiles:
        if profile not in names:
            selection.certain = False
            others = known("profiles", sorted(names)) if names else "The file has no profiles."
            hint = f"{did_you_mean(profile, names)} {others}".strip()
            report.add(
                Problem(
                    file=report.file,
                    line=1,
                    key="profiles",
                    value=profile,
                    hint=hint,
                    message=f"there is no profile {quoted(profile)}",
                )
            )


def _sources(root: Layer) -> dict[str, list[tuple[str, Layer]]]:
    found: dict[str, list[tuple[str, Layer]]] = {}
    for profile, table in [("", root), *root.table("profiles").tables()]:
        for name, layer in table.table("services").tables():
            found.setdefault(name, []).append((profile, layer))
    return found


def _doubtful(root: Layer) -> Iterator[str]:
    """Names of what was wrong itself, or may be a service below a misspelt key."""
    for table in (root, *(layer for _, layer in root.table("profiles").tables())):
        yield from table.strays
        yield from table.table("services").items


def _drafts(name: str, layer: Layer) -> Iterator[Draft]:
    names = instance_names(layer)
    for instance in names or ("1",):
        own = layer.table("instance").table(instance)
        yield Draft(
            name,
            instance,
            f"{name}.{instance}" if names else name,
            overlay(layer, own) if own.items else layer,
        )


def instance_names(layer: Layer) -> tuple[str, ...] | None:
    """Names of the instances; None for a service that has just one, without a name."""
    instances = layer.value("instances", 1)
    if isinstance(instances, tuple):
        return instances
    return tuple(str(number + 1) for number in range(instances)) if instances > 1 else None
