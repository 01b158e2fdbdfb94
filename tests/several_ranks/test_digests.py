"""What has been computed once stays what it is, to the bit, on any number of ranks.

`python tests/several_ranks/test_digests.py` writes the digests of today's results to
data/digests.json.

The same experiment and seed give the same bits as long as the model stays what it is. Mathematical
functions and matrix products round differently on other processors and with other libraries, so the
digests stand beside one of this arithmetic, and say nothing where that is another.
"""

import hashlib
import json
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.linalg import expm

from distsp.cli import run

DATA = Path(__file__).parents[1] / "data"
DIGESTS = DATA / "digests.json"

EXPERIMENTS = {
    "structural_plasticity": ("structural_plasticity", "--duration", "50000"),
    "balanced_random": ("balanced_random", "--duration", "300"),
    "busy": (str(DATA / "busy.toml"),),
    "wired": (str(DATA / "wired.toml"),),
}
"""Arguments of `distsp.run`: both bundled experiments, shortened, and those of the tests."""


def arithmetic() -> str:
    """Return a digest of what this processor and these libraries round."""
    matrices = [expm(np.array([[-a, 0.0], [1.0, -b]])) for a in (0.05, 0.2) for b in (0.01, 0.005)]
    exponentials = [np.array([float(np.exp(-x)) for x in np.linspace(0.0, 20.0, 2000)])]
    return _digest(b"".join(array.tobytes() for array in [*matrices, *exponentials]))


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of every dataset of a run but those that say how it was made."""
    found = {}

    def look(name: str, entry: object) -> None:
        if isinstance(entry, h5py.Dataset) and not name.startswith("provenance"):
            value = entry[()]
            data = value if isinstance(value, bytes) else value.tobytes()
            found[name] = _digest(f"{entry.dtype} {entry.shape}".encode() + data)

    with h5py.File(folder / "results.h5") as file:
        file.visititems(look)
    return found


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_results_stay(tmp_path: Path, on_ranks, name: str, n: int) -> None:
    written = json.loads(DIGESTS.read_text())
    if written["arithmetic"] != arithmetic():
        pytest.skip("this processor or these libraries round differently from what was written")
    options = ("--quiet", "--no-figure", "--output", "out")
    done = on_ranks(n, "-m", "distsp.run", *EXPERIMENTS[name], *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert digests(tmp_path / "out") == written["experiments"][name]


def _write(work: Path) -> None:
    experiments = {}
    for name, arguments in EXPERIMENTS.items():
        options = ("--quiet", "--no-figure", "--force", "--output", str(work / name))
        if run.main([*arguments, *options]) != 0:
            sys.exit(f"{name} has failed")
        experiments[name] = digests(work / name)
    content = {"arithmetic": arithmetic(), "experiments": experiments}
    DIGESTS.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder))
