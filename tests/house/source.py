"""The house as the tests see it: every Python file of tectonics/ with its tree, and every tracked text file."""

import ast
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file; `name` is its dotted name, of a package the package's own."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The package of the import table that it belongs to: `wire`, or `ports` for the file ports.py."""
        return self.name.split(".")[1] if "." in self.name else ""

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))


def module(path: Path) -> Module:
    """The module in the file `path`."""
    names = path.relative_to(ROOT).with_suffix("").parts
    text = path.read_text()
    return Module(".".join(n for n in names if n != "__init__"), path, text, ast.parse(text))


@cache
def modules() -> tuple[Module, ...]:
    """Every module of tectonics/."""
    return tuple(module(path) for path in sorted((ROOT / "tectonics").rglob("*.py")))


def imports(tree: ast.AST, package: str) -> list[tuple[int, str]]:
    """(line, dotted name) of everything imported, anywhere in the file; `from a import b` is `a.b`."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[:len(package.split(".")) + 1 - node.level] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            found += [(node.lineno, f"{base}.{alias.name}") for alias in node.names]
    return found


def imports_of(module: Module) -> list[tuple[int, str]]:
    """What `module` imports."""
    is_package = module.path.name == "__init__.py"
    return imports(module.tree, module.name if is_package else module.name.rpartition(".")[0])


def functions(tree: ast.AST) -> list[ast.AST]:
    """Every function and method."""
    return [node for node in ast.walk(tree) if isinstance(node, FUNCTIONS)]


def length(node: ast.AST) -> int:
    """Lines of a function, without its decorators."""
    return node.end_lineno - node.lineno + 1


@cache
def tracked() -> tuple[Path, ...]:
    """The text files that are published: tracked ones, or without git all but what is generated."""
    listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                             cwd=ROOT, capture_output=True, check=False)
    if listing.returncode == 0:
        paths = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
    else:
        skipped = {".venv", "var", "build", "dist"}
        paths = [p for p in ROOT.rglob("*") if not skipped & set(p.relative_to(ROOT).parts)]
    return tuple(p for p in paths if p.is_file() and b"\0" not in p.read_bytes()[:4096])
