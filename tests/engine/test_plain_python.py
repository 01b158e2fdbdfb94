"""With NUMBA_DISABLE_JIT the whole simulator runs in the interpreter, with the same bits."""

from pathlib import Path

PROGRAM = r"""
import hashlib
import os
import sys

os.environ["NUMBA_DISABLE_JIT"] = sys.argv[1]
from distsp import Network, Simulation
from distsp.base.compiled import PLAIN
from distsp.neurons import NeuronModel

net = Network(seed=5, update_interval=2.0)
curves = {
    "out": {"curve": "gaussian", "growth_rate": 1.0, "eps": 0.5},
    "in": {"curve": "linear", "growth_rate": 1.0, "eps": 0.5},
    "other": {"curve": "sigmoid", "growth_rate": -1.0, "eps": 0.5, "psi": 0.1},
}
parts, near = [], {"kernel": "gaussian", "std": 0.2}
sheet = {"positions": "uniform", "extent": [1.0, 1.0], "periodic": True}
for model in NeuronModel.members:
    if model == "parrot_neuron":
        continue
    calcium = {"tau_Ca": 5.0, "beta_Ca": 0.2}
    parts.append(net.create(model, 2, elements=curves, positions=sheet, **calcium))
one = parts[0]
one.set(I_e=[900.0, 1200.0])
one[:1].set(tau_Ca=7.0)
uniform = {"distribution": "uniform", "low": 1.0, "high": 2.0}
net.synapse_type("a", weight=10.0, delay=1.0, pre="out", post="in")
net.synapse_type("b", weight=-1.0, delay=1.0, pre="other", post="in")
near["max_distance"] = 0.15  # by its name it comes first, and leaves some to a
net.synapse_type("D", 9.0, 1.0, "out", "in", allow_multapses=False, kernel=near)
net.synapse_type("c", weight=uniform, delay=uniform)
everyone = sum(parts[1:], parts[0])
net.connect(everyone, one, "c", "fixed_indegree", indegree=3)
net.connect(everyone, one, "c", "fixed_indegree", indegree=2, kernel=near)
net.connect(everyone, one, "c", "pairwise_bernoulli", p=0.5, kernel=near)
net.connect(everyone, one, "c", "fixed_outdegree", outdegree=1)
net.connect(everyone, one, "c", "fixed_total_number", N=4)
parrots = net.create("parrot_neuron", 2)
net.connect(parrots, one, "c", "all_to_all")
net.drive(net.poisson_generator(rate=800.0), parrots, weight=1.0, delay=1.0)
net.connect(one, everyone, "a", "pairwise_bernoulli", p=0.3)
net.connect(one, everyone, "a", "pairwise_poisson", pairwise_avg_num_conns=0.3)
net.drive(net.poisson_generator(rate=8e3), everyone, weight=20.0, delay=1.0)
net.drive(net.poisson_generator(rate=[8e3, 9e3]), one, weight=9.0, delay=1.0)
net.drive(net.input("noise_generator", mean=300.0, std=30.0, dt=1.0), everyone[1:5])
net.drive(net.input("ac_generator", amplitude=50.0, frequency=100.0), everyone)
steps = {"amplitude_times": [1.0, 2.0], "amplitude_values": [5.0, 400.0]}
net.drive(net.input("step_current_generator", **steps), everyone)
given = net.input("spike_generator", spike_times=[1.0, 1.5])
net.drive(given, everyone, weight=50.0, delay=1.0)
net.record(2.0)
net.record_spikes(everyone)
sim = Simulation(net)
sim.run(12.0)
net.disconnect(one, everyone, "a", fraction=0.5)
sim.run(3.0)
told, n = hashlib.sha256(), []
for name in net.synapse_types:
    table = sim.synapses(name)
    n.append(len(table["source"]))
    for column in table.values():
        told.update(column.tobytes())
for part in parts:
    told.update(b"".join(x.tobytes() for x in (part.V_m, part.calcium, part.z("in"))))
    n.append(int(part.spike_count.sum()))
n.append(int(parrots.spike_count.sum()))
told.update(repr(n).encode())
assert all([*n[:4], n[-1]]), n
sys.stdout.write(f"{PLAIN} {told.hexdigest()} {n}\n")
"""


def test_the_interpreter_simulates_the_same_bits_as_compiled_code(tmp_path: Path, on_ranks) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)

    def result(n: int, plain: str) -> list[str]:
        done = on_ranks(n, "-W", "error", str(program), plain, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        first, *others = done.stdout.splitlines()
        assert others == [first] * (n - 1)
        return first.split(" ", 1)

    plain, compiled = result(2, "1"), result(1, "0")
    assert (plain[0], compiled[0]) == ("True", "False")
    assert plain[1] == compiled[1]
