"""Spools: rows come back as they went in, wherever they have been."""

import itertools
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distsp.parallel.ranks import Ranks
from distsp.recorders import spool
from distsp.recorders.spool import Gathered, Spool

COLUMNS = {"id": np.int32, "value": np.float64}


def rows(lengths: list[int]) -> list[dict]:
    """Return pieces of rows that are all different."""
    ends = np.cumsum([0, *lengths])
    pieces = [np.arange(low, high) for low, high in itertools.pairwise(ends)]
    return [{"id": piece, "value": piece / 7} for piece in pieces]


@settings(max_examples=30)
@given(lengths=st.lists(st.integers(0, 9), max_size=12), kept=st.sampled_from([0, 50, 10_000]))
def test_what_goes_in_comes_out(lengths, kept):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spool, "KEPT_BYTES", kept)
        made = Spool(COLUMNS)
        for piece in rows(lengths):
            made.append(piece)
        n = sum(lengths)
        assert len(made) == n
        assert made.column("id").dtype == np.int32
        assert made.column("id").tolist() == [*range(n)]
        assert made.column("value").tolist() == [i / 7 for i in range(n)]


def test_memory_is_bounded_and_the_file_has_no_name(tmp_path, monkeypatch):
    monkeypatch.setattr(spool, "KEPT_BYTES", 1000)
    made = Spool(COLUMNS, tmp_path)
    for piece in rows([20] * 100):
        made.append(piece)
        assert made._n_kept <= 1000
    assert os.listdir(tmp_path) == []
    assert len(next(made.pieces("id"))) < 2000
    assert made.column("id").tolist() == [*range(2000)]


def test_a_full_disk_loses_nothing(monkeypatch):
    monkeypatch.setattr(spool, "KEPT_BYTES", 100)
    write, full = os.pwrite, True

    def pwrite(*arguments):
        if full:
            raise OSError(28, "No space left on device")
        return write(*arguments)

    monkeypatch.setattr(spool.os, "pwrite", pwrite)
    made = Spool(COLUMNS)
    pieces = rows([20] * 20)
    for i, piece in enumerate(pieces):
        full = i < 10
        made.append(piece)
        assert made.column("id").tolist() == [*range(20 * (i + 1))]
    assert made._n_kept < 1000  # there was room in the end


def test_what_is_handed_over_is_in_order():
    gathered = Gathered({"step": np.int64, "id": np.int64})
    for step, ids in ((3, [5, 1]), (2, [4]), (9, [2]), (7, [8, 0])):
        gathered.append({"step": np.full(len(ids), step), "id": np.array(ids)})
        if step == 2:
            assert gathered.waiting == 3 * 16
            gathered.flush(Ranks())
            assert gathered.waiting == 0
    gathered.flush(Ranks())
    assert gathered.spool.column("step").tolist() == [2, 3, 3, 7, 7, 9]
    assert gathered.spool.column("id").tolist() == [4, 1, 5, 0, 8, 2]
