"""How far distsp scales: a formula, its constants fitted here, and what it predicts.

    python benchmarks/scaling.py              five minutes
    python benchmarks/scaling.py --quick      to try it

The work of a rank is measured on one or two ranks, and on one emulated rank of many; the exchange
on the ranks that fit this machine. Writes `scaling.md`, `scaling.json` and `scaling.png`.
`SCALING.md` says what all this means.
"""

import argparse
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from measure import Numbers, Quiet, measure
from report import facts, number
from scipy.optimize import nnls

from distsp.base.arrays import CACHE_LINE
from distsp.base.fields import MAX_SIZE

STEPS = 15
"""Of a slice: a delay of 1.5 ms at 0.1 ms."""

SLICE = 1.5e-3
"""The same in seconds."""

INDEGREE, RATE, NOISE = 1000, 20.0, 15_000.0

LATENCY, BANDWIDTH, RANKS_PER_NODE = 1.5e-6, 25e9, 64
"""A cluster with InfiniBand HDR: 1.0 to 1.5 us between two processes, 200 Gb/s per node."""

MESSAGES = 2
"""Of each rank, where rows are gathered: how many, and the rows."""

GATHERS = 2
"""How often that is done for each plastic synapse type at an update."""

INDEX_BYTES, RECORD_BYTES, SYNAPSE_BYTES, NEURON_BYTES = 21 / 64, 16, 4, 100
"""Of the index, per neuron of the network and synapse type, and more for each that has synapses
here; of a synapse; of a neuron."""

RANK_BYTES = 4e9
"""What a rank of a cluster may have."""

PAIR_BYTES = 8
"""Of a neuron with free elements, or of a new synapse, in a message."""

LINES = 6
"""Cache lines of a row that are each waited for; by then the processor fetches ahead."""

CACHES = tuple(2.0**20 * size for size in (2, 3, 4, 6, 8, 16, 32))
"""Sizes of the cache that the fit tries (bytes)."""


@dataclass
class Constants:
    """What the formula is made of (seconds)."""

    neuron_step: float = 0.0
    """One neuron-step of iaf_psc_delta with Poisson input."""
    spike: float = 0.0
    """Reset and bookkeeping of one spike."""
    header: float = 0.0
    """Reading how many spikes one rank has sent in one step."""
    bit: float = 0.0
    """Looking whether one spike of the network has synapses here."""
    record_missed: float = 0.0
    """The record of those of a spike that has some, where it is not in the cache."""
    row: float = 0.0
    """Going to them."""
    line_missed: float = 0.0
    """A cache line of them that is not in the cache, for at most `LINES` of each row."""
    event: float = 0.0
    """Counting one synaptic event."""
    latency: float = 0.0
    """An exchange of nothing, per doubling of the ranks, here."""
    byte: float = 0.0
    """A byte received in an exchange, here."""
    pair: float = 0.0
    """What rank 0 does per synapse made in the whole network."""
    gather: float = 0.0
    """Taking in a message of another rank at an update."""
    grow: float = 0.0
    """Elements and calcium of a neuron, and whether it has vacant elements, at an update."""
    cache: float = 0.0
    """Size of the cache, as it appears (bytes)."""

    def delivery(self) -> list[float]:
        """Return the constants of the delivery."""
        missed = self.record_missed, self.line_missed
        return [self.header, self.bit, missed[0], self.row, missed[1], self.event]


