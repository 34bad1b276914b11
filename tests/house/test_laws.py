"""Laws that can be seen in the source: exceptions, docstrings, money without floats, no traces of a machine."""

import ast
import re

import pytest

from tests.house.source import ROOT, functions, modules, tracked

BROAD_EXCEPTS_MAX = 12
UNFINISHED = re.compile(r"\b(" + "|".join(["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK", "W" + "IP"]) + r")\b")
MACHINE = re.compile(r"/(?:hom[e]|User[s])/[A-Za-z]\w*|/roo[t]/|/wor[k]/|[A-Z]:\\Users")
PUBLISHED = [path for path in tracked() if path.name != "LICENSE"]


def is_broad(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(c is None or isinstance(c, ast.Name) and c.id in ("Exception", "BaseException") for c in caught)


def broad_excepts(tree: ast.AST) -> list[int]:
    return [n.lineno for n in ast.walk(tree) if isinstance(n, ast.ExceptHandler) and is_broad(n)]


def test_broad_excepts_are_few():
    found = [f"{m}:{line}" for m in modules() for line in broad_excepts(m.tree)]
    assert len(found) <= BROAD_EXCEPTS_MAX, found


@pytest.mark.parametrize("module", modules(), ids=str)
def test_begins_with_a_docstring(module):
    empty_package = module.path.name == "__init__.py" and not module.text.strip()
    assert empty_package or ast.get_docstring(module.tree)


def is_minor(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Name) and n.id.endswith("_minor")
               or isinstance(n, ast.Attribute) and n.attr.endswith("_minor") for n in ast.walk(node))


def is_float(node: ast.AST) -> bool:
    return (isinstance(node, ast.Constant) and isinstance(node.value, float)
            or isinstance(node, ast.Name) and node.id == "float"
            or isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float")


def floats_on_money(tree: ast.AST) -> list[int]:
    """Lines where a float touches a name in minor units: division, float(), constants, annotations."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.BinOp(left, op, right) if is_minor(left) or is_minor(right):
                bad = isinstance(op, ast.Div) or is_float(left) or is_float(right)
            case ast.AugAssign(target, op, value) if is_minor(target):
                bad = isinstance(op, ast.Div) or is_float(value)
            case ast.Call(ast.Name("float"), args):
                bad = any(map(is_minor, args))
            case ast.Assign(targets, value) if any(map(is_minor, targets)):
                bad = is_float(value)
            case ast.AnnAssign(target, annotation) if is_minor(target):
                bad = any(map(is_float, ast.walk(annotation)))
            case ast.arg(name, annotation) if name.endswith("_minor") and annotation is not None:
                bad = any(map(is_float, ast.walk(annotation)))
            case ast.keyword(name, value) if name and name.endswith("_minor"):
                bad = is_float(value)
            case _:
                bad = False
        if bad:
            found.append(node.lineno)
    return found


@pytest.mark.parametrize("module", modules(), ids=str)
def test_no_float_touches_money(module):
    assert [f"{module}:{line}" for line in floats_on_money(module.tree)] == []


@pytest.mark.parametrize("module", modules(), ids=str)
def test_nothing_is_printed_but_by_the_command_line(module):
    prints = [f"{module}:{n.lineno}" for n in ast.walk(module.tree) if isinstance(n, ast.Call)
              and isinstance(n.func, ast.Name) and n.func.id in ("print", "breakpoint")]
    assert module.room in ("cli", "daemon") or prints == []


@pytest.mark.parametrize("path", PUBLISHED, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_unfinished_work_and_no_machine(path):
    text = path.read_text(errors="replace")
    assert UNFINISHED.findall(text) == []
    assert MACHINE.findall(text) == []


def test_the_checks_can_fail():
    bad = """
fee_minor: float = 1
fee_minor = 1.5
f(amount_minor=0.5)
self.amount_minor / 3
total_minor *= 1.1
float(total_minor)
def g(amount_minor: float | None): pass
"""
    assert sorted(set(floats_on_money(ast.parse(bad)))) == [2, 3, 4, 5, 6, 7, 8]
    assert floats_on_money(ast.parse("amount_minor // 3 + fee_minor * 2")) == []
    assert broad_excepts(ast.parse("try: pass\nexcept (ValueError, Exception): pass")) == [2]
    assert broad_excepts(ast.parse("try: pass\nexcept ValueError: pass")) == []
    assert MACHINE.search("see /hom" "e/ann/x") and UNFINISHED.search("# TO" "DO: x")
    assert len(functions(ast.parse("def f():\n    async def g(): pass"))) == 2
