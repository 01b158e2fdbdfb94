"""The synapse tables against plain lists."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distsp.engine.adjacency import Adjacency, first_of
from distsp.engine.index import total_and_longest

N_ROWS = 5
FAR = np.array([0, 1, 63, 64, 200])
"""Rows in some of the words of an index."""

entries = st.lists(st.tuples(st.integers(0, N_ROWS - 1), st.integers(0, 6)), max_size=25)


def listed(table: Adjacency, n_rows: int) -> list[list[tuple]]:
    """Return the rows of a table as lists of (column, weight, delay)."""
    rows: list[list[tuple]] = [[] for _ in range(n_rows)]
    numbers, columns, weights, delays = table.entries(np.arange(n_rows))
    for i, row in enumerate(numbers):
        own = (weights[i], delays[i]) if table.heterogeneous else ()
        rows[row].append((int(columns[i]), *own))
    return rows


def has(words: np.ndarray, row: int) -> bool:
    """Return whether the bit of a row is set."""
    return bool(int(words[row // 64]) >> row % 64 & 1)


def check(table: Adjacency, model: list[list[tuple]]) -> None:
    """Compare a table with lists in order of creation, and check that no rows overlap."""
    found, index = listed(table, len(model)), table.index
    assert found == [sorted(row, key=lambda entry: entry[0]) for row in model]
    assert len(table) == sum(len(row) for row in model)
    assert total_and_longest(index, 0, len(index.active))[1] == max(map(len, model))
    used, records = np.zeros(len(table.pools[0]), dtype=int), np.zeros(len(index.records), int)
    for word, known in enumerate(index.known):
        n = int(known).bit_count()
        assert n <= index.room[word] <= 64
        records[index.first[word] : index.first[word] + index.room[word]] += 1
        for one in index.records[index.first[word] : index.first[word] + n]:
            assert one.length <= one.capacity
            used[one.begin : one.begin + one.capacity] += 1
    assert records[: table.n_records].max(initial=0) <= 1
    assert not records[table.n_records :].any()
    assert used.max(initial=0) <= 1
    for row, entries in enumerate(found):
        assert has(index.active, row) == bool(entries)
        assert has(index.known, row) or not entries
        assert table.row(row).tolist() == [entry[0] for entry in entries]


@pytest.mark.parametrize("heterogeneous", [False, True])
@settings(max_examples=150)
@given(data=st.data())
def test_a_table_is_a_list_of_rows(heterogeneous, data):
    n_rows = FAR[-1] + 1
    table, model = Adjacency(n_rows, heterogeneous), [[] for _ in range(n_rows)]
    serial = 0
    for _ in range(data.draw(st.integers(1, 8))):
        if data.draw(st.booleans()):
            new = data.draw(entries)
            rows, columns = np.array(new, dtype=np.int64).reshape(-1, 2).T
            rows = FAR[rows]
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
            there = [(row, i) for row in FAR for i in range(len(model[row]))]
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
    assert table.index.records.capacity.tolist() == [1, 2, 1]
    assert table.nbytes == 21 + 3 * (8 + 4 + 4) + 4 * 4


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
    rows, columns, weights, delays = table.entries(np.array([1, 2, 3]))
    assert rows.tolist() == [0, 0, 2]
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


def test_a_table_of_many_rows_takes_a_third_of_a_byte_for_each_without_entries() -> None:
    n_rows, rng = 1_000_000, np.random.default_rng(3)
    table, rows = Adjacency(n_rows), rng.choice(n_rows, 1000, replace=False)
    table.insert(rows, np.arange(1000))
    assert table.nbytes <= 0.33 * n_rows + 1000 * (16 + 4)
    targets, oldest = np.arange(1000), np.zeros(1000, int)
    for _ in range(20):
        # Rows that have got empty are no longer looked up, and not kept for ever.
        table.remove(rows, targets, oldest)
        assert table.spans(rows)[1].max() == 0
        rows = rng.choice(n_rows, 1000, replace=False)
        table.insert(rows, targets)
    assert table.nbytes <= 0.5 * n_rows