@dataclass
class Load:
    """What a rank of a network has to do in a slice."""

    ranks: int
    per_rank: int
    indegree: int = INDEGREE
    rate: float = RATE

    @property
    def own_spikes(self) -> float:
        """Spikes of this rank's neurons."""
        return self.per_rank * self.rate * SLICE

    @property
    def spikes(self) -> float:
        """Spikes of all neurons."""
        return self.own_spikes * self.ranks

    @property
    def events(self) -> float:
        """Synaptic events at this rank's neurons."""
        return self.own_spikes * self.indegree

    @property
    def rows(self) -> float:
        """Spikes of all neurons that have a synapse here."""
        return self.spikes * -np.expm1(-self.indegree / self.ranks)

    @property
    def record_bytes(self) -> float:
        """Bytes of the records of all neurons that have a synapse here."""
        sources = self.ranks * self.per_rank * -np.expm1(-self.indegree / self.ranks)
        return RECORD_BYTES * sources

    @property
    def memory(self) -> float:
        """Bytes of this rank, with one synapse type."""
        index = INDEX_BYTES * self.ranks * self.per_rank + self.record_bytes
        return index + (NEURON_BYTES + SYNAPSE_BYTES * self.indegree) * self.per_rank

    @property
    def bytes_sent(self) -> float:
        """Bytes that each rank sends: room for the most spikes of a rank, and a quarter more."""
        most = self.own_spikes + np.sqrt(2.0 * np.log(1000.0 * self.ranks) * self.own_spikes)
        return 4.0 * (5 + STEPS + 1.25 * most)

    def neuron_terms(self) -> list[float]:
        """Return what `neuron_step` and `spike` are multiplied with."""
        return [self.per_rank * STEPS, self.own_spikes]

    def delivery_terms(self, cache: float) -> list[float]:
        """Return what the constants from `header` to `event` are multiplied with."""
        synapses = SYNAPSE_BYTES * self.indegree * self.per_rank
        lookups = [self.spikes, self.rows * missed(self.record_bytes, cache)]
        lines = min(1.0 + SYNAPSE_BYTES * self.events / self.rows / CACHE_LINE, LINES)
        rows = [self.rows, self.rows * lines * missed(synapses, cache)]
        return [self.ranks * STEPS, *lookups, *rows, self.events]


def missed(table: float, cache: float) -> float:
    """Return which part of a table of so many bytes is not in the cache."""
    return max(0.0, 1.0 - cache / table)


@dataclass
class Prediction:
    """Seconds of a slice of a rank, and what else there is to say."""

    neurons: float
    delivery: float
    exchange: float
    """Where each byte enters a node once and is copied there."""
    exchange_worst: float
    """Where every rank of a node fetches every byte."""
    memory: float
    """Bytes of a rank."""

    def slowdown(self, worst: bool = False) -> float:
        """Return the seconds per simulated second."""
        exchange = self.exchange_worst if worst else self.exchange
        return (self.neurons + self.delivery + exchange) / SLICE


def predict(constants: Constants, load: Load, here: bool = False) -> Prediction:
    """Return what a slice takes on a cluster, or on this machine."""
    k = constants
    neurons = np.dot([k.neuron_step, k.spike], load.neuron_terms())
    delivery = np.dot(k.delivery(), load.delivery_terms(k.cache))
    received = (load.ranks - 1) * load.bytes_sent
    doublings = float(np.ceil(np.log2(load.ranks)))
    if here:
        exchange = worst = k.latency * doublings + k.byte * received
    else:
        exchange = LATENCY * doublings + received * (1.0 / BANDWIDTH + k.byte)
        worst = LATENCY * doublings + received * min(load.ranks, RANKS_PER_NODE) / BANDWIDTH
    return Prediction(float(neurons), float(delivery), exchange, worst, load.memory)


@dataclass
class UpdatePrediction:
    """Seconds of an update on a cluster."""

    grow: float
    pairing: float
    """What rank 0 computes while the others wait."""
    messages: float
    """Rank 0 taking in the messages of the others."""
    transport: float
    """Free elements to rank 0, new synapses to all."""

    @property
    def total(self) -> float:
        """All of it."""
        return self.grow + self.pairing + self.messages + self.transport


def predict_update(
    constants: Constants, ranks: int, per_rank: int, made: float
) -> UpdatePrediction:
    """Return what an update takes on a cluster that makes `made` synapses of one type."""
    k = constants
    messages = GATHERS * MESSAGES * (ranks - 1) * k.gather
    gathered = 2 * PAIR_BYTES * min(made, ranks * per_rank) / BANDWIDTH
    broadcast = PAIR_BYTES * made * (1.0 / BANDWIDTH + k.byte)
    return UpdatePrediction(k.grow * per_rank, k.pair * made, messages, gathered + broadcast)


# Measuring and fitting --------------------------------------------------------------------------


def emulated(load: Load, quick: bool) -> tuple[float, float, Numbers]:
    """Measure neurons and delivery of one rank of many; return the seconds of a slice of each."""
    # About 3,000,000 spikes of the network, or 30,000,000 events, whatever is less.
    work = load.spikes + 0.1 * load.events
    slices = int(np.clip((3e5 if quick else 3e6) / work, 4, 400))
    run = measure(
        "delivery",
        1,
        1 if quick else 3,
        per_rank=load.per_rank,
        indegree=load.indegree,
        rate=load.rate,
        noise=NOISE,
        duration=round(1e3 * SLICE * slices, 1),
        emulated=load.ranks,
    )
    return run["neurons"][0] / slices, run["delivery"][0] / slices, run


