"""What a user builds, and what every wrong input is told."""

import numpy as np
import pytest

from distsp.base.errors import InputError
from distsp.base.fields import MAX_SIZE
from distsp.network.description import describe
from distsp.network.network import Network
from distsp.plasticity.growth_curves import Linear

GAUSSIAN = {"curve": "gaussian", "growth_rate": 1e-4, "eps": 0.05}
PLASTIC = {"pre": "axon", "post": "den"}
INF, NAN = float("inf"), float("nan")


class Built:
    """A little network that wrong things are done to."""

    def __init__(self) -> None:
        self.net = Network(resolution=0.1, seed=1)
        elements = {"axon": GAUSSIAN, "den": GAUSSIAN}
        self.a = self.net.create("iaf_psc_alpha", 3, name="A", elements=elements)
        self.b = self.net.create("iaf_psc_delta", 5, name="B")
        self.noise = self.net.poisson_generator(rate=10.0, name="noise")
        self.net.synapse_type("s", weight=1.0, delay=1.0)
        self.net.synapse_type("plastic", weight=1.0, delay=1.0, **PLASTIC)

    def create(self, *arguments, **parameters):
        return self.net.create(*(arguments or ("iaf_psc_alpha", 2)), **({"name": "C"} | parameters))

    def type(self, weight=1.0, delay=1.0, **parameters):
        return self.net.synapse_type(parameters.pop("name", "t"), weight, delay, **parameters)

    def connect(self, source="a", target="b", synapse="s", rule="all_to_all", **parameters):
        ends = [
            getattr(self, end, end) if isinstance(end, str) else end for end in (source, target)
        ]
        return self.net.connect(*ends, synapse, rule, **parameters)


def element(**changes):
    """Return elements of which one is wrong."""
    return {"good": GAUSSIAN, "bad": GAUSSIAN | changes}


def uniform(low, high):
    return {"distribution": "uniform", "low": low, "high": high}


def normal(mean, std):
    return {"distribution": "normal", "mean": mean, "std": std}


NETWORK = [
    ({"resolution": 0}, "resolution: 0 must be greater than 0"),
    ({"resolution": -0.1}, "resolution: -0.1 must be greater than 0"),
    ({"resolution": NAN}, "resolution: nan must be a finite number"),
    ({"resolution": INF}, "resolution: inf must be a finite number"),
    ({"resolution": "0.1"}, "resolution: '0.1' must be a valid number"),
    ({"resolution": True}, "resolution: True must be a valid number"),
    ({"resolution": 10**400}, "resolution: 1000"),
    ({"seed": -1}, "seed: -1 must be greater than or equal to 0"),
    ({"seed": 2**32}, "seed: 4294967296 must be less than or equal to 4294967295"),
    ({"seed": 1.5}, "seed: 1.5 must be a valid integer"),
    ({"seed": None}, "seed: None must be a valid integer"),
    ({"update_interval": 0}, "update_interval: 0 must be greater than 0"),
    ({"update_interval": 0.15}, "update_interval: 0.15 ms must be a whole multiple"),
    ({"update_interval": 1e300}, "update_interval: 1e+300 ms is more steps"),
    ({"update_interval": 0.01}, "update_interval: 0.01 ms must be a whole multiple"),
]
HUGE = 10**400
NETWORK += [({"surplus": "two"}, "surplus: 'two' must be 'one' or 'all'")]

