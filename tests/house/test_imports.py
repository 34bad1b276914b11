"""Who may import whom: the table of the architecture, no cycles, one reactor."""

import ast

import pytest

from tests.house.source import imports, imports_of, modules

ROOMS = {module.room for module in modules()} - {""}
ADAPTERS = {"domain", "wire", "ports", "config"}
MAY = {
    "domain": set(),
    "workflows": {"domain"},
    "config": {"domain"},
    "wire": {"domain"},
    "ports": {"domain"},
    "engine": {"domain", "workflows", "ports"},
    "database": ADAPTERS,
    "links": ADAPTERS,
    "store": ADAPTERS | {"database"},
    "tickets": ADAPTERS | {"database"},
    "billing": ADAPTERS | {"database"},
    "channels": ADAPTERS | {"links"},
    "callservers": ADAPTERS | {"links"},
    "oam": ADAPTERS,
    "ha": ADAPTERS,
    "simulators": {"domain", "wire", "ports"},
    "daemon": ROOMS - {"cli", "simulation"},
    # It replaces the world under all rooms: the disk under the database, the settings of nodes; and it watches the
    # state machines to tell which transitions were reached.
    "simulation": {"daemon", "simulators", "ports", "domain", "config", "wire", "database", "workflows"},
    "cli": {"config", "daemon", "wire", "simulation", "database"},
}
NO_TWISTED = {"domain", "workflows", "config", "wire"}
# Of Twisted: types only for the ports; Deferreds, a clock and the log for the engine, no sockets.
ONLY_TWISTED = {
    "ports": ("twisted.internet.defer",),
    "engine": ("twisted.internet.defer", "twisted.internet.task", "twisted.internet.interfaces",
               "twisted.logger", "twisted.python.failure"),
}
REACTORS = ("twisted.internet.reactor", "twisted.internet.asyncioreactor", "twisted.internet.epollreactor",
            "twisted.internet.selectreactor", "twisted.internet.pollreactor", "uvloop")
STDLIB_ONLY = {"domain", "workflows"}
BAD_NAMES = {"utils", "util", "common", "helpers", "helper", "base", "manager", "misc"}


def under(name: str, prefixes) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def complaints(module, rule) -> list[str]:
    return [f"{module}:{line} imports {name}" for line, name in imports_of(module) if rule(name)]


@pytest.mark.parametrize("module", modules(), ids=str)
def test_imports_only_rooms_of_the_table(module):
    if module.room == "":
        allowed = set()
    else:
        assert module.room in MAY, f"{module.room} is not a room of the architecture"
        allowed = MAY[module.room] | {module.room}

    def forbidden(name):
        parts = name.split(".")
        if parts[0] != "tectonics" or len(parts) == 1 or parts[1] not in ROOMS:
            return False
        if module.room == "wire" and parts[1] == "domain":
            return parts[:3] != ["tectonics", "domain", "errors"]
        if module.name == "tectonics.ha.decide":
            return parts[1] != "domain"
        return parts[1] not in allowed

    assert complaints(module, forbidden) == []


@pytest.mark.parametrize("module", modules(), ids=str)
def test_twisted_only_where_the_table_says(module):
    def forbidden(name):
        if not under(name, ("twisted",)):
            return False
        if module.room in NO_TWISTED or module.name == "tectonics.ha.decide":
            return True
        return module.room in ONLY_TWISTED and not under(name, ONLY_TWISTED[module.room])

    assert complaints(module, forbidden) == []


@pytest.mark.parametrize("module", modules(), ids=str)
def test_only_daemon_run_has_the_reactor(module):
    if module.name != "tectonics.daemon.run":
        assert complaints(module, lambda name: under(name, REACTORS)) == []


@pytest.mark.parametrize("module", [m for m in modules() if m.room in STDLIB_ONLY], ids=str)
def test_the_pure_rooms_need_nothing_but_python(module):
    import sys

    assert complaints(module, lambda n: n.split(".")[0] not in {"tectonics", *sys.stdlib_module_names}) == []


PURE = ("random", "secrets", "uuid", "socket", "threading", "subprocess", "asyncio")


@pytest.mark.parametrize("module", [m for m in modules() if m.room in ("domain", "workflows")], ids=str)
def test_the_pure_rooms_take_time_and_chance_as_arguments(module):
    reads = [f"{module}:{node.lineno} reads the clock" for node in ast.walk(module.tree)
             if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "monotonic", "time_ns")
             and isinstance(node.value, ast.Name) and node.value.id in ("datetime", "time")]
    assert complaints(module, lambda name: under(name, PURE)) + reads == []


def graph() -> dict[str, set[str]]:
    """Module -> modules that it imports."""
    names = {module.name for module in modules()}

    def target(name):
        while name and name not in names:
            name = name.rpartition(".")[0]
        return name

    edges = {m.name: {target(n) for _, n in imports_of(m) if under(n, ("tectonics",))} for m in modules()}
    return {name: targets - {name, "tectonics"} for name, targets in edges.items()}


def cycle(edges: dict[str, set[str]]) -> list[str]:
    """One cycle of the graph, or nothing."""
    done, path = set(), []

    def visit(name):
        if name in path:
            return [*path[path.index(name):], name]
        if name in done:
            return []
        path.append(name)
        for following in sorted(edges[name]):
            if found := visit(following):
                return found
        path.pop()
        done.add(name)
        return []

    return next((found for name in sorted(edges) if (found := visit(name))), [])


def test_no_cycles():
    assert " -> ".join(cycle(graph())) == ""


def test_no_drawers():
    assert [str(m) for m in modules() if BAD_NAMES & set(m.name.split("."))] == []


def test_the_checks_can_fail():
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    tree = ast.parse("def f():\n    from ..engine import dispatch\n")
    assert imports(tree, "tectonics.wire") == [(2, "tectonics.engine.dispatch")]
    assert under("twisted.internet.reactor", REACTORS) and not under("twistedly", ("twisted",))
