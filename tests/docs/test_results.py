"""The tables on the page of results are what is written."""

import re
from pathlib import Path

import h5py

from distsp.cli.run import main

PAGE = Path(__file__).parents[2] / "docs" / "results.md"
STEADY = Path(__file__).parents[1] / "data" / "steady.toml"

Rows = dict[str, tuple[int, str, re.Pattern]]
"""By what the page calls a dataset: its dimensions, its unit, and which names it stands for."""


def pattern(name: str) -> re.Pattern:
    """Return what a name with places such as <pop> stands for."""
    return re.compile(
        re.sub("<variable>", "[^/]+(/[^/]+)?", re.sub("<(?!var)[^>]+>", "[^/]+", name))
    )


def rows(header: str) -> list[list[str]]:
    """Return the cells of a table."""
    _, table = PAGE.read_text(encoding="utf-8").split(header, 1)
    lines = table.split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def known() -> Rows:
    """Return what the page has."""
    found: Rows = {}

    def add(where: str, names: str, shape: str, unit: str) -> None:
        first, *others = re.findall("`([^`]+)`", names)
        folder = first.rpartition("/")[0]
        for name in (first, *(f"{folder}/{other}" if folder else other for other in others)):
            n_dimensions = len([part for part in shape.strip("()").split(",") if part.strip()])
            right = n_dimensions if shape.startswith("(") else 0
            found[f"{where}{name}"] = right, unit or "none", pattern(f"{where}{name}")

    for names, shape, unit, _ in rows("| dataset | shape | unit | what |"):
        add("", names.replace("`/", "`"), shape, unit)
    recorder = ""
    for model, names, shape, unit, _ in rows("| recorder | dataset | shape | unit | what |"):
        recorder = model.strip("`") or recorder
        add(f"recorders/{recorder}/", names, shape, unit)
    return found


def test_every_dataset_is_on_the_page_and_has_its_unit(studied, tmp_path: Path) -> None:
    assert main([str(STEADY), "--no-figure", "--quiet", "--output", str(tmp_path / "a")]) == 0
    recorders = studied.experiment.recorders
    seen: dict[str, tuple[int, str]] = {}

    def look(name: str, entry: object) -> None:
        first, *rest = name.split("/")
        if isinstance(entry, h5py.Dataset):
            assert entry.attrs["description"]
            if first == "recorders":
                model = recorders[rest[0]].model
                if model == "population_means" and rest[1:] != ["time"]:
                    return  # as in /recording
                name = "/".join([first, model, *rest[1:]])
            seen[name] = entry.ndim, entry.attrs["unit"]

    for path in (studied.path, tmp_path / "a" / "results.h5"):
        with h5py.File(path) as file:
            file.visititems(look)
    table, left = known(), set(known())
    for name, (n_dimensions, unit) in seen.items():
        found = [key for key, (_, _, stands_for) in table.items() if stands_for.fullmatch(name)]
        assert found, f"{name} is not on the page"
        rights = {table[key][:2] for key in found}
        assert (n_dimensions, unit) in rights or (n_dimensions, "its own") in rights, name
        left -= {*found}
    assert left == set(), "the page has what is not written"
