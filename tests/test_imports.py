"""Imports run one way: down, in the order that ARCHITECTURE.md states, and never in a circle."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

from distsp.base.machine_code import COMPILED

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "distsp"

FILES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in PACKAGE.rglob("*.py")
    if path != PACKAGE / "__init__.py"
}
"""All files by the name of the module, without the package's own, which gives users its names."""


def stated_order() -> dict[str, int]:
    """Return the floor of each room, the highest first, as the one line in ARCHITECTURE.md says."""
    (line,) = [
        line for line in (ROOT / "ARCHITECTURE.md").read_text().splitlines() if " > " in line
    ]
    return {room: -i for i, rooms in enumerate(line.split(" > ")) for room in rooms.split()}


FLOORS = stated_order()


def room(module: str) -> str:
    """Return the room of a file: its folder, or the file where it has a floor of its own."""
    return module if module in FLOORS else module.split(".")[0]


def imports(path: Path) -> set[str]:
    """Return which files of the package a file names, be it for the type checker only."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports have their whole names"
            names = [f"{node.module}.{alias.name}" for alias in node.names] + [str(node.module)]
        for name in names:
            module = name.removeprefix("distsp.")
            if name.startswith("distsp.") and module in FILES:
                found.add(module)
    # `from distsp.engine import loop` names the file, not the folder that it is in.
    return {m for m in found if not any(other.startswith(f"{m}.") for other in found)}


IMPORTS = {module: imports(path) for module, path in FILES.items()}


def test_every_room_has_a_floor():
    assert {room(module) for module in FILES} == set(FLOORS)


def test_imports_do_not_climb():
    climbing = [
        f"{module} imports {other}"
        for module, others in IMPORTS.items()
        for other in others
        if room(other) != room(module) and FLOORS[room(other)] >= FLOORS[room(module)]
    ]
    assert climbing == []


def test_imports_have_no_circle():
    order = [*TopologicalSorter(IMPORTS).static_order()]
    assert set(order) == set(FILES)


def test_machine_code_is_made_from_the_rooms_that_its_digest_covers():
    compiling = [m for m, path in FILES.items() if "\n@compiled" in path.read_text()]
    assert len(compiling) > 10
    used = set(compiling)
    while not used >= (more := {other for module in used for other in IMPORTS[module]}):
        used |= more
    assert {module.split(".")[0] for module in used} == set(COMPILED)


def test_the_test_sees_what_it_should(tmp_path):
    file = tmp_path / "file.py"
    file.write_text(
        "from typing import TYPE_CHECKING\n"
        "import distsp.base.errors\n"
        "from distsp.engine import loop\n"
        "if TYPE_CHECKING:\n"
        "    from distsp.network.network import Network\n"
        "def late():\n"
        "    from distsp.neurons import NeuronModel\n"
    )
    assert imports(file) == {"base.errors", "engine.loop", "network.network", "neurons"}
