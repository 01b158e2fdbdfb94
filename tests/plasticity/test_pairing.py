"""What rank 0 draws: every choice equally likely, and what a choice must keep."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from distsp.plasticity.breaking import lowest_of_each
from distsp.plasticity.pairing import choose_without_replacement, pair
from distsp.rng.streams import Purpose, stream_key

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


@given(
    candidates=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 20)), max_size=40),
    quota=st.lists(st.integers(0, 6), min_size=5, max_size=5),
    shuffle=st.randoms(use_true_random=False),
)
def test_lowest_lots_go(candidates, quota, shuffle):
    # Equal lots happen often here; the tie decides.
    rows = [(owner, lot, tie) for tie, (owner, lot) in enumerate(candidates)]
    shuffle.shuffle(rows)
    owner, lots, ties = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    gone = lowest_of_each(owner, lots.astype(np.uint64), ties, np.array(quota))
    expected = set()
    for o in range(5):
        expected |= set(sorted(row for row in rows if row[0] == o)[: quota[o]])
    assert {rows[i] for i in gone} == expected
    assert len(gone) == len(expected)
