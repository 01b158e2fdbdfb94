"""Figures: what the lines show."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from distsp import Experiment, Simulation, load_results
from distsp.results.figures import plot_structural_plasticity
from distsp.results.read import Results
from distsp.results.write import write_results


@pytest.fixture
def figures(monkeypatch) -> list[Figure]:
    """All figures that are saved."""
    saved = []
    savefig = Figure.savefig

    def save(figure: Figure, *arguments, **options) -> None:
        saved.append(figure)
        savefig(figure, *arguments, **options)

    monkeypatch.setattr(Figure, "savefig", save)
    return saved


def results_of(experiment: Experiment, folder) -> Results:
    simulation = Simulation(experiment.build())
    simulation.run(experiment.duration)
    write_results(simulation, experiment, folder)
    return load_results(folder)


@pytest.fixture(scope="module")
def plastic(tmp_path_factory) -> Results:
    experiment = Experiment.bundled("structural_plasticity").scaled(0.05)
    for path, value in (
        ("duration", "2000"),
        ("update_interval", "200"),
        ("record_interval", "50"),
    ):
        experiment = experiment.changed(path, value)
    for element in ("Den_ex", "Axon_ex"):
        experiment = experiment.changed(f"populations.E.elements.{element}.growth_rate", "0.005")
    return results_of(experiment, tmp_path_factory.mktemp("plastic"))


def test_published_figure(plastic: Results, tmp_path, figures) -> None:
    plot_structural_plasticity(plastic, tmp_path / "figure.png")
    left, right = figures[0].axes
    pale_e, calcium_e, pale_i, calcium_i = left.get_lines()
    synapses_ex, synapses_in = right.get_lines()
    np.testing.assert_array_equal(calcium_e.get_xdata(), plastic.time / 1000.0)
    np.testing.assert_array_equal(calcium_e.get_ydata(), plastic.calcium["E"])
    np.testing.assert_array_equal(calcium_i.get_ydata(), plastic.calcium["I"])
    assert set(pale_e.get_ydata()) == {0.05}
    assert set(pale_i.get_ydata()) == {0.2}
    assert pale_e.get_linewidth() > 2 * calcium_e.get_linewidth()
    np.testing.assert_array_equal(synapses_ex.get_ydata(), plastic.synapse_counts["synapse_ex"])
    np.testing.assert_array_equal(synapses_in.get_ydata(), plastic.synapse_counts["synapse_in"])
    assert plastic.synapse_counts["synapse_ex"][-1] > 0
    assert (calcium_e.get_color(), calcium_i.get_color()) == ("tab:blue", "tab:red")
    assert (synapses_ex.get_color(), synapses_in.get_color()) == ("magenta", "black")
    assert synapses_ex.get_linestyle() == synapses_in.get_linestyle() == "--"
    assert left.get_xlim() == (0.0, 2.0)
    assert left.get_ylim()[1] > 0.2
    labels = [text.get_text() for text in figures[0].legends[0].get_texts()]
    assert labels == [
        "calcium of E (pale: target)",
        "calcium of I (pale: target)",
        "excitatory synapses (synapse_ex)",
        "inhibitory synapses (synapse_in)",
    ]


@pytest.mark.parametrize(
    ("suffix", "begin"), [("png", b"\x89PNG"), ("pdf", b"%PDF"), ("eps", b"%!PS-Adobe")]
)
def test_formats(plastic: Results, tmp_path, recwarn, suffix: str, begin: bytes) -> None:
    plot_structural_plasticity(plastic, tmp_path / f"figure.{suffix}")
    assert (tmp_path / f"figure.{suffix}").read_bytes().startswith(begin)
    assert [path.name for path in tmp_path.iterdir()] == [f"figure.{suffix}"]
    assert not [str(warning.message) for warning in recwarn]


def test_without_plastic_synapses_the_rates(tmp_path, figures) -> None:
    experiment = Experiment.bundled("balanced_random").scaled(0.2).changed("duration", "100")
    results = results_of(experiment, tmp_path)
    plot_structural_plasticity(results, tmp_path / "figure.png")
    (axes,) = figures[0].axes
    assert "Hz" in axes.get_ylabel()
    for line, name in zip(axes.get_lines(), ("E", "I"), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), results.rate[name])


@pytest.mark.parametrize("duration", ["10", "20", "25"])
def test_few_recordings(tmp_path, recwarn, duration: str) -> None:
    experiment = Experiment.bundled("balanced_random").scaled(0.1).changed("duration", duration)
    results = results_of(experiment, tmp_path)
    plot_structural_plasticity(results, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 1000
    assert not [str(warning.message) for warning in recwarn]