def fit(terms: list[list[float]], seconds: list[float]) -> tuple[list[float], float]:
    """Return the constants, not below 0, that make the smallest relative errors; and the error."""
    weights = 1.0 / np.array(seconds)
    matrix = np.array(terms) * weights[:, None]
    scale = np.maximum(matrix.max(axis=0), 1e-300)
    solution, error = nnls(matrix / scale, np.ones(len(seconds)))
    return list(solution / scale), float(error)


def real(ranks: int, load: Load, quick: bool) -> dict[str, float]:
    """Measure a real run; return the seconds of a slice and of its phases, means over the ranks."""
    slices = 40 if quick else 200
    run = measure(
        "delivery",
        ranks,
        1 if quick else 5,
        per_rank=load.per_rank,
        indegree=load.indegree,
        rate=load.rate,
        noise=NOISE,
        duration=round(1e3 * SLICE * slices, 1),
    )
    names = ("seconds", "neurons", "delivery", "exchange")
    return {name: float(np.mean(run[name])) / slices for name in names}


@dataclass
class Study:
    """What has been measured and fitted, as rows of tables."""

    constants: Constants = field(default_factory=Constants)
    tables: dict[str, list[list[str]]] = field(default_factory=dict)


def study(quick: bool) -> Study:
    """Measure, fit, check and predict."""
    result = Study()
    fit_slices(result, quick)
    fit_exchange(result, quick)
    fit_update(result, quick)
    check(result, quick)
    tabulate(result)
    return result


def fit_slices(result: Study, quick: bool) -> None:
    """Fit the constants of neurons and delivery to one rank and to emulated ranks of many."""
    ranks = (1, 4, 32, 256) if quick else (1, 2, 8, 64, 512, 4096)
    loads = [Load(r, n) for r in ranks for n in (1000, 10_000) if r * n <= 50_000_000]
    loads += [Load(r, 3000, 300) for r in ranks[1::2]]
    loads += [Load(r, 4000) for r in ranks[:4] if r != 2]  # neither in the cache nor far from it
    measured = [emulated(load, quick) for load in loads]
    k = result.constants
    (k.neuron_step, k.spike), _ = fit([x.neuron_terms() for x in loads], [m[0] for m in measured])
    delivery = [m[1] for m in measured]
    fits = [(fit([x.delivery_terms(c) for x in loads], delivery), c) for c in CACHES]
    (constants, _), k.cache = min(fits, key=lambda fitted: fitted[0][1])
    k.header, k.bit, k.record_missed, k.row, k.line_missed, k.event = constants
    rows = [["ranks", "neurons per rank", "synapses per neuron", "neurons", "formula"]]
    rows[0] += ["delivery", "formula"]
    for load, (neurons, delivered, _) in zip(loads, measured, strict=True):
        p = predict(k, load)
        sizes = [f"{size:,}" for size in (load.ranks, load.per_rank, load.indegree)]
        cells = [neurons, p.neurons, delivered, p.delivery]
        rows.append([*sizes, *(number(1e6 * cell) for cell in cells)])
    result.tables["Work of a rank in a slice (us): measured on an emulated rank, and fitted"] = rows
    rows = [["ranks", "neurons per rank", "measured (MB)", "formula (MB)"]]
    for load, (_, _, run) in zip(loads, measured, strict=True):
        if load.memory > 50e6:
            cells = [f"{load.ranks:,}", f"{load.per_rank:,}", number(run["resident"][0] / 1e6)]
            rows.append([*cells, number(predict(k, load).memory / 1e6)])
    result.tables["Memory of a rank, one synapse type"] = rows


def fit_exchange(result: Study, quick: bool) -> None:
    """Fit the exchange to two ranks, and measure what more ranks than cores make of it."""
    numbers = (16, 64, 256, 1024, 4096, 16_384)
    tried = range(2, 9)
    seconds = 0.02 if quick else 0.2
    runs = {r: measure("exchange", r, numbers=numbers, seconds=seconds) for r in tried}
    rows = [["bytes per rank", *(f"{ranks} ranks" for ranks in tried)]]
    for n in numbers:
        cells = [number(1e6 * max(runs[ranks][str(n)])) for ranks in tried]
        rows.append([f"{4 * n:,}", *cells])
    two = [max(runs[2][str(n)]) for n in numbers]
    k = result.constants
    (k.latency, k.byte), _ = fit([[1.0, 4.0 * n] for n in numbers], two)
    title = "An exchange on this machine (us), measured; from 3 ranks on they share cores"
    result.tables[title] = rows


