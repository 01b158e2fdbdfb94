"""What memory there is, and what no table has room for."""

import pytest

from distsp import Network
from distsp.base.errors import InputError
from distsp.engine import memory
from distsp.engine.synapses import Synapses
from distsp.parallel.layout import Layout


@pytest.mark.parametrize(
    ("groups", "files", "limit"),
    [
        ("0::/batch/job\n", {"batch/job/memory.max": "max\n", "batch/memory.max": "4096\n"}, 4096),
        ("0::/of/the/host\n", {"memory.max": "8192\n"}, 8192),
        ("5:cpu,memory:/job\n1:pids:/\n", {"memory/job/memory.limit_in_bytes": "12\n"}, 12),
        ("0::/\n", {}, None),
    ],
)
def test_the_limit_of_a_container_counts(tmp_path, monkeypatch, groups, files, limit) -> None:
    (tmp_path / "cgroup").write_text(groups)
    for name, text in files.items():
        (tmp_path / "mounted" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mounted" / name).write_text(text)
    monkeypatch.setattr(memory, "CGROUPS", tmp_path / "none")
    read = memory.installed_bytes.__wrapped__  # what is kept is of this machine
    machine = read()
    monkeypatch.setattr(memory, "CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(memory, "MOUNTED", tmp_path / "mounted")
    assert read() == (machine if limit is None else limit)


def test_more_rows_than_a_table_can_number_are_refused() -> None:
    net = Network()
    for name in "abc":
        net.synapse_type(name, weight=1.0, delay=1.0)
    with pytest.raises(InputError, match="synapse_types: 3 types of 1073741824 neurons must have"):
        Synapses(Layout(0, 1, 2**30), net.synapse_types, net.spreads, 0.1, 1)
