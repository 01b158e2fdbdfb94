"""Scripts of NEST 2, and how they are told from those of NEST 3."""

from pathlib import Path

import pytest

from distsp.base.errors import InputError
from distsp.pynest.speech import version_of

GROWTH = {"growth_curve": "linear", "growth_rate": 0.05, "eps": 0.02, "z": 3.0, "tau_vacant": 0.1}
OF = {"pre_synaptic_element": "axon", "post_synaptic_element": "dendrite"}


def simulated(nest, version):
    """Return what a network shows whose first part is stimulated, in the syntax of a version."""
    nest.ResetKernel()
    nest.SetKernelStatus({"resolution": 0.1})
    nest.CopyModel("static_synapse", "plastic", {"weight": 10.0, "delay": 1.5})
    if version == 2:
        nest.SetStructuralPlasticityStatus({"structural_plasticity_update_interval": 100})
        entries = {"one": {"model": "plastic", **OF}}
        nest.SetStructuralPlasticityStatus({"structural_plasticity_synapses": entries})
        nodes = nest.Create("iaf_psc_alpha", 20, {"tau_Ca": 100.0})
        nest.SetStatus(nodes, "synaptic_elements", {"axon": GROWTH, "dendrite": GROWTH})
        noise, recorder = nest.Create("poisson_generator", 2), nest.Create("spike_detector")
        nest.SetStatus(noise, {"rate": 9000.0})
        nest.Connect([noise[0]], nodes[:5], "all_to_all", {"weight": 20.0})
        nest.Connect([noise[1]], nodes[5:], "all_to_all", model="plastic")
        nest.Connect(nodes, recorder)
        rule = {"rule": "fixed_indegree", "indegree": 3, "autapses": False}
        nest.Connect(nodes, nodes, rule, {"model": "static_synapse", "weight": -5.0})
    else:
        nest.structural_plasticity_update_interval = 10.0
        nest.structural_plasticity_synapses = {"one": {"synapse_model": "plastic", **OF}}
        nodes = nest.Create("iaf_psc_alpha", 20, {"tau_Ca": 100.0})
        nodes.synaptic_elements = {"axon": GROWTH, "dendrite": GROWTH}
        noise, recorder = nest.Create("poisson_generator", 2), nest.Create("spike_recorder")
        noise.rate = 9000.0
        nest.Connect(noise[0], nodes[:5], syn_spec={"weight": 20.0})
        nest.Connect(noise[1], nodes[5:], syn_spec="plastic")
        nest.Connect(nodes, recorder)
        rule = {"rule": "fixed_indegree", "indegree": 3, "allow_autapses": False}
        nest.Connect(nodes, nodes, rule, {"weight": -5.0})
    nest.EnableStructuralPlasticity()
    nest.Simulate(50.0)
    if version == 2:
        nest.SetStatus([noise[0]], "rate", 12000.0)
        nest.SetStatus(nodes[:3], "synaptic_elements_param", {"axon": {"growth_rate": 0.1}})
    else:
        noise[0].rate = 12000.0
        nodes[:3].synaptic_elements_param = {"axon": {"growth_rate": 0.1}}
    nest.Simulate(50.0)
    found = nest.GetConnections(nodes, nodes, "plastic")
    elements = nest.GetStatus(nodes, "synaptic_elements")
    return {
        "calcium": nest.GetStatus(nodes, "Ca"),
        "bound": [one["axon"]["z_connected"] for one in elements],
        "source": list(nest.GetStatus(found, "source")),
        "target": list(nest.GetStatus(found, "target")),
        "times": nest.GetStatus(recorder, "events")[0]["times"].tolist(),
        "weights": list(nest.GetStatus(nest.GetConnections(nodes, nodes), "weight")),
    }


def test_both_versions_of_a_script_show_the_same(nest, nest_2) -> None:
    old = simulated(nest_2, 2)
    nest_2.ResetKernel()
    from distsp.pynest.old_calls import speak

    speak(3)
    new = simulated(nest, 3)
    assert sum(new["bound"]) == len(new["source"]) > 0
    assert old == new


def test_nest_2_has_ids_steps_and_tuples(nest_2) -> None:
    nodes = nest_2.Create("iaf_neuron", 3)
    assert nodes == (1, 2, 3)
    assert nest_2.GetKernelStatus("structural_plasticity_update_interval") == 1000
    nest_2.Connect(nodes, nodes, "one_to_one")
    first, *_ = nest_2.GetConnections()
    assert first[:2] == (1, 1)
    nest_2.SetStatus(nest_2.GetConnections([2]), {"weight": 4.0})
    assert nest_2.GetStatus(nest_2.GetConnections(), "weight") == (1.0, 4.0, 1.0)
    assert nest_2.GetStatus([3, 1], ["global_id", "model"]) == (
        (3, "iaf_neuron"),
        (1, "iaf_neuron"),
    )


def test_seeds_of_nest_2_are_a_seed(nest_2) -> None:
    found = []
    for seeds in ([1], [2], [1]):
        nest_2.ResetKernel()
        nest_2.SetKernelStatus({"grng_seed": 5, "rng_seeds": seeds})
        found.append(nest_2.GetKernelStatus("rng_seed"))
    assert found[0] == found[2] != found[1]


def test_autapses_of_the_kernel_are_those_of_updates(nest_2) -> None:
    entries = {"one": {"model": "static_synapse", **OF}}
    nest_2.SetKernelStatus({"structural_plasticity_synapses": entries, "autapses": False})
    assert (
        nest_2.GetKernelStatus("structural_plasticity_synapses")["one"]["allow_autapses"] is False
    )


def test_a_call_of_nest_2_after_nest_3_is_a_mixture(nest) -> None:
    nest.Create("iaf_psc_alpha")
    with pytest.raises(nest.NESTError, match="is a call of NEST 2 in a script of NEST 3"):
        nest.SetStructuralPlasticityStatus({})


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("import nest\nnest.Create('spike_detector')", 2),
        ("import nest as n\nn.SetStructuralPlasticityStatus({})", 2),
        ("import nest\nnest.SetKernelStatus({'rng_seeds': [1]})", 2),
        ("import nest\nnest.Create('spike_recorder')", 3),
        ("import nest\nnest.resolution = 0.1", 3),
        ("import nest\nx = {'synapse_model': 'a'}", 3),
        ("import nest\nnest.Create('iaf_psc_alpha')", 3),
    ],
)
def test_the_version_is_found_out_from_what_a_script_calls(tmp_path: Path, text, version) -> None:
    script = tmp_path / "script.py"
    script.write_text(text)
    assert version_of(script) == version


def test_files_that_a_script_imports_tell_its_version(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("DEVICE = 'spike_detector'\n")
    (tmp_path / "script.py").write_text("import nest\nfrom model import DEVICE\n")
    assert version_of(tmp_path / "script.py") == 2


def test_a_mixture_is_refused(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import nest\nnest.resolution = 0.1\nnest.Create('spike_detector')\n")
    with pytest.raises(InputError, match=r"'spike_detector' \(script.py, line 3\) of NEST 2 and"):
        version_of(script)
