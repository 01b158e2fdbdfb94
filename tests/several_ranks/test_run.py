"""The command line under mpirun: one message, one result, whatever the number of ranks."""

from pathlib import Path

import pytest

RUN = ("-m", "distsp.run")

WIRED = str(Path(__file__).parents[1] / "data" / "wired.toml")


def test_result_is_the_same_on_any_number_of_ranks(tmp_path: Path, on_ranks, contents) -> None:
    results, sonata = [], []
    for n in (1, 2, 3, 4):
        done = on_ranks(n, *RUN, WIRED, "--sonata", "--output", f"on_{n}", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("wired: 23 neurons") == 1
        assert f"{n} rank" in done.stdout
        folder = tmp_path / f"on_{n}"
        results.append(contents(folder))
        sonata.append({path.name: path.read_bytes() for path in folder.glob("sonata/*.*")})
        csv = (folder / "results.csv").read_bytes()
        assert csv == (tmp_path / "on_1" / "results.csv").read_bytes()
    assert len(results[0]["synapses/plastic/source"][0]) > 0
    assert len(results[0]["spikes/E/id"][0]) > 0
    for other in results[1:]:
        assert other == results[0]
    assert {"nodes.h5", "edges.h5", "spikes.h5", "circuit_config.json"} <= {*sonata[0]}
    for other in sonata[1:]:
        assert other == sonata[0]


@pytest.mark.parametrize("n", [1, 4])
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["other.toml"], "distsp: other.toml: there is no such file\n"),
        (["--seed", "-1"], "distsp: seed: -1 must be greater than or equal to 0\n"),
        (["--wrong"], "distsp: unrecognized arguments: --wrong\n"),
        (["--output", "/proc/here"], "distsp: --output: '/proc/here' cannot be written: "),
        (["--set", "populations.E.size=2000000000"], "distsp: populations: 2000000200 neurons, "),
    ],
)
def test_wrong_input_is_told_once(tmp_path, on_ranks, n, arguments, told) -> None:
    done = on_ranks(n, *RUN, *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(told)
    assert done.stderr.count("distsp:") == 1
    assert done.stdout == ""
    assert not [*tmp_path.iterdir()]


def test_list_is_printed_once(tmp_path: Path, on_ranks) -> None:
    done = on_ranks(3, *RUN, "--list", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.count("structural_plasticity") == 1
