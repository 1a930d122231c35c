"""The JSON Schema of services.toml describes what is accepted."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings

from dynaport_tui.model.schema import schema
from tests.model.samples import FULL, documents

SCHEMA = schema()

KNOWN = {
    "$schema",
    "$defs",
    "$ref",
    "title",
    "description",
    "default",
    "examples",
    "type",
    "properties",
    "pattern",
    "additionalProperties",
    "propertyNames",
    "anyOf",
    "not",
    "required",
    "enum",
    "const",
    "items",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minimum",
    "maximum",
}

TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}


def of_type(value: Any, name: str) -> bool:
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def faults(value: Any, rule: dict[str, Any], path: str = "") -> Iterator[str]:
    """What of `value` the schema does not allow, as far as our schema goes."""
    if "$ref" in rule:
        rule = SCHEMA["$defs"][rule["$ref"].rpartition("/")[2]] | rule
    types = rule.get("type", [])
    names = [types] if isinstance(types, str) else types
    if names and not any(of_type(value, name) for name in names):
        yield f"{path}: not {types}"
        return
    yield from choice_faults(value, rule, path)
    if isinstance(value, str):
        yield from text_faults(value, rule, path)
    elif isinstance(value, list):
        yield from list_faults(value, rule, path)
    elif isinstance(value, dict):
        yield from table_faults(value, rule, path)
    elif not isinstance(value, bool):
        yield from number_faults(value, rule, path)


def choice_faults(value: Any, rule: dict[str, Any], path: str) -> Iterator[str]:
    options = rule.get("anyOf")
    if options and all(list(faults(value, option, path)) for option in options):
        yield f"{path}: {value!r} is none of {len(options)} options"
    if "not" in rule and not list(faults(value, rule["not"], path)):
        yield f"{path}: what must not be"
    if value not in rule.get("enum", [value]) or rule.get("const", value) is not value:
        yield f"{path}: {value!r} is no choice"


def text_faults(value: str, rule: dict[str, Any], path: str) -> Iterator[str]:
    if not re.search(rule.get("pattern", ""), value):
        yield f"{path}: {value!r} does not match"


def number_faults(value: float, rule: dict[str, Any], path: str) -> Iterator[str]:
    if not rule.get("minimum", value) <= value <= rule.get("maximum", value):
        yield f"{path}: {value} is out of bounds"


def list_faults(value: list[Any], rule: dict[str, Any], path: str) -> Iterator[str]:
    if not rule.get("minItems", 0) <= len(value) <= rule.get("maxItems", len(value)):
        yield f"{path}: {len(value)} items"
    for number, item in enumerate(value):
        yield from faults(item, rule.get("items", {}), f"{path}[{number}]")


def table_faults(value: dict[str, Any], rule: dict[str, Any], path: str) -> Iterator[str]:
    if any(key not in value for key in rule.get("required", [])):
        yield f"{path}: a key is missing"
    for key, inner in value.items():
        known = rule.get("properties", {}).get(key, rule.get("additionalProperties", {}))
        yield from text_faults(key, rule.get("propertyNames", {}), path)
        yield from (
            [f"{path}.{key}: unknown"] if known is False else faults(inner, known, f"{path}.{key}")
        )


def rules(node: Any) -> Iterator[dict[str, Any]]:
    """Every schema inside the schema."""
    yield node
    for key in ("additionalProperties", "propertyNames", "not", "items"):
        if isinstance(node.get(key), dict):
            yield from rules(node[key])
    for inner in (
        *node.get("anyOf", []),
        *node.get("properties", {}).values(),
        *node.get("$defs", {}).values(),
    ):
        yield from rules(inner)


def test_the_schema_is_json_and_uses_only_what_editors_know() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert {key for rule in rules(SCHEMA) for key in rule} <= KNOWN


def test_every_key_is_described_and_no_table_takes_unknown_ones() -> None:
    tables = [rule for rule in rules(SCHEMA) if "properties" in rule]
    assert len(tables) > 10
    for table in tables:
        assert table["additionalProperties"] is False
        assert all(len(key["description"]) > 8 for key in table["properties"].values())


def test_examples_and_defaults_are_valid_themselves() -> None:
    shown = [
        (
            rule,
            [*rule.get("examples", []), rule["default"]]
            if "default" in rule
            else rule.get("examples", []),
        )
        for rule in rules(SCHEMA)
    ]
    assert sum(len(values) for _, values in shown) > 30
    for rule, values in shown:
        for value in values:
            assert list(faults(value, rule)) == []


def test_the_sample_is_valid() -> None:
    assert list(faults(tomllib.loads(FULL), SCHEMA)) == []


@settings(max_examples=80, deadline=None, database=None)
@given(documents())
def test_what_is_read_is_valid(document: dict[str, Any]) -> None:
    assert list(faults(document, SCHEMA)) == []


@pytest.mark.parametrize(
    "text",
    [
        "x = 1",
        "[services.users]\nprot = 1",
        '[services.users]\nport = "5001"',
        "[services.users]\nport = true",
        "[services.users]\nport = 70000",
        "[services.users]\nports = [9000]",
        '[services.users]\napp = "users"',
        '[services.users]\napp = "a:b"\ncommand = "x"',
        '[services.users]\nhealth = "up"',
        '[services.users]\nhealth = { http = "/x", tcp = true }',
        '[services.users]\nrestart = "sometimes"',
        '[services.users]\nstop_signal = "TREM"',
        '[services.users]\nstop_grace = "10 sec"',
        '[services.users]\nenv = { "A-B" = "x" }',
        "[services.users]\nenv = { A = [] }",
        '[services.users]\ndepends_on = { db = "done" }',
        "[services.users]\ninstances = 0",
        "[services.users.instance.1]\ninstances = 2",
        '[services."my app"]',
        "[project]\nports = [1]",
        '[log]\nmax_size = "5 megs"',
        "[profiles.prod.services.users]\nsever = 1",
    ],
)
def test_an_editor_marks_a_mistake(text: str) -> None:
    assert list(faults(tomllib.loads(text), SCHEMA))
