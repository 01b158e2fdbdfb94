"""Rules that make the synapses of a connection: each is a file here, and a line below."""

from distsp.network.rules.all_to_all import AllToAll
from distsp.network.rules.edges_from_file import EdgesFromFile
from distsp.network.rules.explicit import Explicit
from distsp.network.rules.fixed_indegree import FixedIndegree
from distsp.network.rules.fixed_outdegree import FixedOutdegree
from distsp.network.rules.fixed_total_number import FixedTotalNumber
from distsp.network.rules.one_to_one import OneToOne
from distsp.network.rules.pairwise_bernoulli import PairwiseBernoulli
from distsp.network.rules.pairwise_poisson import PairwisePoisson
from distsp.network.rules.rule import Brought, Connection, Drawn, Ends, Rule

__all__ = [
    "AllToAll",
    "Brought",
    "Connection",
    "Drawn",
    "EdgesFromFile",
    "Ends",
    "Explicit",
    "FixedIndegree",
    "FixedOutdegree",
    "FixedTotalNumber",
    "OneToOne",
    "PairwiseBernoulli",
    "PairwisePoisson",
    "Rule",
]
