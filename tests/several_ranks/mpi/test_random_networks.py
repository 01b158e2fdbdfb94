"""Random networks that mix all components: the same bits on any number of ranks, resumed or not."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from distsp import Experiment, Simulation
from distsp.cli.stops import Schedule, Signals, simulate
from distsp.experiment.events import Event
from distsp.inputs import Input
from distsp.network.rules import Rule
from distsp.neurons import NeuronModel
from distsp.parallel.ranks import Ranks
from distsp.recorders import Recorder

pytestmark = pytest.mark.mpi(min_size=2)

DURATION = 30.0

PARAMETERS = {  # ranges in which the neurons fire now and then
    "iaf_psc_alpha": {"I_e": (300.0, 480.0), "tau_m": (8.0, 12.0)},
    "iaf_psc_exp": {"I_e": (300.0, 480.0), "V_th": (-57.0, -53.0)},
    "iaf_psc_delta": {"I_e": (300.0, 500.0), "t_ref": (1.0, 1.0)},
    "iaf_cond_exp": {"I_e": (280.0, 350.0), "tau_syn_ex": (1.0, 3.0)},
    "iaf_cond_alpha": {"I_e": (280.0, 350.0), "E_ex": (-5.0, 5.0)},
    "aeif_cond_exp": {"I_e": (700.0, 900.0), "b": (60.0, 90.0)},
    "aeif_cond_alpha": {"I_e": (700.0, 900.0), "Delta_T": (1.5, 2.5)},
    "aeif_psc_exp": {"I_e": (700.0, 900.0), "tau_w": (100.0, 150.0)},
    "izhikevich": {"I_e": (5.0, 10.0), "d": (2.0, 8.0)},
    "hh_psc_alpha": {"I_e": (600.0, 800.0), "g_L": (25.0, 35.0)},
    "parrot_neuron": {},
}
WEIGHTS = {"pA": 60.0, "mV": 0.8, "nS": 3.0}
RULES = {
    "all_to_all": {},
    "fixed_indegree": {"indegree": 2},
    "fixed_outdegree": {"outdegree": 2},
    "fixed_total_number": {"N": 7},
    "pairwise_bernoulli": {"p": 0.4},
    "pairwise_poisson": {"pairwise_avg_num_conns": 0.5},
}
INPUTS = {
    "poisson_generator": {"rate": 3000.0},
    "dc_generator": {"amplitude": 40.0},
    "ac_generator": {"amplitude": 30.0, "frequency": 40.0, "offset": 5.0},
    "noise_generator": {"std": 80.0, "dt": 0.7},
    "step_current_generator": {"amplitude_times": [2.0, 9.3], "amplitude_values": [50.0, 10.0]},
    "spike_generator": {"spike_times": [1.0, 1.0, 7.4, 15.0]},
}
ELSEWHERE = {"one_to_one", "explicit", "edges_from_file"}
"""Rules whose groups or files must fit; `test_connections` has them."""

times = st.integers(0, round(DURATION / 0.1)).map(lambda steps: round(0.1 * steps, 1))
delays = st.integers(3, 31).map(lambda steps: round(0.1 * steps, 1))


def test_every_component_is_drawn() -> None:
    for family, drawn in (
        (NeuronModel, {*PARAMETERS}),
        (Rule, {*RULES} | ELSEWHERE),
        (Input, {*INPUTS}),
        (Recorder, {*RECORDERS, "population_means"}),
        (Event, {*EVENTS}),
    ):
        own = {n for n, m in family.members.items() if m.__module__.startswith("distsp.")}
        assert own == drawn


@st.composite
def values(draw: Any, low: float, high: float, n: int) -> Any:
    """Return a number, one for each of `n` neurons, or a distribution."""
    number = st.floats(low, high).map(lambda value: round(value, 2))
    uniform = {"distribution": "uniform", "low": low, "high": high}
    return draw(st.one_of(number, st.lists(number, min_size=n, max_size=n), st.just(uniform)))


class Builder:
    """Draws an experiment, part by part."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        names = draw(st.lists(st.sampled_from([*PARAMETERS]), min_size=2, max_size=4))
        self.populations = {f"P{i}": self.population(name) for i, name in enumerate(names)}
        self.neurons = [n for n, p in self.populations.items() if p["model"] != "parrot_neuron"]
        self.grown = [n for n, p in self.populations.items() if p["elements"]]
        self.types = {f"s{draw(st.integers(0, 99))}{i}": self.synapse_type() for i in range(3)}
        self.inputs = {f"i{i}": self.input() for i in range(draw(st.integers(1, 3)))}

    def one_of(self, options: Any) -> Any:
        """Return one of the options."""
        return self.draw(st.sampled_from([*options]))

    def population(self, model: str) -> dict[str, Any]:
        """Return a population, with elements or without."""
        size = self.draw(st.integers(1, 9))
        parameters = {
            name: self.draw(values(low, high, size))
            for name, (low, high) in PARAMETERS[model].items()
        }
        table = {"model": model, "size": size, "parameters": parameters, "elements": {}}
        if PARAMETERS[model]:
            parameters |= {"tau_Ca": 20.0, "beta_Ca": 0.1}
            table["record_spikes"] = self.draw(st.booleans())
            if self.draw(st.booleans()):
                curve = self.one_of(["gaussian", "linear", "sigmoid"])
                element = {"curve": curve, "eps": 0.4, "z": self.draw(values(0.5, 3.0, size))}
                element["growth_rate"] = self.draw(values(-0.1, 0.4, size))
                element |= {"psi": 0.1} if curve == "sigmoid" else {}
                table["elements"] = {"out": element, "in": element | {"z": 2.5}}
        return table

    def some(self, names: Any) -> Any:
        """Return one or several parts of some populations."""
        chosen = self.draw(st.lists(st.sampled_from([*names]), min_size=1, max_size=3, unique=True))
        parts = []
        for name in chosen:
            size = self.populations[name]["size"]
            places = st.lists(st.integers(0, size - 1), min_size=1, unique=True).map(sorted)
            part = self.draw(
                st.one_of(
                    st.none(), st.just("::2"), st.just("0:1"), places, st.just({"fraction": 1.0})
                )
            )
            parts.append(name if part is None else {"population": name, "neurons": part})
        return parts if len(parts) > 1 else parts[0]

    def weight(self, target: Any) -> float:
        """Return a weight that suits the model of a target."""
        name = target if isinstance(target, str) else target["population"]
        model = NeuronModel.members[self.populations[name]["model"]]
        return WEIGHTS.get(model.weight_unit, 1.0)

    def synapse_type(self) -> dict[str, Any]:
        """Return a synapse type, plastic or not, shared or each synapse's own."""
        delay = self.draw(delays)
        drawn = {"distribution": "uniform", "low": 0.3, "high": 2.0}
        table: dict[str, Any] = {
            "weight": self.draw(st.one_of(st.just(20.0), st.just(drawn), st.just(-5.0))),
            "delay": self.draw(st.one_of(st.just(delay), st.just(drawn))),
        }
        if self.grown and self.draw(st.booleans()):
            table |= {"pre": "out", "post": "in"}
            table |= {f"allow_{w}apses": self.draw(st.booleans()) for w in ("aut", "mult")}
        return table

    def input(self) -> dict[str, Any]:
        """Return an input with one or two targets."""
        model = self.one_of(INPUTS)
        current = model not in {"poisson_generator", "spike_generator"}
        table: dict[str, Any] = {"model": model, **INPUTS[model], "targets": []}
        if self.draw(st.booleans()):
            table |= {"start": 3.0, "stop": 17.5}
        names = self.neurons if current else self.populations
        for name in self.draw(st.lists(st.sampled_from([*names]), max_size=2)) if names else []:
            target = self.some([name])
            target = {"population": target} if isinstance(target, str) else target
            if current:
                izhikevich = self.populations[name]["model"] == "izhikevich"
                target |= {"weight": 0.02 if izhikevich else 1.0}
            else:
                target |= {"weight": self.weight(name), "delay": self.draw(delays)}
            table["targets"].append(target)
        return table

    def connection(self) -> dict[str, Any]:
        """Return a connection with the weight that its target needs."""
        synapse = self.one_of(self.types)
        plastic = "pre" in self.types[synapse]
        target = self.some([self.one_of(self.grown if plastic else self.populations)])
        rule = self.one_of(RULES)
        table = {
            "source": self.some(self.grown if plastic else self.populations),
            "target": target,
            "synapse": synapse,
            "rule": {"rule": rule, **RULES[rule]},
            "weight": self.weight(target),
        }
        return table | ({"delay": self.draw(delays)} if self.draw(st.booleans()) else {})

    def recorder(self) -> dict[str, Any]:
        """Return a recorder."""
        return RECORDERS[self.one_of(RECORDERS)](self)

    def event(self) -> dict[str, Any]:
        """Return an event at any time."""
        kind = self.one_of(EVENTS)
        found = EVENTS[kind](self)
        return {"event": kind, "at": self.draw(times), **found} if found is not None else {}

    def experiment(self) -> Experiment:
        """Return the whole."""
        parts = {
            "connections": [self.connection() for _ in range(self.draw(st.integers(1, 4)))],
            "recorders": {f"r{i}": self.recorder() for i in range(self.draw(st.integers(1, 3)))},
            "events": [self.event() for _ in range(self.draw(st.integers(1, 5)))],
        }
        parts["events"] = [event for event in parts["events"] if event]
        for i, event in enumerate(parts["events"]):
            if event["event"] == "snapshot":
                event["recorder"] = f"taken{i}"
        recorded = [
            r["neurons"] for r in parts["recorders"].values() if r["model"] == "spike_recorder"
        ]
        if recorded:  # the same neurons are not to be recorded twice
            for table in self.populations.values():
                table.pop("record_spikes", None)
            keep = next(n for n, r in parts["recorders"].items() if r["model"] == "spike_recorder")
            parts["recorders"] = {
                name: r
                for name, r in parts["recorders"].items()
                if r["model"] != "spike_recorder" or name == keep
            }
        text = {
            "name": "random",
            "duration": DURATION,
            "seed": self.draw(st.integers(0, 2**32 - 1)),
            "update_interval": self.one_of([0.7, 2.0, 5.0]),
            "record_interval": self.one_of([1.3, 4.0]),
            "surplus": self.one_of(["one", "all"]),
            "populations": self.populations,
            "synapse_types": self.types,
            "inputs": self.inputs,
        }
        return Experiment.check("", text | parts)


