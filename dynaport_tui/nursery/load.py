"""Finds the application that `module:attribute` or `module:factory(arguments)` names."""

from __future__ import annotations

import ast
import difflib
import inspect
import os
import sys
from typing import TYPE_CHECKING, Any

from .failure import Unusable

if TYPE_CHECKING:
    from types import ModuleType

    Arguments = tuple[list[Any], dict[str, Any]]

_NONE: Any = object()


def application(reference: str, cwd: str) -> Any:
    """The application; raises Unusable for a wrong reference, else what the project raises."""
    name, _, expression = reference.partition(":")
    if not name or not expression:
        raise Unusable(f'app = "{reference}" lacks its second half; write "module:attribute"')
    path, arguments = _parsed(reference, expression)
    module = _module(name, reference, cwd)
    found: Any = module
    for part in path:
        found = _attribute(found, part, reference, name)
    if arguments is not None:
        found = _made(found, arguments, reference)
    return _checked(found, reference, made=arguments is not None)


def _parsed(reference: str, expression: str) -> tuple[list[str], Arguments | None]:
    """The dotted path, and the arguments of a call."""
    try:
        node: ast.expr = ast.parse(expression.strip(), mode="eval").body
        arguments = None
        if isinstance(node, ast.Call):
            values = [ast.literal_eval(value) for value in node.args]
            named = {str(k.arg): ast.literal_eval(k.value) for k in node.keywords if k.arg}
            arguments, node = (values, named), node.func
        return _dotted(node), arguments
    except (SyntaxError, ValueError):
        raise Unusable(
            f'app = "{reference}": after the colon goes a name, or a call with plain values'
            " such as \"create_app('dev')\""
        ) from None


def _dotted(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Attribute):
        return [*_dotted(node.value), node.attr]
    if isinstance(node, ast.Name):
        return [node.id]
    raise ValueError(node)


def _module(name: str, reference: str, cwd: str) -> ModuleType:
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing != name and not name.startswith(missing + "."):
            raise
        raise Unusable(_no_module(name, missing, reference, cwd)) from None
    return sys.modules[name]


def _no_module(name: str, missing: str, reference: str, cwd: str) -> str:
    text = f'app = "{reference}": there is no module {missing!r} in {cwd}, nor in {sys.executable}'
    head, _, tail = missing.rpartition(".")
    folder = os.path.join(cwd, *head.split(".")) if head else cwd
    near = difflib.get_close_matches(tail, _modules_in(folder), 1)
    if near:
        better = ".".join(part for part in (head, near[0]) if part) + name[len(missing) :]
        text += f'; did you mean "{better}:{reference.partition(":")[2]}"?'
    return text


def _modules_in(folder: str) -> list[str]:
    try:
        entries = sorted(os.listdir(folder))
    except OSError:
        return []
    packages = [e for e in entries if os.path.isdir(os.path.join(folder, e)) and e.isidentifier()]
    return [entry[:-3] for entry in entries if entry.endswith(".py")] + packages


def _attribute(owner: Any, part: str, reference: str, module: str) -> Any:
    found = getattr(owner, part, _NONE)
    if found is not _NONE:
        return found
    names = [name for name in dir(owner) if not name.startswith("_")]
    near = difflib.get_close_matches(part, names, 1)
    near = near or [name for name in names if _looks_like_app(owner, name)]
    has = ", ".join(names[:8]) or "nothing"
    hint = f"; did you mean {near[0]!r}?" if near else f"; it has {has}"
    raise Unusable(f'app = "{reference}": {module} has no {part!r}{hint}')


def _looks_like_app(owner: Any, name: str) -> bool:
    kind = type(getattr(owner, name, None))  # the value itself may be a proxy that answers nothing
    return hasattr(kind, "wsgi_app") or inspect.iscoroutinefunction(vars(kind).get("__call__"))


def _made(factory: Any, arguments: Arguments, reference: str) -> Any:
    if not callable(factory):
        raise Unusable(f'app = "{reference}": that is {_kind(factory)} and cannot be called')
    values, named = arguments
    return factory(*values, **named)


def _checked(found: Any, reference: str, *, made: bool) -> Any:
    if made and not callable(found):
        raise Unusable(f'app = "{reference}" returned {_kind(found)}, which is no application')
    if not callable(found):
        raise Unusable(f'app = "{reference}" is {_kind(found)}, not an application')
    if not made and _is_factory(found):
        raise Unusable(
            f'app = "{reference}" is a function that makes an application; write "{reference}()"'
        )
    return found


def _kind(value: Any) -> str:
    if value is None:
        return "None"
    word = type(value).__name__
    return f"an {word}" if word[0] in "aeiouAEIOU" else f"a {word}"


def _is_factory(found: Any) -> bool:
    """Whether it is a function that a server cannot call as an application, but we could."""
    if not inspect.isfunction(found) or is_asgi(found):
        return False
    signature = inspect.signature(found)
    return not _takes(signature, 2) and _takes(signature, 0)


def _takes(signature: inspect.Signature, count: int) -> bool:
    try:
        signature.bind(*[None] * count)
    except TypeError:
        return False
    return True


def is_asgi(found: Any) -> bool:
    """Whether it is called with scope, receive and send, and awaited."""
    while hasattr(found, "func") and hasattr(found, "keywords"):  # functools.partial
        found = found.func
    if inspect.iscoroutinefunction(found):
        return True
    method = getattr(found, "__call__", None)  # noqa: B004 -- not whether it is called, but how
    return not inspect.isclass(found) and inspect.iscoroutinefunction(method)


def missing(package: str, why: str) -> str:
    """That a package is needed, and the command that installs it where it is needed."""
    return f"{why}, which is not installed: {sys.executable} -m pip install {package}"
