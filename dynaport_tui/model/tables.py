"""Converters of tables: with fixed keys, with free names, and the short forms of both."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from .convert import Converter, Schema, wrong_type
from .layers import BAD, Found, Layer
from .problems import Spot, closest, dotted, listed, quoted, shorten

if TYPE_CHECKING:
    from collections.abc import Mapping


KINDS = {"app", "script", "command"}
"""A table with one of these keys is meant to be a service."""


class Key(NamedTuple):
    """One key of a table: how it is read, and what an editor shows for it."""

    reads: Converter
    text: str
    examples: tuple[Any, ...] = ()
    default: Any = None


class Table:
    """A table whose keys are known.

    `short` names the key that a value of another type stands for. Of `alternatives` a table has one
    at most; each comes with the keys that make sense only beside it. `synonyms` are other tools'
    words for keys; `elsewhere` says of keys of other tables what to do about them.
    """

    def __init__(
        self,
        keys: Mapping[str, Key],
        *,
        name: str = "a table",
        short: str = "",
        alternatives: Mapping[str, tuple[str, ...]] | None = None,
        synonyms: Mapping[str, str] | None = None,
        elsewhere: Mapping[str, str] | None = None,
    ) -> None:
        self.keys = keys
        self.name = name
        self.short = short
        self.alternatives = alternatives or {}
        self.synonyms = synonyms or {}
        self.elsewhere = elsewhere or {}

    def read(self, value: Any, spot: Spot) -> Any:
        """A Layer; an unknown key that is close to a known one counts as that one, but wrong."""
        if not isinstance(value, dict):
            return self._read_short(value, spot)
        layer = Layer(spot, alternatives=self.alternatives)
        for key, raw in value.items():
            if key in self.keys:
                _put(layer, key, self.keys[key].reads.read(raw, spot[key]), spot[key])
        for key, raw in value.items():
            if key not in self.keys:
                self._unknown(key, raw, layer)
        self._one_alternative(layer)
        return layer

    def _read_short(self, value: Any, spot: Spot) -> Any:
        if not self.short:
            return wrong_type(
                value, spot, self.name, f"Write [{dotted(spot.keys)}] and its keys below."
            )
        layer = Layer(spot, alternatives=self.alternatives)
        _put(layer, self.short, self.keys[self.short].reads.read(value, spot), spot)
        return layer

    def _unknown(self, key: str, raw: Any, layer: Layer) -> None:
        spot = layer.spot[key]
        layer.strays.update((key, *raw) if isinstance(raw, dict) else (key,))
        if isinstance(raw, dict) and set(raw) & KINDS:
            spot.error(f"unknown key {quoted(key)}", f"Write [{_service_header(spot)}].")
            meant = next((kind for kind in self.alternatives if kind in raw), None)
        else:
            meant = self.synonyms.get(key)
            if not meant and key not in self.elsewhere:
                meant = closest(key, self.keys)
            others = self.elsewhere.get(key) or f"Known here: {listed(sorted(self.keys), 'and')}."
            spot.error(f"unknown key {quoted(key)}", f"Write {quoted(meant)}." if meant else others)
        if meant and meant not in layer:
            layer.items[meant] = Found(BAD, spot)

    def _one_alternative(self, layer: Layer) -> None:
        given = [key for key in self.alternatives if key in layer and not layer.is_bad(key)]
        if len(given) < 2:
            return
        spots = sorted((layer.spot_of(key).line, key) for key in given)
        places = listed((f"{key} (line {line})" for line, key in spots), "and")
        last = spots[-1][1]
        layer.spot_of(last).error(
            f"{places} cannot stand together",
            f"Keep one of {listed(self.alternatives, 'and')}.",
        )

    def schema(self) -> Schema:
        """An object that takes no other keys."""
        properties = {name: describe(key) for name, key in self.keys.items()}
        table: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        names = list(self.alternatives)
        pairs = [[a, b] for place, a in enumerate(names) for b in names[place + 1 :]]
        if pairs:
            table["not"] = {"anyOf": [{"required": pair} for pair in pairs]}
        return {"anyOf": [self.keys[self.short].reads.schema(), table]} if self.short else table


class Names:
    """A table whose keys are free names of one form; `noun` says what a key names."""

    def __init__(
        self,
        noun: str,
        pattern: str,
        item: Converter,
        *,
        rule: str,
        hint: str,
        name: str = "a table",
    ) -> None:
        self.noun = noun
        self.pattern = pattern
        self.item = item
        self.rule = rule
        self.hint = hint
        self.name = name

    def read(self, value: Any, spot: Spot) -> Any:
        """A Layer; what stands below a bad name is read all the same."""
        if not isinstance(value, dict):
            return wrong_type(value, spot, self.name, self.hint)
        layer = Layer(spot)
        for key, raw in value.items():
            if not re.fullmatch(self.pattern, key):
                self._bad_name(key, spot[key])
            _put(layer, key, self.item.read(raw, spot[key]), spot[key])
        return layer

    def _bad_name(self, key: str, spot: Spot) -> None:
        joint = "-" if re.fullmatch(self.pattern, "a-b") else "_"
        mended = re.sub(r"[^A-Za-z0-9_-]+|-", joint, key).strip("-")
        mended = re.sub(r"\A[^A-Za-z]+", "", mended)
        hint = f"Write {mended}." if re.fullmatch(self.pattern, mended) else ""
        spot.error(
            f"{quoted(key)} is no name of {self.noun}: {self.rule}", hint, value=shorten(key)
        )

    def schema(self) -> Schema:
        """An object with a rule for its keys."""
        return {
            "type": "object",
            "propertyNames": {"pattern": f"^{self.pattern}$"},
            "additionalProperties": self.item.schema(),
        }


class Listing:
    """A table of names with a word each; a list of names, or a single one, comes without words."""

    def __init__(self, names: Converter, word: Converter) -> None:
        self.names = names
        self.word = word

    def read(self, value: Any, spot: Spot) -> Any:
        """A Layer of words, None where there is none; BAD entries are left out."""
        layer = Layer(spot, whole=not isinstance(value, dict))
        if isinstance(value, dict):
            for key, raw in value.items():
                _put(layer, key, self.word.read(raw, spot[key]), spot[key])
            return layer
        many = value if isinstance(value, list) else [value]
        for number, raw in enumerate(many):
            place = spot[number] if isinstance(value, list) else spot
            name = self.names.read(raw, place)
            if name is not BAD:
                layer.items.setdefault(name, Found(None, place))
        return layer

    def schema(self) -> Schema:
        """A name, a list of names or an object of words."""
        return {
            "anyOf": [
                self.names.schema(),
                {"type": "array", "items": self.names.schema()},
                {"type": "object", "additionalProperties": self.word.schema()},
            ]
        }


class Reference:
    """A schema that stands elsewhere, by name."""

    def __init__(self, name: str, reads: Converter) -> None:
        self.name = name
        self.reads = reads

    def read(self, value: Any, spot: Spot) -> Any:
        """As the converter says."""
        return self.reads.read(value, spot)

    def schema(self) -> Schema:
        """The reference."""
        return {"$ref": f"#/$defs/{self.name}"}


def describe(key: Key) -> Schema:
    """A key's schema with its description, examples and default."""
    schema: Schema = {"description": key.text, **key.reads.schema()}
    if key.default is not None:
        schema["default"] = key.default
    if key.examples:
        schema["examples"] = list(key.examples)
    return schema


def _service_header(spot: Spot) -> str:
    """The header that a service in the wrong place should have."""
    parts = [str(key) for key in spot.keys]
    place = [*parts[:2], "services"] if parts[0] == "profiles" and len(parts) > 2 else ["services"]
    name = "-".join(part for part in parts if part not in place)
    return dotted((*place, name))


def _put(layer: Layer, key: str, value: Any, spot: Spot) -> None:
    layer.items[key] = value if isinstance(value, Layer) else Found(value, spot)
