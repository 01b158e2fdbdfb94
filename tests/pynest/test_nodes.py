"""Nodes as a script addresses, asks and sets them; the facts are those of NEST 3.10."""

import numpy as np
import pytest


def test_nodes_are_addressed_as_a_list_is(nest) -> None:
    nodes, others = nest.Create("iaf_psc_alpha", 5), nest.Create("iaf_psc_exp", 3)
    assert nodes.tolist() == [1, 2, 3, 4, 5]
    assert others.tolist() == [6, 7, 8]
    assert nodes[1:4:2].tolist() == [2, 4]
    assert nodes[-1].tolist() == [5]
    assert nodes[[0, 3]].tolist() == [1, 4]
    assert nodes[[True, False, True, False, False]].tolist() == [1, 3]
    assert (nodes[:2] + others).tolist() == [1, 2, 6, 7, 8]
    assert nodes[:2] + nodes[2:] == nodes
    assert [one.global_id for one in others] == [6, 7, 8]
    assert 3 in nodes
    assert others[0] not in nodes
    assert np.array(nodes).tolist() == [1, 2, 3, 4, 5]
    assert nest.GetNodes({"model": "iaf_psc_exp"}) == others
    assert not nest.NodeCollection()


def test_wrong_addresses_are_refused(nest) -> None:
    nodes = nest.Create("iaf_psc_alpha", 3)
    with pytest.raises(IndexError):
        nodes[3]
    with pytest.raises(nest.NESTErrors.BadProperty, match="overlapping"):
        nodes + nodes[1:]
    with pytest.raises(nest.NESTErrors.UnknownNode):
        nest.NodeCollection([2, 9])


def test_one_node_answers_with_a_value_and_several_with_a_tuple(nest) -> None:
    nodes = nest.Create("iaf_psc_alpha", 2, {"V_m": [-60.0, -61.0]})
    assert nodes.V_m == (-60.0, -61.0)
    assert nodes[0].V_m == -60.0
    assert nodes.get(["V_m", "tau_m"]) == {"V_m": (-60.0, -61.0), "tau_m": (10.0, 10.0)}
    assert nodes[1].get()["model"] == "iaf_psc_alpha"
    assert nest.GetStatus(nodes, "V_m") == (-60.0, -61.0)
    assert nest.GetStatus(nodes, ["V_m", "C_m"]) == ((-60.0, 250.0), (-61.0, 250.0))
    with pytest.raises(KeyError):
        nodes.get("unheard_of")


def test_values_are_set_for_all_or_for_each(nest) -> None:
    nodes = nest.Create("iaf_psc_alpha", 3)
    nodes.I_e = 5.0
    nodes[1].set(I_e=6.0, tau_m=12.0)
    assert nodes.I_e == (5.0, 6.0, 5.0)
    nodes.set([{"I_e": 1.0}, {"I_e": 2.0}, {"I_e": 3.0}])
    assert nodes.I_e == (1.0, 2.0, 3.0)
    nest.SetStatus(nodes, "I_e", [7.0, 8.0, 9.0])
    assert nodes.get("I_e") == (7.0, 8.0, 9.0)
    nodes.I_e = nest.random.uniform(1.0, 2.0)
    drawn = nodes.I_e
    assert len(set(drawn)) == 3
    assert all(1.0 < one < 2.0 for one in drawn)
    nest.Simulate(1.0)
    nodes[2].I_e = 500.0
    assert nodes.I_e == (*drawn[:2], 500.0)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"unheard_of": 1.0}, "UnaccessedDictionaryEntry"),
        ({"tau_m": -1.0}, "BadProperty"),
        ({"V_reset": 0.0}, "BadProperty"),
        ({"tau_m": "long"}, "TypeMismatch"),
        ({"V_min": -80.0}, "NotImplemented"),
        ({"synaptic_elements": {"axon": {"growth_curve": "spiral"}}}, "BadProperty"),
    ],
)
def test_a_wrong_value_changes_nothing(nest, given, error) -> None:
    nodes = nest.Create("iaf_psc_alpha", 2)
    before = nodes.get()
    with pytest.raises(getattr(nest.NESTErrors, error)):
        nodes.set(given)
    assert nodes.get() == before


def test_models_are_copied_and_have_defaults(nest) -> None:
    nest.CopyModel("iaf_psc_exp", "mine", {"tau_m": 20.0})
    nest.SetDefaults("mine", "C_m", 100.0)
    assert nest.Create("mine").get(["model", "tau_m", "C_m"]) == {
        "model": "mine",
        "tau_m": 20.0,
        "C_m": 100.0,
    }
    assert nest.GetDefaults("iaf_psc_exp", "tau_m") == 10.0
    with pytest.raises(nest.NESTErrors.NewModelNameExists):
        nest.CopyModel("iaf_psc_exp", "mine")
    with pytest.raises(nest.NESTErrors.UnknownModelName):
        nest.Create("unheard_of")


def test_the_kernel_has_its_settings_as_attributes(nest) -> None:
    nest.resolution = 0.2
    nest.set(rng_seed=12, print_time=True)
    assert nest.GetKernelStatus(["resolution", "rng_seed"]) == (0.2, 12)
    assert (nest.num_processes, nest.structural_plasticity_update_interval) == (1, 10000.0)
    with pytest.raises(AttributeError):
        nest.unheard_of = 1
    with pytest.raises(ValueError, match="not a valid kernel parameter"):
        nest.SetKernelStatus({"unheard_of": 1})
    nest.Create("parrot_neuron")
    with pytest.raises(nest.NESTError, match="already been created"):
        nest.resolution = 0.1
    nest.ResetKernel()
    assert (nest.resolution, nest.network_size) == (0.1, 0)


def test_time_is_simulated_in_whole_steps(nest) -> None:
    nest.Create("iaf_psc_alpha")
    nest.Simulate(1.5)
    with nest.RunManager():
        nest.Run(2.0)
    assert nest.biological_time == pytest.approx(3.5)
    with pytest.raises(nest.NESTErrors.BadParameter):
        nest.Simulate(0.05)
    with pytest.raises(TypeError):
        nest.Simulate("long")


def test_what_is_not_there_says_what_to_do_instead(nest) -> None:
    nodes = nest.Create("iaf_psc_alpha", 2)
    with pytest.raises(nest.NESTError, match="Create: the model gif_psc_exp is not supported: "):
        nest.Create("gif_psc_exp")
    with pytest.raises(nest.NESTError, match=r"nest\.CGConnect is not supported: use Connect"):
        nest.CGConnect(nodes, nodes, None)
    with pytest.raises(nest.NESTError, match="stdp_synapse is not supported: use static_synapse"):
        nest.Connect(nodes, nodes, syn_spec="stdp_synapse")