WRONG = [
    # Populations.
    (lambda n: n.create("iaf", 1), "populations.C.model: 'iaf' must be one of "),
    (lambda n: n.create(3, 1), "populations.C.model: 3 must be a valid string"),
    (lambda n: n.create(initial=7), "populations.C.initial: 7 must be"),
    (lambda n: n.create(initial=["V_m"]), "populations.C.initial: ['V_m'] must be"),
    (lambda n: n.create(tau_m=HUGE), "populations.C.parameters.tau_m: 1000"),
    (lambda n: n.a.set(tau_m=HUGE), "populations.A.parameters.tau_m: 1000"),
    (lambda n: n.a[:2].set(tau_m=HUGE), "populations.A.parameters.tau_m: 1000"),
    (lambda n: n.a[:2].set_element("den", z=HUGE), "populations.A.elements.den.z: 1000"),
    (lambda n: n.a.set_element(["den"], z=1.0), "element: ['den'] must be a text"),
    (lambda n: n.connect(synapse=["s"]), "connections.0.synapse: ['s'] must be one of"),
    (
        lambda n: n.net.disconnect(n.a, n.b, {"s": 1}),
        "disconnections.0.synapse: {'s': 1} must be o",
    ),
    (lambda n: n.create("iaf_psc_exp", 0), "populations.C.size: 0 must be greater than or"),
    (lambda n: n.create("iaf_psc_exp", 2.5), "populations.C.size: 2.5 must be a valid integer"),
    (lambda n: n.create("iaf_psc_exp", MAX_SIZE), f"size: {MAX_SIZE} makes more than {MAX_SIZE}"),
    (lambda n: n.create("iaf_psc_exp", MAX_SIZE + 1), f"must be less than or equal to {MAX_SIZE}"),
    (lambda n: n.create("iaf_psc_exp", 10**5000), "size: a number of thousands of digits must be"),
    (lambda n: n.create(name="A"), "populations.A: 'A' is there already; names must differ"),
    (lambda n: n.create(name="a b"), "populations.name: 'a b' must be letters, digits and _"),
    (lambda n: n.create(name="1a"), "populations.name: '1a' must be letters, digits and _"),
    (lambda n: n.create(name=""), "populations.name: '' must be letters, digits and _"),
    (lambda n: n.create(name=7), "populations.name: 7 must be a valid string"),
    (lambda n: n.create(name="x" * 65), "... string should have at most 64 characters"),
    (lambda n: n.create(V_m="x"), "populations.C.V_m: 'x' must be a valid number"),
    (lambda n: n.create(V_m=INF), "populations.C.V_m: inf must be a finite number"),
    (lambda n: n.create(V_m=uniform(2.0, 1.0)), "C.V_m: low, 2.0, must not be above high, 1.0"),
    (lambda n: n.create(V_m=normal(0.0, -1.0)), "C.V_m.std: -1.0 must be greater than or equal"),
    (lambda n: n.create(V_m=normal(NAN, 1.0)), "C.V_m.mean: nan must be a finite number"),
    (lambda n: n.create(V_m={"distribution": "gamma"}), "'gamma' must be one of uniform, norm"),
    (lambda n: n.create(V_m={"low": 1.0}), "populations.C.V_m.distribution: is missing"),
    (lambda n: n.create(V_m=uniform(0.0, 1.0) | {"x": 1}), "C.V_m.x: there is no such key"),
    (lambda n: n.create(tau=1.0), "C.parameters.tau: there is no such key"),
    (lambda n: n.create(tau_m=0), "populations.C.parameters.tau_m: 0 must be greater than 0"),
    (lambda n: n.create(C_m=-1), "populations.C.parameters.C_m: -1 must be greater than 0"),
    (lambda n: n.create(tau_m="x"), "populations.C.parameters.tau_m: 'x' must be a valid number"),
    (lambda n: n.create(I_e=NAN), "populations.C.parameters.I_e: nan must be a finite number"),
    (lambda n: n.create(t_ref=0.25), "C.parameters.t_ref: 0.25 ms must be a whole multiple of"),
    (lambda n: n.create(t_ref=-1.0), "C.parameters.t_ref: -1.0 must be greater than or equal"),
    (lambda n: n.create(tau_Ca=0.0), "C.parameters.tau_Ca: 0.0 must be greater than 0"),
    (lambda n: n.create(beta_Ca=-0.1), "C.parameters.beta_Ca: -0.1 must be greater than or equal"),
    (lambda n: n.create(V_reset=-55.0), "V_reset, -55.0 mV, must be below the threshold V_th, "),
    (lambda n: n.create("iaf_psc_delta", 1, tau_syn_ex=2.0), "tau_syn_ex: there is no such key"),
    (lambda n: n.create(elements=[1]), "populations.C.elements: [1] must be a table"),
    (lambda n: n.create(elements={"a b": GAUSSIAN}), "C.elements.a b: 'a b' must be letters"),
    (lambda n: n.create(elements={"e": 3}), "populations.C.elements.e: 3 must be a table"),
    (lambda n: n.create(elements={"e": {}}), "populations.C.elements.e.curve: is missing"),
    (lambda n: n.create(elements=element(curve="cubic")), "bad.curve: 'cubic' must be one of g"),
    (lambda n: n.create(elements=element(eps=0.0)), "bad: eps, 0.0, must differ from eta, 0.0"),
    (lambda n: n.create(elements=element(eps=None)), "elements.bad.eps: None must be a valid num"),
    (lambda n: n.create(elements=element(z=-1.0)), "elements.bad.z: -1.0 must be greater than o"),
    (lambda n: n.create(elements=element(psi=1.0)), "elements.bad.psi: there is no such key"),
    (lambda n: n.create(elements=element(tau_vacant=1.5)), "bad.tau_vacant: 1.5 must be less th"),
    (lambda n: n.create(elements=element(growth_rate=INF)), "bad.growth_rate: inf must be a fin"),
    (
        lambda n: n.create(elements={"e": {"curve": "linear", "growth_rate": 1.0, "eps": 0.0}}),
        "elements.e.eps: 0.0 must be greater than 0",
    ),
    (
        lambda n: n.create(elements={"e": {"curve": "sigmoid", "growth_rate": 1.0, "eps": 0.1}}),
        "elements.e.psi: is missing",
    ),
    (lambda n: n.a.set(tau_m=0.0), "populations.A.parameters.tau_m: 0.0 must be greater than 0"),
    (lambda n: n.a.set(x=1), "populations.A.parameters.x: there is no such key"),
    (lambda n: n.a.set(V_th=-80.0), "must be below the threshold V_th, -80.0 mV"),
    (lambda n: n.a.set_element("x", eps=1.0), "element: 'x' must be one of axon, den"),
    (lambda n: n.a.set_element("den", eps="x"), "populations.A.elements.den.eps: 'x' must be a"),
    (lambda n: n.a.set_element("den", psi=1.0), "A.elements.den.psi: there is no such key"),
    (lambda n: n.a.set_element("den", eta=0.05), "A.elements.den: eps, 0.05, must differ from e"),
    (lambda n: n.a.set_element("den", curve="linear"), "populations.A.elements.den.curve: 'lin"),
    # Synapse types.
    (lambda n: n.type(name="s"), "synapse_types.s: 's' is there already; names must differ"),
    (lambda n: n.type(name="1"), "synapse_types.name: '1' must be letters, digits and _"),
    (lambda n: n.type(weight="x"), "synapse_types.t.weight: 'x' must be a valid number"),
    (lambda n: n.type(weight=INF), "synapse_types.t.weight: inf must be a finite number"),
    (lambda n: n.type(weight=normal(1.0, -2.0)), "t.weight.std: -2.0 must be greater than or eq"),
    (lambda n: n.type(delay=0.0), "t.delay: 0.0 ms must be at least 1 step of the resolution"),
    (lambda n: n.type(delay=-1.0), "synapse_types.t.delay: -1.0 ms must not be negative"),
    (lambda n: n.type(delay=0.25), "t.delay: 0.25 ms must be a whole multiple of the resolution"),
    (lambda n: n.type(delay=1e300), "synapse_types.t.delay: 1e+300 ms is more steps"),
    (lambda n: n.type(delay=uniform(0.0, 1.0)), "t.delay.low: 0.0 ms must be at least 1 step"),
    (lambda n: n.type(delay=normal(-1.0, 1.0)), "t.delay.mean: -1.0 ms must be at least 1 step"),
    (lambda n: n.type(delay=uniform(2.0, 1.0)), "t.delay: low, 2.0, must not be above high, 1.0"),
    (lambda n: n.type(pre="den"), "synapse_types.t.post: is missing; a plastic type needs pre"),
    (lambda n: n.type(pre="den", post="den"), "synapse_types.t.post: 'den' must be another elem"),
    (lambda n: n.type(post="den"), "synapse_types.t.pre: is missing; a plastic type needs pre"),
    (lambda n: n.type(pre="den", post="x"), "t.post: 'x' must be one of axon, "),
    (lambda n: n.type(pre=3, post="den"), "synapse_types.t.pre: 3 must be a valid string"),
    (lambda n: n.type(allow_autapses="no"), "t.allow_autapses: 'no' must be a valid boolean"),
    (lambda n: n.type(allow_multapses=1), "t.allow_multapses: 1 must be a valid boolean"),
    # Inputs.
    (lambda n: n.net.poisson_generator(-1.0), "inputs.input_1.rate: -1.0 must be greater than"),
    (lambda n: n.net.poisson_generator("x"), "inputs.input_1.rate: 'x' must be a valid number"),
    (lambda n: n.net.poisson_generator(NAN), "inputs.input_1.rate: nan must be a finite number"),
    (lambda n: n.net.poisson_generator(1e11), "inputs.input_1.rate: 100000000000.0 must be at m"),
    (lambda n: n.net.poisson_generator(1.0, name="noise"), "inputs.noise: 'noise' is there alre"),
    (lambda n: n.noise.set(rate=-1), "inputs.noise.rate: -1 must be greater than or equal to"),
    (lambda n: n.net.drive(n.noise, n.a, "x", 1.0), "inputs.noise.weight: 'x' must be a valid"),
    (lambda n: n.net.drive(n.noise, n.a, 1.0, 0.0), "inputs.noise.delay: 0.0 must be greater"),
    (lambda n: n.net.drive(n.noise, n.a, 1.0, 0.15), "inputs.noise.delay: 0.15 ms must be a who"),
    (lambda n: n.net.drive(n.noise, None, 1.0, 1.0), "inputs.noise.population: None must be one"),
    (lambda n: n.net.drive(n.noise, Built().a, 1.0, 1.0), "must be one that this network has: ["),
    (lambda n: n.net.drive(Built().noise, n.a, 1.0, 1.0), "must be one that this network has: ["),
    (lambda n: n.net.drive("noise", n.a, 1.0, 1.0), "inputs: 'noise' must be one that this netw"),
    # Connections.
    (lambda n: n.type(weight=1e308), "t.weight: 1e+308 must be within 1e+100 of 0"),
    (lambda n: n.type(weight=uniform(-1e200, 1.0)), "t.weight: Uniform("),
    (lambda n: n.connect(weight=1e101), "connections.0.weight: 1e+101 must be within 1e+100 of 0"),
    (lambda n: n.connect(synapse="x"), "connections.0.synapse: 'x' must be one of s, plast"),
    (lambda n: n.connect(rule="x"), "connections.0.rule: 'x' must be one of all_to_all, expl"),
    (lambda n: n.connect("A"), "connections.0.source: 'A' must be one that this network has"),
    (lambda n: n.connect(target=Built().b), "must be one that this network has: ['A', 'B']"),
    (lambda n: n.connect(rule="one_to_one"), "needs as many sources, 3, as targets, 5"),
    (lambda n: n.connect(rule="fixed_indegree"), "connections.0.rule.indegree: is missing"),
    (lambda n: n.connect(rule="fixed_indegree", indegree=-1), "rule.indegree: -1 must be greate"),
    (lambda n: n.connect(rule="fixed_indegree", indegree=1.5), "rule.indegree: 1.5 must be a va"),
    (
        lambda n: n.connect(rule="fixed_indegree", indegree=4, allow_multapses=False),
        "rule.indegree: 4 must be at most the number of sources, 3, without multapses",
    ),
    (
        lambda n: n.connect(
            "a",
            "a",
            rule="fixed_indegree",
            indegree=3,
            allow_multapses=False,
            allow_autapses=False,
        ),
        "rule.indegree: 3 must be at most the number of sources, 2, without multapses",
    ),
    (lambda n: n.connect(rule="pairwise_bernoulli"), "connections.0.rule.p: is missing"),
    (lambda n: n.connect(rule="pairwise_bernoulli", p=1.5), "rule.p: 1.5 must be less than or"),
    (lambda n: n.connect(rule="pairwise_bernoulli", p=NAN), "rule.p: nan must be a finite num"),
    (lambda n: n.connect(p=0.5), "connections.0.rule.p: there is no such key"),
    (
        lambda n: n.connect(synapse="plastic"),
        "connections.0.target: 'B' must have the element den that plastic binds",
    ),
    (
        lambda n: n.connect("b", "a", synapse="plastic"),
        "connections.0.source: 'B' must have the element axon that plastic binds",
    ),
    # Recorders.
    (lambda n: n.net.record(0.0), "record_interval: 0.0 must be greater than 0"),
    (lambda n: n.net.record(0.05), "record_interval: 0.05 ms must be a whole multiple of the re"),
    (lambda n: n.net.record("x"), "record_interval: 'x' must be a valid number"),
    (lambda n: n.net.record(None), "record_interval: None must be a valid number"),
    (lambda n: n.net.record_spikes(None), "population: None must be one that this network has"),
    (lambda n: n.net.record_spikes(Built().a), "must be one that this network has: ['A', 'B']"),
]


