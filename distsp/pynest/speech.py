"""Which version of NEST a script is written for, found out from what it calls."""

import ast
from collections.abc import Iterator
from pathlib import Path

from distsp.base.errors import InputError

CALLS_2 = {
    "SetStructuralPlasticityStatus",
    "GetStructuralPlasticityStatus",
    "ResetNetwork",
    "PrintNetwork",
    "DisconnectOneToOne",
    "DataConnect",
    "GetChildren",
}
MODELS_2 = {"spike_detector", "iaf_neuron"}
KEYS_2 = {"grng_seed", "rng_seeds", "autapses", "multapses"}

CALLS_3 = {
    "GetLocalNodeCollection",
    "NodeCollection",
    "GetNodes",
    "PrintNodes",
    "RunManager",
    "SynapseCollection",
    "CollocatedSynapses",
}
MODELS_3 = {"spike_recorder"}
KEYS_3 = {"synapse_model", "rng_seed", "allow_autapses", "allow_multapses"}
SETTINGS_3 = {
    "resolution",
    "rng_seed",
    "local_num_threads",
    "total_num_virtual_procs",
    "structural_plasticity_synapses",
    "structural_plasticity_update_interval",
    "verbosity",
    "print_time",
}
MODULES_3 = {"random", "spatial", "math"}


def version_of(path: Path) -> int:
    """Return the version of NEST that a script speaks; 3 if it could be both.

    Raises
    ------
    InputError
        If it speaks both.
    """
    found: dict[int, str] = {}
    for file in _files(path):
        try:
            tree = ast.parse(file.read_bytes())
        except (SyntaxError, ValueError):
            continue
        for version, word, line in _words(tree):
            found.setdefault(version, f"{word} ({file.name}, line {line})")
    if len(found) == 2:
        raise InputError(
            f"script: {path} has {found[2]} of NEST 2 and {found[3]} of NEST 3; "
            "--nest-version says which is meant"
        )
    return next(iter(found), 3)


def _files(path: Path) -> list[Path]:
    """Return a script and the files beside it that it imports."""
    found, left = [path], [path]
    while left:
        try:
            tree = ast.parse(left.pop().read_bytes())
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in names:
                file = path.parent / f"{name.split('.')[0]}.py"
                if file.is_file() and file not in found:
                    found.append(file)
                    left.append(file)
    return found


def _words(tree: ast.AST) -> Iterator[tuple[int, str, int]]:
    """Yield the words that tell a version, in order of the lines."""
    modules = _names_of_nest(tree)
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _root(node.value) in modules:
            setting = node.attr in SETTINGS_3 and isinstance(node.ctx, ast.Store)
            if node.attr in CALLS_2:
                found.append((2, f"nest.{node.attr}", node.lineno))
            elif node.attr in CALLS_3 or node.attr in MODULES_3 or setting:
                found.append((3, f"nest.{node.attr}", node.lineno))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value in MODELS_2 | KEYS_2:
                found.append((2, f"{node.value!r}", node.lineno))
            elif node.value in MODELS_3 | KEYS_3:
                found.append((3, f"{node.value!r}", node.lineno))
        elif isinstance(node, ast.ImportFrom) and node.module == "nest":
            names = {alias.name for alias in node.names}
            found += [(2, name, node.lineno) for name in sorted(names & CALLS_2)]
            found += [(3, name, node.lineno) for name in sorted(names & CALLS_3)]
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names = {alias.name for alias in node.names} | {getattr(node, "module", "") or ""}
            found += [(2, "nest.topology", node.lineno)] * ("nest.topology" in names)
    yield from sorted(found, key=lambda word: word[2])


def _names_of_nest(tree: ast.AST) -> set[str]:
    """Return by which names a script knows the module."""
    found = {"nest"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {a.asname for a in node.names if a.asname and a.name.endswith("nest")}
    return found


def _root(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else ""