def multimeter(b: Builder) -> dict[str, Any]:
    """Return a multimeter on neurons of one population."""
    name = b.one_of(b.neurons or b.populations)
    variables = ["V_m", "calcium"] if b.neurons else ["calcium"]
    variables += ["z/out", "z_connected/in"] if name in b.grown else []
    return {"neurons": b.some([name]), "variables": variables, "interval": 1.1}


RECORDERS = {
    "multimeter": lambda b: {"model": "multimeter", **multimeter(b)},
    "spike_recorder": lambda b: {
        "model": "spike_recorder", "neurons": b.some(b.populations), "start": 2.0, "stop": 20.0,
    },
    "mean_activity": lambda b: {
        "model": "mean_activity", "neurons": b.some(b.populations), "interval": 2.5,
    },
    "synapse_counts": lambda b: {
        "model": "synapse_counts", "interval": 3.0,
        "groups": {"a": b.some(b.populations), "b": b.some(b.populations)},
    },
    "connectivity": lambda b: {"model": "connectivity", "interval": 6.0, "times": [0.0, 7.7]},
    "structural_updates": lambda b: {"model": "structural_updates"},
}  # fmt: skip
EVENTS = {
    "set": lambda b: (
        {"neurons": b.some(b.neurons), "parameters": {"tau_Ca": 30.0}}
        if b.neurons and b.draw(st.booleans())
        else {"neurons": b.some(b.grown), "element": "out", "parameters": {"growth_rate": 0.2}}
        if b.grown
        else None
    ),
    "set_input": lambda b: {"input": (name := b.one_of(b.inputs)), "parameters": {
        "stop": 12.3, "start": 0.0} if "start" in b.inputs[name] else {"start": 1.0}},
    "plasticity": lambda b: b.one_of([{}, {"update_interval": 1.5}]),
    "connect": Builder.connection,
    "disconnect": lambda b: {
        "source": b.some(b.populations), "target": b.some(b.populations),
        "synapse": b.one_of(b.types), "fraction": b.one_of([0.3, 1.0]),
    },
    "snapshot": lambda b: {},
}  # fmt: skip


