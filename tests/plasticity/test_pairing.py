"""What rank 0 draws: every choice equally likely, and what a choice must keep."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from distsp.plasticity.breaking import candidates, lowest, lowest_of_each
from distsp.plasticity.pairing import choose_without_replacement, pair
from distsp.rng.streams import Purpose, philox, stream_key

SURE = 1e-6
KEY = stream_key(1, Purpose.PAIR)

vacancies = st.dictionaries(st.integers(0, 50), st.integers(1, 4), max_size=8)


def sides(pre: dict[int, int], post: dict[int, int]) -> list[np.ndarray]:
    """Return the arrays that `pair` takes."""
    arrays = []
    for side in (pre, post):
        ids = sorted(side)
        arrays += [np.array(ids, dtype=np.int64), np.array([side[i] for i in ids], dtype=np.int64)]
    return arrays


@given(pre=vacancies, post=vacancies, update=st.integers(0, 2**40))
def test_pairs_use_up_the_shorter_list(pre, post, update):
    sources, targets = pair(*sides(pre, post), KEY, update)
    n = min(sum(pre.values()), sum(post.values()))
    assert len(sources) == len(targets) == n
    for used, vacant in ((Counter(sources.tolist()), pre), (Counter(targets.tolist()), post)):
        assert used <= Counter(vacant)
    again = pair(*sides(pre, post), KEY, update)
    assert (again[0] == sources).all()
    assert (again[1] == targets).all()


@given(vacant=vacancies, update=st.integers(0, 1000))
def test_forbidden_autapses_are_dropped_and_nothing_else(vacant, update):
    sources, targets = pair(*sides(vacant, vacant), KEY, update)
    kept = pair(*sides(vacant, vacant), KEY, update, False)
    assert list(zip(*kept, strict=True)) == [
        (s, t) for s, t in zip(sources, targets, strict=True) if s != t
    ]


@pytest.mark.parametrize(("n_pre", "n_post"), [(7, 7), (4, 9), (9, 4), (1, 6)])
def test_every_partner_is_equally_likely(n_pre, n_post):
    draws = 6000
    found = np.zeros((n_pre, n_post))
    arrays = sides(dict.fromkeys(range(n_pre), 1), dict.fromkeys(range(n_post), 1))
    for update in range(draws):
        np.add.at(found, tuple(pair(*arrays, KEY, update)), 1)
    small, large = sorted((n_pre, n_post))
    statistic = ((found - draws / large) ** 2).sum() / (draws / large)
    # The cells of a random matching are not independent: each draw fills a row exactly once, and
    # a column at most once.
    if small == large:
        assert chi2.sf(statistic * (large - 1) / large, (large - 1) ** 2) > SURE
        assert (found.sum(axis=0) == draws).all()
        return
    rows = found if n_pre == small else found.T
    assert (rows.sum(axis=1) == draws).all()
    for row in rows:
        assert chi2.sf(((row - draws / large) ** 2).sum() / (draws / large), large - 1) > SURE
    share = small / large
    columns = ((rows.sum(axis=0) - draws * share) ** 2).sum() / (draws * share * (1 - share))
    assert chi2.sf(columns * (large - 1) / large, large - 1) > SURE


def test_every_order_of_a_selection_is_equally_likely():
    draws = 12_000
    found = Counter(
        tuple(choose_without_replacement(np.arange(4, dtype=np.int32), 2, KEY, update).tolist())
        for update in range(draws)
    )
    assert len(found) == 12
    statistic = sum((n - draws / 12) ** 2 for n in found.values()) / (draws / 12)
    assert chi2.sf(statistic, 11) > SURE


def lot(key, source, target, copy, update):
    """Return the lot of a synapse."""
    low, high = np.uint64(update % 2**32), np.uint64(update >> 32 << 16 | copy)
    first, second, *_ = philox(key, np.uint64(source), np.uint64(target), low, high)
    return int(first) << 32 | int(second)


@given(
    rows=st.lists(st.lists(st.integers(0, 6), max_size=30).map(sorted), min_size=1, max_size=5),
    quota=st.lists(st.integers(1, 12), min_size=5, max_size=5),
    update=st.integers(0, 2**40),
    by_source=st.booleans(),
    place=st.sampled_from([(0, 1), (1, 3)]),
)
def test_candidates_have_the_lowest_lots_of_their_row(rows, quota, update, by_source, place):
    rank, size = place
    lengths = np.array([len(row) for row in rows], dtype=np.int32)
    begin = (np.cumsum(lengths) - lengths).astype(np.int64)
    pool = np.array([column for row in rows for column in row], dtype=np.int32)
    owners, quotas = np.arange(10, 10 + len(rows)), np.array(quota[: len(rows)])
    drawn, most = candidates(
        begin, lengths, owners, quotas, pool, KEY, update, by_source, rank, size
    )
    expected, repeated = [], 0
    for i, row in enumerate(rows):
        lots = []
        for k, column in enumerate(row):
            other, copy = column * size + rank, row[:k].count(column)
            pair = (owners[i], other) if by_source else (other, owners[i])
            lots.append((lot(KEY, *pair, copy, update), i, other, copy))
            repeated = max(repeated, copy + 1)
        expected += sorted(lots)[: quotas[i]]
    found = [(int(np.uint64(row[3])), *row[:3].tolist()) for row in drawn]
    assert sorted(found) == sorted(expected)
    assert (most if most > 1 else min(repeated, 1)) == repeated


@given(
    lots=st.lists(st.sampled_from([0, 1, 5, 2**63, 2**64 - 2, 2**64 - 1]), max_size=40),
    k=st.integers(1, 12),
)
def test_lowest_lots_are_found_in_their_order(lots, k):
    found = lowest(np.array(lots, dtype=np.uint64), k).tolist()
    in_order = sorted(range(len(lots)), key=lots.__getitem__)  # of equal ones the first
    assert found == (in_order[:k] if k < len(lots) else list(range(len(lots))))


@given(
    drawn=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 20)), max_size=120),
    quota=st.lists(st.integers(0, 6), min_size=5, max_size=5),
    shuffle=st.randoms(use_true_random=False),
)
def test_lowest_lots_go(drawn, quota, shuffle):
    # Equal lots happen often here; the synapse decides. Lots have no sign.
    rows = [(i, n // 3, n % 3, lot * 2**60) for n, (i, lot) in enumerate(drawn)]
    shuffle.shuffle(rows)
    table = np.array([(*row[:3], np.uint64(row[3] % 2**64).view(np.int64)) for row in rows])
    owners = np.arange(100, 105)
    broken = lowest_of_each(table.reshape(-1, 4).astype(np.int64), owners, np.array(quota))
    expected = []
    for i in range(5):
        mine = sorted((lot % 2**64, other, copy) for j, other, copy, lot in rows if j == i)
        expected += [(100 + i, other, copy) for _, other, copy in mine[: quota[i]]]
    assert broken.dtype == np.int32
    assert sorted(map(tuple, broken.T.tolist())) == sorted(expected)
