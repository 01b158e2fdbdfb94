"""Structural plasticity of a script: the facts that NEST's own tests require, in other words."""

import pytest

BINDING = {"pre_synaptic_element": "out", "post_synaptic_element": "in"}


def elements(**values):
    return {name: {"growth_rate": 0.0, "z": 0.0, **values} for name in ("out", "in")}


def test_elements_have_the_defaults_of_nest(nest) -> None:
    node = nest.Create("iaf_psc_alpha")
    assert node.synaptic_elements == {}
    node.synaptic_elements = {
        "a": {},
        "b": {"growth_curve": "gaussian"},
        "c": {"growth_curve": "sigmoid"},
    }
    shared = {"continuous": True, "eps": 0.7, "growth_rate": 1.0, "tau_vacant": 0.1, "z": 0.0}
    shared |= {"z_connected": 0}
    assert node.synaptic_elements == {
        "a": {**shared, "growth_curve": "linear"},
        "b": {**shared, "growth_curve": "gaussian", "eta": 0.1},
        "c": {**shared, "growth_curve": "sigmoid", "psi": 0.1},
    }


def test_setting_elements_replaces_all_and_parameters_merge(nest) -> None:
    nest.SetDefaults("iaf_psc_alpha", {"synaptic_elements": {"old": {"z": 15.0}}})
    node = nest.Create("iaf_psc_alpha")
    assert node.synaptic_elements["old"]["z"] == 15.0
    node.set({"synaptic_elements": {"new": {"z": 10.0, "growth_curve": "gaussian"}}})
    assert list(node.synaptic_elements) == ["new"]
    node.synaptic_elements_param = {"new": {"eta": 0.0, "eps": 0.0}, "none": {"z": 3.0}}
    assert node.synaptic_elements["new"]["z"] == 10.0  # eta and eps may be alike until then
    with pytest.raises(nest.NESTErrors.BadProperty, match="eta and eps"):
        nest.Simulate(1.0)
    node.synaptic_elements_param = {"new": {"eta": 0.1}}
    nest.Simulate(1.0)


def test_an_update_binds_what_is_vacant(nest) -> None:
    nest.structural_plasticity_synapses = {"one": {"synapse_model": "static_synapse", **BINDING}}
    nodes = nest.Create("iaf_psc_alpha", 2, {"synaptic_elements": elements(z=10.0)})
    nest.Simulate(5.0)
    assert len(nest.GetConnections()) == 0
    nest.EnableStructuralPlasticity()
    nest.structural_plasticity_update_interval = 10.0
    nest.Simulate(10.0)
    for node in nodes.synaptic_elements:
        assert (node["out"]["z_connected"], node["in"]["z_connected"]) == (10, 10)
    assert len(nest.GetConnections(nodes, nodes, "static_synapse")) == 20


@pytest.mark.parametrize(("flag", "most"), [("allow_autapses", 6), ("allow_multapses", 4)])
def test_flags_are_kept_at_updates(nest, flag, most) -> None:
    entry = {"synapse_model": "static_synapse", **BINDING, flag: False}
    nest.structural_plasticity_synapses = {"one": entry}
    assert nest.structural_plasticity_synapses["one"][flag] is False
    nest.Create("iaf_psc_alpha", 2, {"synaptic_elements": elements(z=3.0)})
    nest.EnableStructuralPlasticity()
    nest.Simulate(1.0)
    found = nest.GetConnections()
    pairs = list(zip(found.source, found.target, strict=True))
    assert 0 < len(pairs) <= most
    if flag == "allow_autapses":
        assert all(s != t for s, t in pairs)
    else:
        assert len(set(pairs)) == len(pairs)


def test_connect_and_disconnect_bind_and_free_before_any_time(nest) -> None:
    nest.CopyModel("static_synapse", "bound", {"delay": 0.5})
    synapse = {"synapse_model": "bound", **BINDING}
    nest.structural_plasticity_synapses = {"one": synapse}
    nodes = nest.Create("iaf_psc_alpha", 10, {"synaptic_elements": elements()})
    nest.Connect(nodes, nodes, "all_to_all", synapse)
    assert {n["out"]["z_connected"] for n in nodes.synaptic_elements} == {10}
    nest.Disconnect(nodes[:5], nodes[5:], conn_spec="one_to_one", syn_spec="bound")
    bound = [(n["out"]["z_connected"], n["in"]["z_connected"]) for n in nodes.synaptic_elements]
    assert bound == [(9, 10)] * 5 + [(10, 9)] * 5
    nodes.synaptic_elements = elements(z=20.0)  # before any time all is made anew
    assert [n["in"]["z_connected"] for n in nodes.synaptic_elements] == [10] * 5 + [9] * 5


def test_rules_that_draw_bind_no_elements(nest) -> None:
    nodes = nest.Create("iaf_psc_alpha", 2, {"synaptic_elements": elements()})
    synapse = {"synapse_model": "static_synapse", **BINDING}
    for rule in ({"rule": "fixed_indegree", "indegree": 1}, {"rule": "pairwise_bernoulli", "p": 1}):
        with pytest.raises(nest.NESTErrors.NotImplemented):
            nest.Connect(nodes, nodes, rule, synapse)


def test_threads_and_structural_plasticity_exclude_each_other(nest) -> None:
    nest.EnableStructuralPlasticity()
    with pytest.raises(nest.NESTError):
        nest.local_num_threads = 2
    nest.ResetKernel()
    nest.total_num_virtual_procs = 4
    with pytest.raises(nest.NESTError):
        nest.EnableStructuralPlasticity()


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ({"synapse_model": "unheard_of", **BINDING}, "UnknownSynapseType"),
        ({"synapse_model": "static_synapse", "pre_synaptic_element": "out"}, "BadProperty"),
    ],
)
def test_a_wrong_entry_is_refused(nest, entry, error) -> None:
    with pytest.raises(getattr(nest.NESTErrors, error)):
        nest.structural_plasticity_synapses = {"one": entry}


def test_parameters_of_elements_are_set_between_runs(nest) -> None:
    nodes = nest.Create("iaf_psc_alpha", 3, {"synaptic_elements": elements(z=1.0)})
    nest.Simulate(10.0)
    nodes[1].synaptic_elements_param = {"out": {"growth_rate": 0.1, "z": 5.0}}
    assert [n["out"]["z"] for n in nodes.synaptic_elements] == [1.0, 5.0, 1.0]
    nest.Simulate(10.0)
    assert [n["out"]["z"] for n in nodes.synaptic_elements] == pytest.approx([1.0, 6.0, 1.0])
    with pytest.raises(nest.NESTError, match="synaptic_elements_param"):
        nodes.synaptic_elements = elements()