@pytest.mark.parametrize(("values", "words"), NETWORK)
def test_wrong_networks(values, words):
    with pytest.raises(InputError) as error:
        Network(**values)
    assert str(error.value).startswith(words)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("do", "words"), WRONG, ids=[words for _, words in WRONG])
def test_wrong_inputs_say_what_is_right_and_change_nothing(do, words):
    built = Built()
    before = vars(built.net).copy()
    sizes = {key: len(value) for key, value in before.items() if hasattr(value, "__len__")}
    parameters, elements = built.a.parameters, dict(built.a.elements)
    with pytest.raises(InputError) as error:
        do(built)
    message = str(error.value)
    assert words in message
    assert "\n" not in message
    assert len(message) < 250
    after = vars(built.net)
    assert {key: len(after[key]) for key in sizes} == sizes
    assert after["version"] == before["version"]
    assert built.a.parameters == parameters
    assert built.a.elements == elements
    assert built.noise.rate == 10.0
    assert built.noise.drives == []


def test_one_to_one_of_no_source():
    net = Network()
    alone = net.create("iaf_psc_exp", 1)
    net.synapse_type("s", weight=1.0, delay=1.0)
    with pytest.raises(InputError, match="there is no source to draw from"):
        net.connect(alone, alone, "s", "fixed_indegree", indegree=1, allow_autapses=False)


