"""The synapse tables against plain lists."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distsp.engine.adjacency import Adjacency, first_of

N_ROWS = 5
entries = st.lists(st.tuples(st.integers(0, N_ROWS - 1), st.integers(0, 6)), max_size=25)


def listed(table: Adjacency) -> list[list[tuple]]:
    """Return the rows of a table as lists of (column, weight, delay)."""
    rows: list[list[tuple]] = [[] for _ in range(len(table.length))]
    numbers, columns, weights, delays = table.entries(0, len(rows))
    for i, row in enumerate(numbers):
        own = (weights[i], delays[i]) if table.heterogeneous else ()
        rows[row].append((int(columns[i]), *own))
    return rows


def check(table: Adjacency, model: list[list[tuple]]) -> None:
    """Compare a table with lists in order of creation, and check that no rows overlap."""
    assert listed(table) == [sorted(row, key=lambda entry: entry[0]) for row in model]
    assert len(table) == sum(len(row) for row in model)
    used = np.zeros(len(table.pools[0]), dtype=int)
    for row in range(len(table.length)):
        assert table.row(row).tolist() == [entry[0] for entry in listed(table)[row]]
        assert table.length[row] <= table.capacity[row]
        used[table.start[row] : table.start[row] + table.capacity[row]] += 1
    assert used.max(initial=0) <= 1


@pytest.mark.parametrize("heterogeneous", [False, True])
@settings(max_examples=150)
@given(data=st.data())
def test_a_table_is_a_list_of_rows(heterogeneous, data):
    table, model = Adjacency(N_ROWS, heterogeneous), [[] for _ in range(N_ROWS)]
    serial = 0
    for _ in range(data.draw(st.integers(1, 8))):
        if data.draw(st.booleans()):
            new = data.draw(entries)
            rows, columns = np.array(new, dtype=np.int64).reshape(-1, 2).T
            weights = serial + np.arange(len(new), dtype=float)
            delays = np.arange(len(new)) + 1
            serial += len(new)
            for row, column, weight, delay in zip(rows, columns, weights, delays, strict=True):
                own = (weight, delay) if heterogeneous else ()
                model[row].append((int(column), *own))
            if heterogeneous:
                table.insert(rows, columns, weights, delays)
            else:
                table.insert(rows, columns)
        else:
            there = [(row, i) for row in range(N_ROWS) for i in range(len(model[row]))]
            chosen = data.draw(st.sets(st.sampled_from(there))) if there else set()
            gone = data.draw(st.permutations(sorted(chosen)))
            triples = []
            for row, i in gone:
                column = model[row][i][0]
                copy = sum(entry[0] == column for entry in model[row][:i])
                triples.append((row, column, copy))
            table.remove(*np.array(triples, dtype=np.int64).reshape(-1, 3).T)
            for row, i in sorted(chosen, reverse=True):
                del model[row][i]
        check(table, model)


@pytest.mark.parametrize("heterogeneous", [False, True])
def test_growth_one_by_one(heterogeneous):
    rng = np.random.default_rng(1)
    table, model = Adjacency(3, heterogeneous), [[] for _ in range(3)]
    for i in range(500):
        row, column = int(rng.integers(3)), int(rng.integers(1000))
        own = (float(i), i) if heterogeneous else ()
        model[row].append((column, *own))
        values = ([float(i)], [i]) if heterogeneous else ()
        table.insert(*(np.array(x) for x in ([row], [column], *values)))
    check(table, model)
    # A growing table wastes some of its memory, not most of it.
    assert len(table.pools[0]) < 3 * 500


def test_a_table_that_is_made_once_has_exact_room():
    table = Adjacency(4)
    table.insert(np.array([2, 0, 2, 3]), np.array([5, 1, 4, 1]))
    assert len(table.pools[0]) == 4
    assert table.capacity.tolist() == [1, 0, 2, 1]
    assert table.nbytes == 4 * (8 + 4 + 4) + 4 * 4


def test_nothing_added_nothing_removed():
    none = np.empty(0, dtype=np.int64)
    for heterogeneous in (False, True):
        table = Adjacency(2, heterogeneous)
        table.insert(none, none)
        table.remove(none, none, none)
        assert len(table) == 0
        assert table.row(1).tolist() == []
    empty = Adjacency(0)
    assert len(empty) == 0


def test_entries_of_some_rows():
    table = Adjacency(4)
    table.insert(np.array([0, 1, 1, 3]), np.array([9, 8, 7, 6]))
    rows, columns, weights, delays = table.entries(1, 4)
    assert rows.tolist() == [1, 1, 3]
    assert columns.tolist() == [7, 8, 6]
    assert len(weights) == len(delays) == 0


@given(st.lists(st.integers(0, 20)), st.integers(-1, 21))
def test_first_of(column, value):
    pool = np.array([99, *sorted(column), -5], dtype=np.int32)
    assert first_of(pool, 1, len(pool) - 1, value) == 1 + np.searchsorted(pool[1:-1], value)


def test_a_table_that_changes_is_seldom_laid_out_anew() -> None:
    rng = np.random.default_rng(2)
    table = Adjacency(1000)
    table.insert(np.repeat(np.arange(1000), 100), rng.integers(0, 1000, 100_000))
    layouts, pool = 0, table.pools[0]
    for _ in range(100):
        rows = rng.choice(1000, 100, replace=False)
        table.insert(rows, rng.integers(0, 1000, 100))
        table.remove(rows, np.array([table.row(row)[0] for row in rows]), np.zeros(100, int))
        layouts += table.pools[0] is not pool
        pool = table.pools[0]
    assert len(table) == 100_000
    assert layouts <= 10
    assert table.nbytes / len(table) < 4 * (1 + 1 / 16) * (1 + 1 / 8) + 16 / 100 + 0.1