@st.composite
def experiments(draw: Any) -> Experiment:
    """Return a random experiment."""
    return Builder(draw).experiment()


def contents(sim: Simulation) -> dict[str, bytes]:
    """Return the bits of all that there is."""
    found: dict[str, Any] = {}
    for name in sim.recordings:
        for key, value in sim.recorded(name).items():
            found[f"{name}/{key}"] = value
    for name, p in sim.network.populations.items():
        found |= {f"{name}/{v}": p.state(v) for v in p.parameters.variables}
        found |= {f"{name}/spike_count": p.spike_count, f"{name}/calcium": p.calcium}
        for element in p.elements:
            found |= {
                f"{name}/{element}": p.z(element),
                f"{name}/{element}/c": p.z_connected(element),
            }
    for synapse in sim.network.synapse_types:
        found |= {f"{synapse}/{k}": v for k, v in sim.synapses(synapse).items()}
    return {
        k: np.asarray(v).tobytes() if not isinstance(v, list) else str(v).encode()
        for k, v in found.items()
    }


def run(
    experiment: Experiment, ranks: Ranks, folder: Path, until: float, resume: bool
) -> Simulation:
    """Run an experiment from the start or from where it was saved, to a time; then save it."""
    part = experiment.model_copy(update={"duration": until})
    if resume:
        sim = Simulation.load(folder / "checkpoints", experiment.network_at, ranks)
    else:
        sim = Simulation(experiment.build(), ranks)
    with Signals() as signals:
        simulate(sim, part, folder, Schedule(every=until), signals)
    return sim


@settings(
    max_examples=8, derandomize=True, database=None, phases=[Phase.generate], print_blob=False
)
@given(experiment=experiments(), saved=times)
def test_any_number_of_ranks(experiment: Experiment, saved: float) -> None:
    ranks = Ranks.world()
    assert Experiment.from_toml(experiment.to_toml()) == experiment
    everywhere = Path(ranks.broadcast(tempfile.mkdtemp() if ranks.rank == 0 else None))
    own = everywhere / f"rank {ranks.rank}"
    expected = contents(run(experiment, ranks.alone(), own / "whole", DURATION, resume=False))
    together = contents(run(experiment, ranks, everywhere / "whole", DURATION, resume=False))
    assert {k for k in expected if expected[k] != together.get(k)} == set()
    # Saved by all and gone on with by each alone, and the other way round.
    saved = min(max(saved, 0.1), DURATION - 0.1)
    run(experiment, ranks, everywhere / "half", saved, resume=False)
    gone_on = contents(run(experiment, ranks.alone(), everywhere / "half", DURATION, resume=True))
    assert {k for k in expected if expected[k] != gone_on.get(k)} == set()