def test_names_and_ids():
    net = Network()
    first, second = net.create("iaf_psc_exp", 3), net.create("iaf_psc_delta", 2)
    assert [first.name, second.name] == ["population_0", "population_1"]
    assert [*first.ids, *second.ids] == [0, 1, 2, 3, 4]
    assert net.size == 5
    assert [net.poisson_generator(rate=1.0).name for _ in range(2)] == ["input_0", "input_1"]


def test_numbers_of_numpy_and_whole_numbers_are_numbers():
    net = Network(resolution=np.float64(0.1), seed=np.int64(3), update_interval=10)
    assert net.seed == 3
    a = net.create("iaf_psc_exp", np.int32(2), tau_m=np.float32(12.5), I_e=3, V_m=np.int64(-60))
    assert (a.parameters.tau_m, a.parameters.I_e, a.initial["V_m"]) == (12.5, 3.0, -60.0)
    net.synapse_type("s", weight=np.float64(2.0), delay=2)
    assert net.synapse_types["s"].delay == 2.0
    generator = net.poisson_generator(rate=np.int32(7))
    net.drive(generator, a, weight=1, delay=1)
    assert generator.rate == 7.0
    net.record(np.int64(5))
    growth = {"curve": "gaussian", "growth_rate": np.float32(0.5), "eps": np.int64(1)}
    b = net.create("iaf_psc_exp", 3, elements={"axon": growth}, E_L=np.int8(-70))
    assert b.elements["axon"].growth_rate == 0.5
    drawn = {"distribution": "uniform", "low": np.int64(1), "high": np.float32(2.0)}
    net.synapse_type("drawn", weight=drawn, delay=drawn, allow_autapses=np.bool_(False))
    net.connect(a, b, "s", "fixed_indegree", indegree=np.uint8(2), allow_autapses=np.bool_(True))
    assert net.connections[-1].rule.indegree == 2


