"""`python -m benchmarks` names all of them; `python -m benchmarks NAME …` runs one."""

from __future__ import annotations

import ast
import runpy
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def main() -> int:
    """Run the one that is named, which ends as it does alone; 2 when there is none such."""
    names = benchmarks()
    chosen = sys.argv[1] if len(sys.argv) > 1 else ""
    if chosen not in names:
        lines = [f"  {name:14} {sentence}" for name, sentence in names.items()]
        sys.stdout.write("\n".join(["usage: python -m benchmarks NAME …", "", *lines, ""]))
        return 2 if chosen not in ("", "-h", "--help") else 0
    del sys.argv[1]
    runpy.run_module(f"benchmarks.{chosen}", run_name="__main__", alter_sys=True)
    return 0


def benchmarks() -> dict[str, str]:
    """Name -> the first line of its docstring, of all modules that can be run."""
    found = {}
    for path in sorted(FOLDER.glob("[a-z]*.py")):
        text = path.read_text(encoding="utf-8")
        if 'if __name__ == "__main__":' in text:
            found[path.stem] = (ast.get_docstring(ast.parse(text)) or "").split("\n", 1)[0]
    return found


if __name__ == "__main__":
    sys.exit(main())