def fit_update(result: Study, quick: bool) -> None:
    """Fit the structural update to rank 0 of many emulated ranks."""
    k = result.constants
    few, many = (measure("gather_on_0", r, times=15)["seconds"][0] for r in (2, 16))
    k.gather = (many - few) / (16 - 2) / MESSAGES
    n, per_neuron = 1000, 10
    idle = measure("update_change", 1, size=100_000, indegree=1, changes=1, times=5)
    k.grow = max(idle["nothing"]) / 100_000
    rows = [["ranks", "synapses made", "rank 0, measured (ms)", "formula (ms)"]]
    sizes = (4, 32) if quick else (4, 32, 256, 1024)
    made, seconds = [], []
    for ranks in sizes:
        arguments = {"per_rank": n, "per_neuron": per_neuron, "emulated": ranks, "times": 3}
        run = measure("update_emulated", 1, **arguments)
        made.append(run["synapses"][0])
        seconds.append(run["seconds"][0])
    rest = np.maximum(np.array(seconds) - k.grow * n, 1e-9)
    k.pair = fit([[m] for m in made], list(rest))[0][0]
    for ranks, m, s in zip(sizes, made, seconds, strict=True):
        formula = k.grow * n + k.pair * m
        rows.append([f"{ranks:,}", f"{m:,.0f}", number(1e3 * s), number(1e3 * formula)])
    result.tables["Rank 0 at an update: measured on an emulated rank, and fitted"] = rows


def check(result: Study, quick: bool) -> None:
    """Compare the formula with runs that the fit has not seen."""
    rows = [["run", "neurons", "formula", "delivery", "formula", "exchange", "formula"]]
    rows[0] += ["slice", "formula"]
    loads = {f"{r} real rank{'s' * (r > 1)}": (r, Load(r, 5000, 500)) for r in (1, 2)}
    for name, (ranks, load) in loads.items():
        run = real(ranks, load, quick)
        p = predict(result.constants, load, here=True)
        total = p.neurons + p.delivery + p.exchange
        pairs = [(run["neurons"], p.neurons), (run["delivery"], p.delivery)]
        pairs += [(run["exchange"], p.exchange), (run["seconds"], total)]
        rows.append([name, *(number(1e6 * x) for pair in pairs for x in pair)])
    load = Load(128, 5000, 500)
    neurons, delivery, _ = emulated(load, quick)
    p = predict(result.constants, load)
    pairs = [(neurons, p.neurons), (delivery, p.delivery)]
    rows.append(["1 of 128 emulated ranks", *(number(1e6 * x) for pair in pairs for x in pair)])
    rows[-1] += [""] * 4
    title = "Not seen by the fit: 5,000 neurons per rank with 500 synapses each, a slice (us)"
    result.tables[title] = rows
    rows = [["ranks", "slice", "neurons", "delivery", "exchange"]]
    for ranks in (1, 2, 4, 8):
        run = real(ranks, Load(ranks, 2000), quick)
        rows.append([str(ranks), *(number(1e6 * run[name]) for name in NAMES)])
    result.tables["1 to 8 real ranks on 2 cores, 2,000 neurons each, a slice (us), measured"] = rows


NAMES = ("seconds", "neurons", "delivery", "exchange")