def test_set_keeps_the_other_parameters():
    net = Network()
    a = net.create("iaf_psc_alpha", 1, tau_m=20.0, C_m=100.0)
    version = net.version
    a.set(tau_m=5.0)
    assert (a.parameters.tau_m, a.parameters.C_m, a.parameters.V_th) == (5.0, 100.0, -55.0)
    assert net.version > version


ASSIGNED = [
    (lambda n: setattr(n.net, "resolution", 0.2), "resolution: 0.2 cannot be assigned"),
    (lambda n: setattr(n.net, "seed", 2), "seed: 2 cannot be assigned"),
    (lambda n: setattr(n.net, "update_intervall", 2), "update_intervall: 2 cannot be assigned; of"),
    (lambda n: setattr(n.net, "update_interval", 0.15), "update_interval: 0.15 ms must be a whole"),
    (lambda n: setattr(n.net, "update_interval", "x"), "update_interval: 'x' must be a valid num"),
    (lambda n: setattr(n.net, "surplus", "two"), "surplus: 'two' must be 'one' or 'all'"),
    (lambda n: setattr(n.net, "populations", {}), "populations: {} cannot be assigned"),
    (
        lambda n: setattr(n.a, "tau_m", 5.0),
        "populations.A.tau_m: 5.0 cannot be assigned; set(tau_m",
    ),
    (lambda n: setattr(n.a[:2], "V_m", 5.0), "populations.A.V_m: 5.0 cannot be assigned; set and"),
    (lambda n: setattr(n.a, "size", 7), "populations.A.size: 7 cannot be assigned"),
    (lambda n: setattr(n.a, "parameters", 7), "populations.A.parameters: 7 cannot be assigned"),
    (lambda n: setattr(n.a.parameters, "tau_m", 7), "IafPscAlpha.tau_m: 7 cannot be assigned"),
    (lambda n: setattr(n.a.elements["axon"], "z", 7.0), "Gaussian.z: 7.0 cannot be assigned"),
    (
        lambda n: setattr(n.noise, "name", "x"),
        "inputs.noise.name: 'x' cannot be assigned; of an in",
    ),
    (lambda n: setattr(n.noise, "rat", 1.0), "inputs.noise.rat: 1.0 cannot be assigned; of an inp"),
    (lambda n: setattr(n.noise, "rate", -1.0), "inputs.noise.rate: -1.0 must be greater than or"),
]


