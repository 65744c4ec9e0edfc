"""`python -m tests.bench.lines`: how much each portal package is, counted from the files as they are now."""

from __future__ import annotations

import ast
import io
import pkgutil
import sys
import tokenize
from pathlib import Path

from rich.console import Console
from rich.table import Table

import portals

ROOT = Path(__file__).parents[2]
_NOT_CODE = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING,
             tokenize.ENDMARKER)  # fmt: skip


def code(path: Path) -> int:
    """Lines of a Python file that hold code: no blank lines, comments or docstrings."""
    source = path.read_text(encoding="utf-8")
    words: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _NOT_CODE:
            words |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                words -= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return len(words)


def data(path: Path) -> int:
    """Lines of a data file that are neither blank nor a comment."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return sum(bool(line) and not line.startswith("#") for line in lines)


def counted(folder: Path) -> tuple[int, int]:
    """Lines of code and of data in a folder and below it."""
    files = [path for path in folder.rglob("*") if "__pycache__" not in path.parts]
    return (
        sum(code(path) for path in files if path.suffix == ".py"),
        sum(data(path) for path in files if path.suffix == ".toml"),
    )


def channels(name: str) -> int:
    """How many channels the portal has."""
    from flows import registry

    return len(registry.get(name).channels)


def main() -> int:
    """Print one line a portal."""
    table = Table(title="lines without blanks, comments and docstrings")
    for heading in ("portal", "channels", "package: code", "labels, policy, playbooks", "mock: code", "tests: code"):
        table.add_column(heading, justify="left" if heading == "portal" else "right")
    for name in sorted(m.name for m in pkgutil.iter_modules(portals.__path__) if m.ispkg):
        package, lists = counted(ROOT / "portals" / name)
        mock, tests = (counted(ROOT / place / name)[0] for place in ("fixtures", "tests/portals"))
        table.add_row(name, str(channels(name)), str(package), str(lists), str(mock), str(tests))
    Console(width=120).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