def tabulate(result: Study) -> None:
    """Write down the constants and what they predict."""
    k = result.constants
    rows = [["constant", "ns"]]
    rows += [[name, number(1e9 * value)] for name, value in asdict(k).items() if name != "cache"]
    rows.append(["size of the cache, as it appears", f"{k.cache / 2**20:g} MiB"])
    result.tables["Constants"] = rows
    rows = [["ranks", "neurons per rank", "neurons in all", "neurons (us)", "delivery (us)"]]
    rows[0] += ["exchange (us)", "at worst", "s per simulated s", "at worst", "memory (GB)"]
    sizes = [(ranks, n) for n in (1000, 10_000) for ranks in (64, 1024, 16_384)]
    for ranks, n in sizes:
        p = predict(k, Load(ranks, n))
        cells = [1e6 * x for x in (p.neurons, p.delivery, p.exchange, p.exchange_worst)]
        cells += [p.slowdown(), p.slowdown(worst=True), p.memory / 1e9]
        rows.append([f"{ranks:,}", f"{n:,}", f"{ranks * n:,}", *map(number, cells)])
    result.tables["Predicted: a slice of 1.5 ms on a cluster, and the memory of a rank"] = rows
    rows = [["ranks", "neurons per rank", "neurons in all", "index (bytes per neuron of a rank)"]]
    for ranks in (64, 1024, 16_384):
        each = Load(ranks, 1)
        most = min(int(RANK_BYTES / each.memory), MAX_SIZE // ranks)  # ids have 31 bits
        index = INDEX_BYTES * ranks + each.record_bytes
        rows.append([f"{ranks:,}", f"{most:,}", f"{ranks * most:,}", number(index)])
    result.tables["Predicted: the largest network that fits 4 GB per rank, one synapse type"] = rows
    rows = [["ranks", "neurons per rank", "synapses made", "growth (s)", "pairing on rank 0 (s)"]]
    rows[0] += ["messages to rank 0 (s)", "transport (s)", "update (s)", "share of the run (%)"]
    for ranks, n in sizes:
        made = 0.01 * INDEGREE * ranks * n
        u = predict_update(k, ranks, n, made)
        share = 100.0 * u.total / (u.total + predict(k, Load(ranks, n)).slowdown())
        cells = [u.grow, u.pairing, u.messages, u.transport, u.total, share]
        rows.append([f"{ranks:,}", f"{n:,}", f"{made:,.0f}", *map(number, cells)])
    title = "Predicted: an update every simulated second that renews 1 % of the synapses"
    result.tables[title] = rows


def draw(result: Study, path: Path) -> None:
    """Draw what the formula predicts for networks of several sizes."""
    figure = Figure(figsize=(12.0, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for exponent in (5, 6, 7, 8):
        size = 10**exponent
        ranks = [r for r in 2 ** np.arange(0, 15) if 300 <= size / r <= 1_000_000]
        parts = [predict(result.constants, Load(int(r), size // int(r))) for r in ranks]
        seconds = [p.slowdown() for p in parts]
        left.plot(ranks, seconds, "o-", label=f"$10^{exponent}$ neurons")
    left.axhline(1.0, linestyle=":", color="gray", label="real time")
    left.set(xscale="log", yscale="log", xlabel="ranks", ylabel="seconds per simulated second")
    left.legend(frameon=False)
    left.set_title("a network on more ranks")
    ranks = 2 ** np.arange(0, 15)
    parts = [predict(result.constants, Load(int(r), 1000)) for r in ranks]
    stack = [
        [1e6 * getattr(p, name) for p in parts] for name in ("neurons", "delivery", "exchange")
    ]
    right.stackplot(ranks, stack, labels=["neurons", "delivery", "exchange"], alpha=0.8)
    right.axhline(1e6 * SLICE, linestyle=":", color="gray", label="real time")
    right.set(xscale="log", xlabel="ranks", ylabel="us per slice of 1.5 ms")
    right.set_title("1,000 neurons per rank")
    right.legend(frameon=False, loc="upper left")
    figure.suptitle(f"Predicted: {INDEGREE} synapses per neuron, {RATE:g} Hz, delay 1.5 ms")
    figure.savefig(path, dpi=110)


def markdown(rows: list[list[str]]) -> list[str]:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|---" + "|---:" * (len(rows[0]) - 1) + "|")
    return lines


def main() -> None:
    """Measure, fit, predict and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small sizes; the numbers mean little")
    folder = Path(__file__).parent / "results"
    parser.add_argument("--output", type=Path, default=folder, metavar="DIR")
    parser.add_argument("--patience", type=float, default=0.0, metavar="S", help="see run.py")
    options = parser.parse_args()
    Quiet.patience = options.patience
    circumstances = facts("")
    del circumstances["NEST"]
    result = study(options.quick)
    circumstances["disturbed by other programs"] = "; ".join(Quiet.disturbed) or "never"
    options.output.mkdir(parents=True, exist_ok=True)
    lines = ["# How far it scales: measured, fitted, predicted", ""]
    lines += [f"- {name}: {value}" for name, value in circumstances.items()]
    for title, rows in result.tables.items():
        lines += ["", f"## {title}", "", *markdown(rows)]
    (options.output / "scaling.md").write_text("\n".join(lines) + "\n")
    raw = {"facts": circumstances, "constants": asdict(result.constants), "tables": result.tables}
    (options.output / "scaling.json").write_text(json.dumps(raw, indent=1))
    draw(result, options.output / "scaling.png")


if __name__ == "__main__":
    main()