@pytest.mark.parametrize(("do", "words"), ASSIGNED, ids=[words for _, words in ASSIGNED])
def test_what_cannot_be_assigned_is_refused_by_name(do, words):
    test_wrong_inputs_say_what_is_right_and_change_nothing(do, words)


def test_what_is_assigned_is_checked_and_noticed():
    net, before = Network(update_interval=10.0), -1
    for interval, surplus in ((20, "all"), (None, "one")):
        net.update_interval, net.surplus = interval, surplus
        assert (net.update_interval, net.surplus) == (interval, surplus)
        assert describe(net)["update_interval"] == interval
        assert net.version > before
        before = net.version


def test_nothing_changes_behind_the_back_of_a_network():
    built, values = Built(), np.array([1.0, 2.0, 3.0])
    built.a.set(I_e=values)
    values[:] = 7.0
    assert built.a.parameters.I_e.tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(ValueError, match="read-only"):
        built.a.parameters.I_e[0] = 7.0
    for mapping in (built.net.populations, built.net.recorders, built.a.elements, built.a.initial):
        with pytest.raises(TypeError, match="does not support item assignment"):
            mapping["x"] = None


def test_what_is_set_together_must_fit():
    built = Built()
    version, narrow = built.net.version, r"^populations\.A\.elements\.axon: the width of the curve"
    with pytest.raises(InputError, match=narrow):
        built.a.set(beta_Ca=100.0)
    with pytest.raises(InputError, match=narrow):
        built.a.set_element("axon", eps=1e-9)
    assert built.a.parameters.beta_Ca == 0.001
    assert built.a.elements["axon"].eps == 0.05
    assert built.net.version == version


