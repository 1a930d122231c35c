"""Who waits for whom: start order, everything needed, and cycles named in full.

A graph maps each name to the names it depends on; names that it does not list are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

Graph = Mapping[str, Collection[str]]


class CycleError(ValueError):
    """Services that wait for one another; `cycle` starts and ends with the same name."""

    def __init__(self, cycle: list[str]) -> None:
        super().__init__(" → ".join(cycle))
        self.cycle = cycle


def start_order(depends: Graph) -> list[str]:
    """All names, dependencies first, otherwise as given; raises CycleError.

    The stop order is its reverse.
    """
    order, found = _walk(depends)
    if found:
        raise CycleError(found[0])
    return order


def cycles(depends: Graph) -> list[list[str]]:
    """Cycles as `[a, b, a]`; empty when there is none.

    Each name comes before the one it depends on. Without the last step of each, no cycle is left.
    """
    return _walk(depends)[1]


def closure(ids: Iterable[str], depends: Graph) -> set[str]:
    """The names, and all that they depend on, directly or not."""
    wanted: set[str] = set()
    pending = [name for name in ids if name in depends]
    while pending:
        name = pending.pop()
        if name not in wanted:
            wanted.add(name)
            pending.extend(needed for needed in depends[name] if needed in depends)
    return wanted


def _walk(depends: Graph) -> tuple[list[str], list[list[str]]]:
    """Depth first without recursion: a chain may be longer than Python's stack."""
    rank = {name: place for place, name in enumerate(depends)}

    def needs(name: str) -> Iterator[str]:
        return iter(sorted((n for n in depends[name] if n in rank), key=rank.__getitem__))

    done: dict[str, None] = {}
    found: list[list[str]] = []
    for root in depends:
        path = {} if root in done else {root: needs(root)}
        while path:
            name = next(reversed(path))
            needed = next(path[name], None)
            if needed is None:
                del path[name]
                done[name] = None
            elif needed in path:
                trail = list(path)
                found.append([*trail[trail.index(needed) :], needed])
            elif needed not in done:
                path[needed] = needs(needed)
    return list(done), found
