"""Figures of every kind: what they show of real runs, also where there is next to nothing."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from distsp import Experiment, Simulation, load_results
from distsp.base.errors import InputError
from distsp.cli import plot
from distsp.results.figures import (
    KINDS,
    animate,
    degrees,
    distances,
    groups,
    matrix,
    network_map,
    raster,
    save,
    time_courses,
    traces,
    updates,
)
from distsp.results.figures import calcium as calcium_of_each
from distsp.results.read import Results
from distsp.results.write import write_results

NEURONS = """
name = "few"
duration = 5.0
record_interval = {interval}
populations.A = {{ model = "iaf_psc_alpha", size = {size}, record_spikes = true }}
synapse_types.static = {{ weight = 20.0, delay = 1.0 }}
recorders.meter = {{ model = "multimeter", neurons = {{ population = "A", neurons = [0] }} }}
recorders.counts = {{ model = "synapse_counts", interval = 5.0, groups.all = "A" }}
recorders.snapshots = {{ model = "connectivity", times = [0.0, 5.0] }}
recorders.updates = {{ model = "structural_updates" }}
{more}
"""
WIRES = """
[[connections]]
source = "A"
target = "A"
synapse = "static"
rule = { rule = "fixed_indegree", indegree = 10 }
"""


def run(folder: Path, text: str) -> Results:
    """Return the results of an experiment."""
    experiment = Experiment.from_toml(text)
    simulation = Simulation(experiment.build())
    simulation.run(experiment.duration)
    write_results(simulation, experiment, folder)
    return load_results(folder)


@pytest.mark.parametrize("kind", KINDS)
def test_is_as_wide_as_a_column_and_says_what_its_axes_are(studied, kind, tmp_path, recwarn):
    figure = KINDS[kind](studied)
    save(figure, tmp_path / "one.png", tmp_path / "one.pdf")
    assert figure.get_figwidth() == pytest.approx(85.0 / 25.4)
    assert figure.get_figheight() < 8.0
    shared = figure.get_supylabel()
    for axes in figure.axes:
        texts = [axes.get_ylabel() or shared]
        if not axes.get_shared_x_axes().get_siblings(axes)[1:] or axes.get_xlabel():
            texts += [axes.get_xlabel()] if axes.get_label() != "<colorbar>" else []
        for text in texts:
            assert (
                "(" in text
                or "number of" in text
                or "neuron" in text
                or "per" in text
                or ("elements" in text)
            ), text
        for label in (axes.xaxis.label, axes.yaxis.label, *axes.get_xticklabels()):
            assert label.get_fontsize() == 8.0
    assert not [str(warning.message) for warning in recwarn]


def test_lines_are_what_was_recorded(studied: Results) -> None:
    calcium, rate, synapses = time_courses(studied).axes
    _, line_e, line_i = calcium.get_lines()
    np.testing.assert_array_equal(line_e.get_ydata(), studied.calcium["E"])
    np.testing.assert_array_equal(rate.get_lines()[1].get_ydata(), studied.rate["I"])
    assert line_e.get_color() != line_i.get_color()
    counts = synapses.get_lines()[0].get_ydata()
    np.testing.assert_array_equal(counts, studied.synapse_counts["plastic"])

    points, _ = raster(studied, "E").axes
    drawn = points.get_lines()[0]
    assert len(drawn.get_xdata()) == len(studied.spikes["E"]["time"])
    np.testing.assert_allclose(drawn.get_ydata(), studied.spikes["E"]["id"])

    plastic, valued = groups(studied).axes
    read = studied.recorders["between"]["counts"]
    np.testing.assert_array_equal(plastic.get_lines()[1].get_ydata(), read["plastic"][:, 0, 1])
    assert valued.get_title(loc="right") == "valued"

    shown = matrix(studied, at=20.0).axes[0].get_images()[0].get_array()
    np.testing.assert_array_equal(shown, studied.matrix("plastic", at=20.0).toarray())

    ins, outs, *_ = degrees(studied).axes
    for axes, axis in ((ins, 0), (outs, 1)):
        numbers, edges, _ = axes.patches[0].get_data()
        degree = studied.matrix("plastic").sum(axis=axis)[:40]
        assert numbers.sum() == 40
        assert (numbers * np.floor(edges[:-1] + 0.5)).sum() == degree.sum()

    made, vacant = updates(studied).axes
    read = studied.recorders["updates"]
    heights = [bar.get_height() for bar in made.patches]
    right = sum(read["made"]["plastic"].values()), -sum(read["broken"]["plastic"].values())
    np.testing.assert_array_equal(heights, np.concatenate(right))
    np.testing.assert_array_equal(vacant.get_lines()[0].get_ydata(), read["vacant"]["E"]["axon"])

    points = network_map(studied, {"population": "E", "neurons": [3]}).axes[0]
    drawn = [np.asarray(one.get_offsets()) for one in points.collections]
    for name, offsets in zip("EI", drawn, strict=True):
        np.testing.assert_array_equal(offsets, studied.neurons[name]["position"])
    wired = studied.synapses["plastic"]["target"][studied.synapses["plastic"]["source"] == 3]
    lines = points.get_lines()
    assert len(lines) >= len(wired) > 0
    begin, end = np.array([lines[0].get_data()[i] for i in (0, 1)]).T
    np.testing.assert_array_equal(begin, studied.neurons["E"]["position"][3])
    place = np.concatenate([studied.neurons[name]["position"] for name in "EI"])[wired[0]]
    assert np.abs((end - place) - np.rint(end - place)).max() < 1e-12
    assert np.abs(end - begin).max() <= 0.5

    long = distances(studied).axes[0].patches[-1]
    numbers, edges, _ = long.get_data()
    assert (numbers * np.diff(edges)).sum() == pytest.approx(1.0)

    first = calcium_of_each(studied).axes[0]
    assert sum(bar.get_height() for bar in first.patches) == 40
    assert len(traces(studied).axes) == 4


def test_command(studied: Results, capsys, monkeypatch, tmp_path) -> None:
    folder = studied.path.parent
    assert plot.main([str(folder), "--kind", "all", "--animate", "gif"]) == 0
    written = [f"{kind}.png" for kind in KINDS] + ["connectivity.gif"]
    out = capsys.readouterr().out.splitlines()
    assert out == [f"written      {folder / name}" for name in written]
    with Image.open(folder / "connectivity.gif") as movie:
        assert movie.n_frames == 7
    monkeypatch.setenv("PATH", str(tmp_path))
    assert plot.main([str(folder), "--animate", "mp4"]) == 2
    told = "distsp: mp4: needs the program ffmpeg, which is not there; gif does without it\n"
    assert capsys.readouterr().err == told
    assert not (folder / "connectivity.mp4").exists()


@pytest.mark.parametrize(
    ("size", "interval", "more"), [(1, 5.0, ""), (3, 1.0, ""), (10_000, 5.0, WIRES)]
)
def test_little_and_much(tmp_path: Path, recwarn, size: int, interval: float, more: str) -> None:
    """An empty network, a run of one recording, no plasticity, and 10,000 neurons."""
    results = run(tmp_path, NEURONS.format(size=size, interval=interval, more=more))
    for kind, draw in KINDS.items():
        missing = {"updates": "structural updates", "network_map": "positions"}
        missing["distances"] = "positions"
        if kind in missing:
            with pytest.raises(InputError, match=f"figure: the results have no {missing[kind]}"):
                draw(results)
            continue
        save(draw(results), tmp_path / f"{kind}.png")
        assert (tmp_path / f"{kind}.png").stat().st_size > 1000
    animate(results, tmp_path / "connectivity.gif")
    assert not [str(warning.message) for warning in recwarn]
    image = matrix(results).axes[0].get_images()[0].get_array()
    assert image.shape[0] == min(size, 250)
    assert image.mean() == pytest.approx(10.0 / size if more else 0.0)


def test_where_there_is_nothing_a_line_says_what_there_should_be(tmp_path: Path, capsys) -> None:
    text = 'name = "bare"\nduration = 1.0\npopulations.A = { model = "iaf_psc_exp", size = 1 }\n'
    run(tmp_path, text)
    for kind, told in {
        "time_courses": "no recording yet; the first one comes after record_interval",
        "raster": "no spikes of these neurons; record_spikes = true or a spike_recorder has",
        "groups": "no numbers of synapses between groups; a recorder synapse_counts counts",
        "matrix": "no synapses; the network has no synapse types",
        "degrees": "no synapses; the network has no synapse types",
        "updates": "no structural updates; a recorder structural_updates notes them",
        "traces": "no membrane potentials; a multimeter with the variable",
    }.items():
        assert plot.main([str(tmp_path), "--kind", kind]) == 2
        err = capsys.readouterr().err
        assert err.startswith(f"distsp: figure: the results have {told}")
        assert err.count("\n") == 1
    assert plot.main([str(tmp_path), "--animate", "gif"]) == 2
    assert "no two snapshots of synapses; a recorder conn" in capsys.readouterr().err
    assert plot.main([str(tmp_path), "--kind", "all"]) == 0
    assert capsys.readouterr().out == f"written      {tmp_path / 'calcium.png'}\n"
