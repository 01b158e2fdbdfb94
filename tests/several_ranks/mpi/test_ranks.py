"""The exchanges of `Ranks`, on real ranks."""

import numpy as np
import pytest

import distsp.parallel.ranks
from distsp.parallel.ranks import Ranks
from distsp.parallel.sums import means

pytestmark = pytest.mark.mpi(min_size=2)


@pytest.fixture(params=[1, 20, 2**28], ids=lambda n: f"pieces of {n} bytes")
def piece(request, monkeypatch):
    """Let arrays go in pieces of different sizes, one of them below that of a number."""
    monkeypatch.setattr(distsp.parallel.ranks, "MESSAGE_BYTES", request.param)


def part(rank: int, columns: int, dtype: type) -> np.ndarray:
    """Return an array of a length that differs between ranks; rank 1 has nothing."""
    n = 0 if rank == 1 else 3 + 2 * rank
    array = (1000 * rank + np.arange(n * columns)).astype(dtype)
    return array.reshape(n, columns) if columns > 1 else array


@pytest.mark.usefixtures("piece")
@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.float64])
@pytest.mark.parametrize("columns", [1, 4])
def test_join(ranks, columns, dtype):
    parts = [part(rank, columns, dtype) for rank in range(ranks.size)]
    whole = np.concatenate(parts)
    joined = ranks.join(parts[ranks.rank])
    assert joined.dtype == dtype
    assert joined.tobytes() == whole.tobytes()
    assert joined.shape == whole.shape
    on_0 = ranks.join_on_0(parts[ranks.rank])
    lengths = ranks.parts_on_0(parts[ranks.rank])[1].tolist()
    assert lengths == ([len(one) for one in parts] if ranks.rank == 0 else [])
    if ranks.rank == 0:
        assert on_0.tobytes() == whole.tobytes()
    assert on_0.shape == (whole.shape if ranks.rank == 0 else (0, *whole.shape[1:]))
    assert on_0.dtype == dtype


@pytest.mark.usefixtures("piece")
def test_join_takes_what_is_not_contiguous(ranks):
    rows = np.arange(12).reshape(3, 4) + 100 * ranks.rank
    joined = ranks.join(rows.T)
    expected = np.concatenate(
        [(np.arange(12).reshape(3, 4) + 100 * rank).T for rank in range(ranks.size)]
    )
    assert (joined == expected).all()


@pytest.mark.usefixtures("piece")
@pytest.mark.parametrize("shape", [(0,), (7,), (5, 3), (0, 2)])
def test_broadcast_array(ranks, shape):
    whole = np.arange(np.prod(shape), dtype=np.int64).reshape(shape)
    mine = whole if ranks.rank == 0 else np.empty((0, 1, 2), dtype=np.int64)
    got = ranks.broadcast_array(mine)
    assert got.shape == shape
    assert (got == whole).all()


def test_sum_largest_collect_gather_broadcast(ranks):
    numbers = np.array([[ranks.rank, 2**60], [1, -ranks.rank]], dtype=np.int64)
    n, total = ranks.size, sum(range(ranks.size))
    assert ranks.sum(numbers).tolist() == [[total, n * 2**60], [n, -total]]
    assert numbers[0, 0] == ranks.rank
    assert ranks.largest(np.array([10 - ranks.rank, ranks.rank])).tolist() == [10, n - 1]
    assert ranks.all_numbers(ranks.rank, 0.5).tolist() == [[rank, 0.5] for rank in range(n)]
    assert ranks.collect(str(ranks.rank)) == [str(rank) for rank in range(n)]
    assert ranks.gather(ranks.rank) == (list(range(n)) if ranks.rank == 0 else None)
    assert ranks.broadcast({"from": ranks.rank}) == {"from": 0}
    # Started on one host.
    assert ranks.collect(ranks.on_host()) == [(rank, n) for rank in range(n)]


def test_alone(ranks):
    alone = ranks.alone()
    assert (alone.rank, alone.size) == (0, 1)
    assert alone.library == ranks.library
    numbers = np.array([ranks.rank])
    assert alone.sum(numbers).tolist() == [ranks.rank]
    assert alone.join(numbers).tolist() == [ranks.rank]


@pytest.mark.parametrize("seed", range(5))
def test_means_are_the_same_however_the_numbers_are_dealt(ranks, seed):
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=101) * 10.0 ** rng.integers(-8, 8, 101)
    own = [numbers[ranks.rank :: ranks.size], numbers[ranks.rank : 3 : ranks.size]]
    assert means(ranks, own, [101, 3]) == means(Ranks(), [numbers, numbers[:3]], [101, 3])
