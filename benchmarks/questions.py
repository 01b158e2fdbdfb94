"""The questions of the suite: a function each, which measures and returns an `Answer`."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from measure import Nest, Numbers, measure
from report import Answer, Panel, Row, shares
from scipy.stats import ks_2samp


@dataclass
class Suite:
    """How large the measurements are, and what NEST is there."""

    quick: bool
    nest: Nest

    def pick(self, full: Any, quick: Any) -> Any:
        """Return the first in a full run, the second in a quick one."""
        return quick if self.quick else full

    def goal(self, value: float) -> float | None:
        """Return a goal that only a full run can be held to."""
        return None if self.quick else value


def default_run(suite: Suite) -> Answer:
    """How long does the published experiment take?"""
    runs = default_runs(suite)
    seconds = {ranks: longest(run) for ranks, run in runs.items()}
    duration = suite.pick(200_000.0, 10_000.0)
    nest = suite.nest.measure("nest_default_run.py", "--duration", duration).get("seconds")
    what = f"default run, {duration / 1000:g} s"
    rows = [
        Row(what, seconds[1], "s", 1, suite.goal(5.0), nest=nest),
        Row(what, seconds[2], "s", 2, nest=nest),
        Row(f"{what}, more ranks than cores", seconds[4], "s", 4, suite.goal(10.0), nest=nest),
        Row("2 ranks against 1", seconds[1] / seconds[2], "times", 2, 1.6, at_least=True),
    ]
    if nest:
        rows.append(Row("against NEST", nest / seconds[1], "times", 1, 40.0, at_least=True))
    big = big_runs(suite)
    faster = longest(big[1]) / longest(big[2])
    what = f"10,000 neurons, {big_duration(suite) / 1000:g} s"
    rows += [Row(what, longest(big[ranks]), "s", ranks) for ranks in (1, 2)]
    rows.append(Row("10,000 neurons, 2 ranks against 1", faster, "times", 2, 1.9, at_least=True))
    bars = {f"{ranks} ranks": shares(run) for ranks, run in runs.items()}
    note = (
        "Recordings included, figure and start of the program excluded. NEST runs on one process: "
        "its structural plasticity does not work with threads."
    )
    return Answer("The default run", rows, [Panel("share of the time (%)", "", bars=bars)], note)


def default_runs(suite: Suite) -> dict[int, Numbers]:
    """Return runs of the published experiment on 1, 2 and 4 ranks."""
    duration, repeats = suite.pick(200_000.0, 10_000.0), suite.pick(3, 1)
    return {ranks: measure("default_run", ranks, repeats, duration=duration) for ranks in (1, 2, 4)}


def big_duration(suite: Suite) -> float:
    """Return how much of the experiment with 10,000 neurons is run (ms)."""
    return suite.pick(30_000.0, 2_000.0)


def big_runs(suite: Suite) -> dict[int, Numbers]:
    """Return runs with ten times as many neurons."""
    repeats, duration = suite.pick(3, 1), big_duration(suite)
    return {
        ranks: measure("default_run", ranks, repeats, duration=duration, factor=10.0)
        for ranks in (1, 2, 4)
    }


def brunel_runs(suite: Suite) -> dict[int, Numbers]:
    """Return runs of the network of Brunel."""
    repeats = suite.pick(3, 1)
    size = {"duration": suite.pick(1000.0, 100.0), "scale": suite.pick(1.0, 0.2)}
    return {ranks: measure("brunel", ranks, repeats, **size) for ranks in (1, 2, 4)}


def strong_scaling(suite: Suite) -> Answer:
    """How much faster is the same network on more ranks?"""
    networks = {
        "1,000 neurons, default": default_runs(suite),
        "10,000 neurons, default": big_runs(suite),
        "10,000 neurons, Brunel": brunel_runs(suite),
    }
    rows, lines = [], {}
    for name, runs in networks.items():
        faster = {ranks: longest(runs[1]) / longest(run) for ranks, run in runs.items()}
        rows += [Row(name, faster[ranks], "times", ranks) for ranks in (2, 4)]
        lines[name] = (list(faster), list(faster.values()))
    note = "There are 2 cores: 4 ranks share them, and those that wait take time from the others."
    panel = Panel("ranks", "times as fast as one rank", lines, diagonal=True, from_zero=True)
    return Answer("Strong scaling", rows, [panel], note)


def weak_scaling(suite: Suite) -> Answer:
    """What does it cost to add neurons and ranks together?"""
    per_rank, duration = 10_000, suite.pick(2000.0, 200.0)
    indegree = suite.pick(1000, 100)
    rows, lines = [], {}
    for name, case, arguments in (
        ("unconnected", "neurons", {"steps": round(duration / 0.1)}),
        (f"{indegree} synapses each", "delivery", {"indegree": indegree, "duration": duration}),
    ):
        runs = {
            ranks: measure(case, ranks, suite.pick(3, 1), per_rank=per_rank, **arguments)
            for ranks in (1, 2, 4)
        }
        seconds = {ranks: longest(run) for ranks, run in runs.items()}
        lines[name] = (list(seconds), [100.0 * seconds[1] / s for s in seconds.values()])
        rows += [
            Row(f"{per_rank:,} neurons per rank, {name}", 100.0 * seconds[1] / s, "%", ranks)
            for ranks, s in seconds.items()
        ]
    note = (
        "Time of one rank over the time of N ranks with N times as many neurons. With 4 ranks on "
        "2 cores 50 % is the most that can be."
    )
    panel = Panel("ranks", "efficiency (%)", lines, from_zero=True)
    return Answer("Weak scaling", rows, [panel], note)


def neurons(suite: Suite) -> Answer:
    """Does a neuron cost the same in a small and in a large network?"""
    sizes = suite.pick(
        (1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000), (1_000, 10_000, 100_000)
    )
    lines, rows = {}, []
    for ranks in (1, 2):
        cost = []
        for n in sizes:
            steps = max(suite.pick(600_000_000, 30_000_000) // n // 10 * 10, 100)
            run = measure("neurons", ranks, per_rank=n, steps=steps)
            cost.append(1e9 * longest(run) / max(run["neuron_steps"]))
            rows.append(Row(f"{n:,} neurons per rank", cost[-1], "ns per neuron-step", ranks))
        lines[f"{ranks} rank{'s' * (ranks > 1)}"] = (sizes, cost)
        flat = max(cost) / min(cost)
        rows.append(Row("most against least", flat, "times", ranks, suite.goal(1.5)))
    panel = Panel("neurons per rank", "ns per neuron-step", lines, "x", from_zero=True)
    note = (
        "iaf_psc_alpha with one Poisson event per step. The time of the loop of a rank, exchange "
        "included, over the neuron-steps of a rank."
    )
    return Answer("Cost against neurons", rows, [panel], note)


def poisson(suite: Suite) -> Answer:
    """What does Poisson input cost?"""
    steps, repeats = suite.pick(300_000, 20_000), suite.pick(3, 1)
    counts = (0.01, 0.1, 1.0, 10.0, 80.0)
    arguments = {"per_rank": 1000, "steps": steps}
    without = cost(measure("neurons", 1, repeats, expected=None, **arguments))
    costs = [cost(measure("neurons", 1, repeats, expected=c, **arguments)) for c in counts]
    more = [c - without for c in costs]
    rows = [Row("without input", without, "ns per neuron-step")]
    for count, ns in zip(counts, more, strict=True):
        goal = suite.goal(2.0) if count <= 10 else None
        rows.append(Row(f"{count:g} events per step: more", ns, "ns per neuron-step", goal=goal))
    lines = {"with input less without": (counts, more)}
    panel = Panel("expected events per step", "ns per neuron-step", lines, "x", from_zero=True)
    return Answer("Cost of Poisson input", rows, [panel])


def synapses(suite: Suite) -> Answer:
    """What does a synaptic event cost?"""
    indegrees, duration = suite.pick((10, 100, 1000, 3000), (10, 100)), suite.pick(1000.0, 100.0)
    rows, panels = [], []
    ns_lines, byte_lines = {}, {}
    for weight, label in (("shared", "weight of the type"), ("own", "own weight and delay")):
        for ranks in (1, 2):
            ns, stored = [], []
            for k in indegrees:
                arguments = {"per_rank": 10_000 // ranks, "indegree": k, "duration": duration}
                run = measure("delivery", ranks, weight=weight, **arguments)
                ns.append(1e9 * longest(run, "delivery") / max(run["events"]))
                stored.append(longest(run, "synapse_bytes"))
                rows.append(Row(f"{k} synapses, {label}", ns[-1], "ns per event", ranks))
            ns_lines[f"{label}, {ranks} rank{'s' * (ranks > 1)}"] = (indegrees, ns)
            if ranks == 1:
                goal = suite.goal(16.0 if weight == "shared" else 24.0)
                rows.append(Row(label, stored[-1], "bytes per synapse", goal=goal))
                byte_lines[label] = (indegrees, stored)
    panels.append(Panel("synapses per neuron", "ns per event and rank", ns_lines, "xy"))
    panels.append(Panel("synapses per neuron", "bytes per synapse", byte_lines, "x"))
    note = (
        "10,000 iaf_psc_delta neurons that fire at 20 Hz. Delivery only: with few synapses the "
        "events share the cost of looking up their source."
    )
    return Answer("Cost against synapses", rows, panels, note)


def brunel(suite: Suite) -> Answer:
    """How fast is a network in which synapses do most of the work, and is it right?"""
    runs = brunel_runs(suite)
    duration, scale = suite.pick(1000.0, 100.0), suite.pick(1.0, 0.2)
    what = f"{duration / 1000:g} s of {10_000 * scale:,.0f} neurons"
    size = ("--duration", duration, "--scale", scale)
    rows = []
    for ranks in (1, 2):
        run = runs[ranks]
        nest = suite.nest.measure("nest_brunel.py", *size, "--threads", ranks)
        seconds, ns = longest(run), 1e9 * longest(run, "delivery") / max(run["events"])
        build = suite.goal({1: 2.0, 2: 1.2}[ranks])
        rows += [
            Row(what, seconds, "s", ranks, nest=nest.get("seconds")),
            Row("build", longest(run, "build"), "s", ranks, build, nest=nest.get("build")),
            Row("delivery", ns, "ns per event and rank", ranks, suite.goal(4.0)),
            Row("memory of the synapses", longest(run, "synapse_bytes"), "bytes", ranks, 16.0),
        ]
        if nest:
            faster = nest["seconds"] / seconds
            rows.append(Row("against NEST", faster, "times", ranks, suite.goal(8.0), True))
    more, panels = brunel_activity(suite, size)
    note = (
        "800 excitatory and 200 inhibitory synapses per neuron, static weights. NEST has as many "
        "threads as distsp has ranks, and static_synapse_hom_w. KS is the largest difference of "
        "the two cumulative distributions."
    )
    return Answer("The network of Brunel (2000)", rows + more, panels, note)


def study(suite: Suite) -> Answer:
    """How fast is a study of published size while it rewires itself?"""
    duration, size = suite.pick(4000.0, 200.0), suite.pick(12_500, 1_250)
    rows = []
    for ranks, goal in ((1, 0.43), (2, 0.25)):
        run = measure("study", ranks, suite.pick(3, 1), duration=duration, size=size)
        seconds = longest(run) / duration * 1000.0
        rows += [
            Row("per simulated second", seconds, "s", ranks, suite.goal(goal)),
            Row("mean rate", max(run["rate"]), "Hz", ranks),
            Row("plastic synapses", max(run["synapses"]), "", ranks),
        ]
    note = (
        f"{size:,} neurons, a fifth inhibitory; each pair is connected with probability 0.1. "
        "Excitatory synapses onto excitatory neurons are plastic, with an update every 100 ms."
    )
    return Answer("A study of published size", rows, [], note)


def recording(suite: Suite) -> Answer:
    """What does it cost to record what studies record?"""
    duration, size = suite.pick(4000.0, 200.0), suite.pick(12_500, 1_250)
    repeats, rows = suite.pick(3, 1), []
    for ranks in (1, 2):
        study = {"duration": duration, "size": size}
        without, run = (
            measure("study", ranks, repeats, **study, recorded=recorded)
            for recorded in (False, True)
        )
        more = 100.0 * (longest(run) / longest(without) - 1.0)
        rows += [
            Row("spikes of a tenth of E, counts, a multimeter", more, "% more", ranks, 5.0),
            Row(f"snapshot of {max(run['synapses']):,.0f} synapses", longest(run, "snapshot"), "s"),
        ]
        rows[-1].ranks = ranks
        rows[-1].goal = suite.goal(2.0) if ranks == 2 else None
        many = {"duration": suite.pick(5000.0, 100.0), "size": 10_000}
        without, run = (
            measure("recorded_spikes", ranks, repeats, **many, recorded=recorded)
            for recorded in (False, True)
        )
        more = 100.0 * (longest(run) / longest(without) - 1.0)
        rows.append(Row(f"all of {max(run['spikes']):,.0f} spikes", more, "% more", ranks))
    note = "The study above; and 10,000 unconnected neurons of the cheapest model."
    return Answer("What recording costs", rows, [], note)


def brunel_activity(suite: Suite, size: tuple[Any, ...]) -> tuple[list[Row], list[Panel]]:
    """Compare rates and intervals between spikes, of several seeds together, with NEST."""
    found: dict[str, list[tuple[Any, Any]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "spikes.npz")
        arguments = {"duration": size[1], "scale": size[3], "warm_up": 100.0}
        for seed in range(1, suite.pick(6, 2) + 1):
            measure("brunel", 2, spikes=path, seed=seed, **arguments)
            found.setdefault("distsp", []).append(activity(path, size[1]))
            if suite.nest.measure("nest_brunel.py", *size, "--seed", seed, "--spikes", path):
                found.setdefault("NEST", []).append(activity(path, size[1]))
    panels, rows = [], []
    for k, (name, unit) in enumerate((("rate of a neuron", "Hz"), ("interval", "ms"))):
        samples = {program: [pair[k] for pair in seeds] for program, seeds in found.items()}
        fractions = np.linspace(0.0, 1.0, 1001)
        together = {program: np.concatenate(seeds) for program, seeds in samples.items()}
        lines = {label: (np.quantile(x, fractions), fractions) for label, x in together.items()}
        panels.append(Panel(f"{name} ({unit})", "cumulative fraction", lines, style="-"))
        for program, seeds in samples.items():
            means, what = [x.mean() for x in seeds], f"mean {name}, {program}, {len(seeds)} seeds"
            rows.append(Row(what, float(np.mean(means)), unit))
            error = float(np.std(means, ddof=1) / np.sqrt(len(means)))
            rows.append(Row(f"{what}: standard error", error, unit))
        if len(samples) == 2:
            different = ks_2samp(together["distsp"], together["NEST"]).statistic
            rows.append(Row(f"KS of {name}, distsp and NEST", different, ""))
            half = len(samples["NEST"]) // 2
            halves = (np.concatenate(x) for x in (samples["NEST"][:half], samples["NEST"][half:]))
            rows.append(Row(f"KS of {name}, two halves of NEST's", ks_2samp(*halves).statistic, ""))
    return rows, panels


def activity(path: str, duration: float) -> tuple[Any, Any]:
    """Return rates (Hz) of all neurons and all intervals between spikes (ms), after 100 ms."""
    with np.load(path) as file:
        times, ids, size = file["times"], file["ids"], int(file["size"])
    late = times > 100.0
    times, ids = times[late], ids[late]
    rates = np.bincount(ids, minlength=size) / duration * 1000.0
    order = np.lexsort((times, ids))
    times, ids = times[order], ids[order]
    return rates, np.diff(times)[np.diff(ids) == 0]


def memory(suite: Suite) -> Answer:
    """How much memory do neurons and synapses take?"""
    sizes = suite.pick((10_000, 100_000, 1_000_000), (10_000, 100_000))
    stored = [longest(measure("neuron_memory", per_rank=n), "bytes") for n in sizes]
    rows = [
        Row(f"{n:,} neurons of the default run", b, "bytes per neuron", goal=suite.goal(250.0))
        for n, b in zip(sizes, stored, strict=True)
    ]
    n, k = suite.pick((1_000_000, 100), (10_000, 100))
    run = measure("synapse_memory", size=n, indegree=k)
    what = f"{n:,} neurons with {k} synapses each"
    rows += [
        Row(what, longest(run, "per_synapse"), "bytes per synapse, neurons included"),
        Row(f"{what}: at most, while they are built", longest(run, "peak") / 2**30, "GiB"),
        Row(f"{what}: standing", longest(run, "resident") / 2**30, "GiB"),
        Row(f"{what}: build", longest(run), "s"),
    ]
    panel = Panel("neurons per rank", "bytes per neuron", {"default run": (sizes, stored)}, "x")
    panel.from_zero = True
    return Answer("Memory", rows, [panel])


def update(suite: Suite) -> Answer:
    """What does a structural update cost?"""
    sizes = suite.pick((1_000, 3_000, 10_000, 30_000), (1_000, 3_000))
    goals = {300_000: 0.050, 10_000_000: 3.0}
    rows: list[Row] = []
    lines: dict[str, tuple[list[float], list[float]]] = {}
    for ranks in (1, 2):
        label = f"{ranks} rank{'s' * (ranks > 1)}"
        lines[label] = ([], [])
        more = [(100_000, 100, 3)] if not suite.quick else []
        for size, per_neuron, times in [*((n, 10, 9) for n in sizes), *more]:
            n = size * per_neuron
            arguments = {"size": size, "per_neuron": per_neuron, "times": times}
            run = measure("update_make", ranks, **arguments)
            nest = {}
            if ranks == 1 and n <= 300_000:
                arguments = ("--size", size, "--per-neuron", per_neuron)
                nest = suite.nest.measure("nest_update.py", *arguments)
            theirs = 1e3 * nest["seconds"] if nest else None
            if nest:
                x, y = lines.setdefault("NEST", ([], []))
                x.append(n)
                y.append(theirs)
            goal = goals.get(n)
            ms = 1e3 * longest(run)
            rows.append(
                Row(f"make {n:,} at once", ms, "ms", ranks, goal and 1e3 * goal, nest=theirs)
            )
            lines[label][0].append(n)
            lines[label][1].append(ms)
    rows += change_rows(suite)
    panel = Panel("synapses made at once", "ms per update", lines, "xy")
    note = (
        "Medians. Synapses are made in a network that has none, a new one each time. Each update "
        "includes the growth of all elements up to its time."
    )
    return Answer("The structural update", rows, [panel], note)


def distance(suite: Suite) -> Answer:
    """What does an update cost that pairs by distance?"""
    sizes = suite.pick((10_000, 100_000, 1_000_000), (1_000, 4_000, 16_000))
    times, middle = suite.pick(3, 1), sizes[1]

    def made(ranks: int, size: int, width: float | None) -> Numbers:
        n = 1 if size > middle else times
        return measure("update_by_distance", ranks, size=size, width=width, times=n)

    rows = []
    for ranks in (1, 2):
        run = made(ranks, middle, 0.1)
        what = f"{run['synapses'][0]:,.0f} synapses among {middle:,} neurons"
        rows.append(Row(f"{what}, width 0.1", longest(run), "s", ranks, suite.goal(2.0)))
    rows.append(Row(f"{what}, without a kernel", longest(made(1, middle, None)), "s", 1))
    each = {size: _per_synapse(made(1, size, 0.1)) for size in sizes}
    for size, seconds in each.items():
        rows.append(Row(f"per synapse among {size:,} neurons", 1e6 * seconds, "us", 1))
    growth = each[sizes[-1]] / each[sizes[0]]
    rows.append(Row("the last against the first", growth, "times", 1, suite.goal(2.0)))
    for width in (0.001, 0.01, 10.0):
        ratio = _per_synapse(made(1, middle, width)) / each[middle]
        rows.append(Row(f"width {width:g} against 0.1", ratio, "times", 1, suite.goal(2.0)))
    line = [6.75 * size for size in each], [1e6 * seconds for seconds in each.values()]
    panel = Panel("synapses made at once", "us per synapse", {"width 0.1": line}, "x")
    note = (
        "Neurons are anywhere on a sheet of side 1, and pair by a gaussian kernel of a width. "
        "The time is that of the whole update: gathered, drawn, broadcast and put in place."
    )
    return Answer("Pairing by distance", rows, [panel], note)


def _per_synapse(run: Numbers) -> float:
    return longest(run) / run["synapses"][0]


def change_rows(suite: Suite) -> list[Row]:
    """Measure an update that changes little, and one that changes nothing, of many synapses."""
    rows = []
    size, indegree, changes = 10_000, suite.pick(100, 10), suite.pick(1000, 100)
    what = f"with {size * indegree:,} synapses standing"
    for ranks in (1, 2):
        nest = {}
        if ranks == 1:
            arguments = ("--size", size, "--indegree", indegree, "--changes", changes)
            nest = suite.nest.measure("nest_update.py", *arguments)
        arguments = {"size": size, "indegree": indegree, "changes": changes, "times": 9}
        run = measure("update_change", ranks, **arguments)
        for name, key, goal in (
            (f"break and make {changes:,}", "seconds", 10.0),
            ("nothing to do", "nothing", 0.2),
        ):
            theirs = 1e3 * nest[key] if nest else None
            ms = 1e3 * longest(run, key)
            rows.append(Row(f"{name} {what}", ms, "ms", ranks, suite.goal(goal), nest=theirs))
        grow = 1e3 * longest(measure("update_grow", ranks, size=size, times=9))
        rows.append(Row(f"growth of {size:,} neurons, 3 elements each", grow, "ms", ranks))
    return rows


def update_interval(suite: Suite) -> Answer:
    """What does a short update interval cost?"""
    rows, times, lines = [], {}, {}
    intervals = suite.pick((10.0, 100.0, 1000.0), (100.0, 1000.0))
    for ranks in (1, 2):
        seconds, share = [], []
        for interval in intervals:
            run = plastic_run(suite, ranks, interval)
            part = shares(run)["update"]
            goal = suite.goal({1: 8.0, 2: 12.0}[ranks]) if interval == 100.0 else None
            what = f"update every {interval:g} ms"
            rows.append(Row(f"{what}: share of the update", part, "%", ranks, goal))
            rows.append(
                Row(f"{what}: turnover", 100.0 * max(run["turnover"]), "% of the synapses per s")
            )
            rows[-1].ranks = ranks
            share.append(part)
            seconds.append(longest(run) / plastic_duration(suite) * 1000.0)
        label = f"{ranks} rank{'s' * (ranks > 1)}"
        lines[label], times[label] = (intervals, share), (intervals, seconds)
    note = (
        "10,000 neurons with 1,000,000 plastic synapses, which go and come all the time. The "
        "turnover is counted from the synapses at the beginning and at the end."
    )
    panels = [
        Panel("update interval (ms)", "s per simulated s", times, "x", from_zero=True),
        Panel("update interval (ms)", "share of the update (%)", lines, "x", from_zero=True),
    ]
    return Answer("Cost against update interval", rows, panels, note)


def plastic_duration(suite: Suite) -> float:
    """Return the simulated time of `plastic_run` (ms)."""
    return suite.pick(5000.0, 1000.0)


def plastic_run(suite: Suite, ranks: int, interval: float) -> Numbers:
    """Return a run in which 1 % of the synapses go and come per second."""
    return measure(
        "plastic",
        ranks,
        size=10_000,
        indegree=100,
        turnover=0.01,
        update_interval=interval,
        duration=plastic_duration(suite),
    )


def phases(suite: Suite) -> Answer:
    """Where does the time go?"""
    bars, rows = {}, []
    for name, runs in (
        ("default run", default_runs(suite)),
        ("default run, 10,000 neurons", big_runs(suite)),
        ("Brunel", brunel_runs(suite)),
        ("1,000,000 plastic synapses", {r: plastic_run(suite, r, 100.0) for r in (1, 2)}),
    ):
        for ranks in (1, 2):
            part = shares(runs[ranks])
            bars[f"{name}, {ranks}"] = part
            for phase, value in part.items():
                if value >= 1.0:
                    rows.append(Row(f"{name}: {phase}", value, "%", ranks))
    panel = Panel("share of the time (%)", "network, ranks", bars=bars)
    note = "Waiting for others counts as exchange. Shares below 1 % are left out."
    return Answer("Share of each phase", rows, [panel], note)


def longest(run: Numbers, name: str = "seconds") -> float:
    """Return the largest number of the ranks."""
    return max(run[name])


def cost(run: Numbers) -> float:
    """Return ns per neuron-step in the neurons' phase."""
    return 1e9 * longest(run, "neurons") / max(run["neuron_steps"])


QUESTIONS = {
    question.__name__: question
    for question in (
        default_run,
        brunel,
        study,
        recording,
        strong_scaling,
        weak_scaling,
        neurons,
        poisson,
        synapses,
        update,
        distance,
        update_interval,
        phases,
        memory,
    )
}