def test_elements_may_be_given_as_objects():
    net = Network()
    linear = Linear(growth_rate=1.0, eps=0.5)
    a = net.create("iaf_psc_exp", 1, elements={"e": linear, "f": GAUSSIAN})
    assert a.elements["e"] == linear
    assert a.elements["f"].eps == 0.05


def test_defaults_are_those_of_the_published_neurons():
    net = Network()
    alpha = net.create("iaf_psc_alpha", 1).parameters.model_dump()
    published = {"tau_m": 10.0, "C_m": 250.0, "t_ref": 2.0, "E_L": -70.0, "V_th": -55.0}
    published |= {"V_reset": -70.0, "I_e": 0.0, "tau_Ca": 10_000.0, "beta_Ca": 0.001}
    published |= {"tau_syn_ex": 2.0, "tau_syn_in": 2.0}
    assert alpha == published


def test_spikes_of_the_same_neurons_have_one_recorder():
    net = Network()
    e = net.create("iaf_psc_exp", 4, name="E")
    net.recorder("spike_recorder", "mine", neurons=[{"population": "E", "neurons": "0:4"}])
    net.record_spikes(e)
    assert [*net.recorders] == ["mine"]
    with pytest.raises(InputError) as error:
        net.recorder("spike_recorder", "again", neurons="E")
    told = "recorders.again.neurons: 'E' is recorded already, by recorders.mine"
    assert str(error.value) == told
    # Some of them are other neurons.
    net.record_spikes(e[:2])
    net.record_spikes(e[:2])
    net.recorder("spike_recorder", "others", neurons={"population": "E", "neurons": [0, 2]})
    assert len(net.recorders) == 3


def test_no_recorder_takes_the_place_of_another():
    net = Network()
    e = net.create("iaf_psc_exp", 4, name="E")
    net.recorder("multimeter", "spikes_E", neurons="E")
    net.record_spikes(e)
    assert [recorder.model for recorder in net.recorders.values()] == [
        "multimeter",
        "spike_recorder",
    ]
    net.record(5.0)
    net.record(7.0)  # asked for again, with another interval
    assert net.recorders["recording"].interval == 7.0
    other = Network()
    other.create("iaf_psc_exp", 4, name="E")
    other.recorder("multimeter", "recording", neurons="E")
    with pytest.raises(InputError, match=r"^recorders.recording: 'recording' is there already"):
        other.record(5.0)
