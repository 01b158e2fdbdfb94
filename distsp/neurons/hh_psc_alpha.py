"""The neuron of Hodgkin and Huxley with alpha-shaped currents."""

from typing import Any, ClassVar

import numpy as np
from pydantic import Field

from distsp.base.arrays import Array, Floats, Int32s
from distsp.base.compiled import inlined
from distsp.base.exponential import fast_exp, little_exp
from distsp.base.fields import Finite, NonNegative, Positive
from distsp.neurons.cash_karp import (
    A21,
    A31,
    A32,
    A41,
    A42,
    A43,
    A51,
    A52,
    A53,
    A54,
    A61,
    A62,
    A63,
    A64,
    A65,
    B1,
    B3,
    B4,
    B6,
    D1,
    D3,
    D4,
    D5,
    D6,
    STAGES,
)
from distsp.neurons.model import NeuronModel
from distsp.neurons.refractory import check_t_ref
from distsp.neurons.values import BLOCK_NEURONS, at, constant

TOLERANCE = 5e-5
"""How far the methods of order 4 and 5 may differ in V after a part of a step (mV)."""

LEVELS = (1, 4, 16, 64)
"""In how many parts a step is taken: the first number with which the methods agree."""

FIRST_LEVEL, LEVEL_SIZE = 13, 11
"""Place of the first level's constants, and how many each has."""

V, ACT_M, INACT_H, ACT_N, I_EX, DI_EX, I_IN, DI_IN, ERROR, DRIVE, PLACE = (
    k * BLOCK_NEURONS for k in range(11)
)
"""Where the scratch has what it has of the neurons that are being advanced, and their place in the
block. In one piece, so that the loop over it needs no checks whether its rows overlap."""

FURTHEST = 300.0
"""The rates of V beyond this, to both sides, are those of this (mV)."""


@inlined
def slopes(
    v: float,
    m: float,
    h: float,
    n: float,
    push: float,
    near: float,
    base: float,
    g_na: float,
    g_k: float,
    g_l: float,
    e_na: float,
    e_k: float,
    e_l: float,
) -> tuple[float, float, float, float]:
    """Return the slopes of V, m, h and n; `base` is exp(-near / 720), and v is not far from it.

    The exponentials of all rates are powers of exp(-V / 720), so that there is but one.
    """
    x = min(max(v, -FURTHEST), FURTHEST)
    p = base * little_exp((near - x) * (1.0 / 720.0))
    p4 = (p * p) * (p * p)
    p9 = p4 * p4 * p
    p36 = (p9 * p9) * (p9 * p9)
    p72 = p36 * p36
    # exp(-(V + 55) / 10), exp(-(V + 40) / 10), exp(-(V + 35) / 10)
    to_n, to_m = 1.0 - 0.004086771438464067 * p72, 1.0 - 0.01831563888873418 * p72
    to_h = 1.0 + 0.0301973834223185 * p72
    level_n, level_m = abs(to_n) < 1e-6, abs(to_m) < 1e-6
    to_n, to_m = (1.0 if level_n else to_n), (1.0 if level_m else to_m)
    inverse = 1.0 / (to_n * to_m * to_h)
    x_n, x_m = 0.1 * (x + 55.0), 0.1 * (x + 40.0)
    open_n = 0.1 * (1.0 + 0.5 * x_n if level_n else x_n * (to_m * to_h * inverse))
    open_m = 1.0 + 0.5 * x_m if level_m else x_m * (to_n * to_h * inverse)
    # exp(-65 / 80) / 8, 4 exp(-65 / 18), 0.07 exp(-65 / 20)
    shut_n, shut_m = 0.055468413760134984 * p9, 0.10808722380483625 * (p36 * p4)
    open_h, shut_h = 0.002714194548220541 * p36, to_n * to_m * inverse
    current = g_na * (m * m) * (m * h) * (v - e_na) + g_k * (n * n) * (n * n) * (v - e_k)
    return (
        push - current - g_l * (v - e_l),
        open_m - (open_m + shut_m) * m,
        open_h - (open_h + shut_h) * h,
        open_n - (open_n + shut_n) * n,
    )


@inlined
def advance(work: Array, m: int, constants: Array, k: int, n: int) -> None:
    """Take `m` neurons in the scratch through a part of a step.

    Parameters
    ----------
    work : array of float64
        The scratch.
    m : int
    constants : array of float64
    k : int
        Where the constants of the level begin.
    n : int
        Neurons of the block.
    """
    per_current = constant(constants, 4, n)
    sodium, potassium, leak = (
        constant(constants, 5, n),
        constant(constants, 6, n),
        constant(constants, 7, n),
    )
    to_na, to_k, to_l = (
        constant(constants, 8, n),
        constant(constants, 9, n),
        constant(constants, 10, n),
    )
    part = constant(constants, k, n)
    ex_2, in_2 = constant(constants, k + 1, n), constant(constants, k + 6, n)
    ex_3, in_3 = constant(constants, k + 2, n), constant(constants, k + 7, n)
    ex_4, in_4 = constant(constants, k + 3, n), constant(constants, k + 8, n)
    ex_5, in_5 = constant(constants, k + 4, n), constant(constants, k + 9, n)
    ex_6, in_6 = constant(constants, k + 5, n), constant(constants, k + 10, n)
    for i in range(m):
        j = int(work[PLACE + i])
        s, c, drive = at(part, j), at(per_current, j), work[DRIVE + i]
        g_na, g_k, g_l = at(sodium, j), at(potassium, j), at(leak, j)
        e_na, e_k, e_l = at(to_na, j), at(to_k, j), at(to_l, j)
        i_ex, di_ex, i_in, di_in = work[I_EX + i], work[DI_EX + i], work[I_IN + i], work[DI_IN + i]
        push_1 = drive + c * (i_ex + i_in)
        ex, inh = at(ex_2, j) * (i_ex + 0.2 * s * di_ex), at(in_2, j) * (i_in + 0.2 * s * di_in)
        push_2 = drive + c * (ex + inh)
        ex, inh = at(ex_3, j) * (i_ex + 0.3 * s * di_ex), at(in_3, j) * (i_in + 0.3 * s * di_in)
        push_3 = drive + c * (ex + inh)
        ex, inh = at(ex_4, j) * (i_ex + 0.6 * s * di_ex), at(in_4, j) * (i_in + 0.6 * s * di_in)
        push_4 = drive + c * (ex + inh)
        ex, inh = at(ex_6, j) * (i_ex + 0.875 * s * di_ex), at(in_6, j) * (i_in + 0.875 * s * di_in)
        push_6 = drive + c * (ex + inh)
        ex, inh = at(ex_5, j) * (i_ex + s * di_ex), at(in_5, j) * (i_in + s * di_in)
        push_5 = drive + c * (ex + inh)

        v0, m0, h0, n0 = work[V + i], work[ACT_M + i], work[INACT_H + i], work[ACT_N + i]
        near = min(max(v0, -FURTHEST), FURTHEST)
        base = fast_exp(near * (-1.0 / 720.0))
        v1, m1, h1, n1 = slopes(v0, m0, h0, n0, push_1, near, base, g_na, g_k, g_l, e_na, e_k, e_l)
        v = v0 + s * (A21 * v1)
        g = m0 + s * (A21 * m1)
        h = h0 + s * (A21 * h1)
        o = n0 + s * (A21 * n1)
        v2, m2, h2, n2 = slopes(v, g, h, o, push_2, near, base, g_na, g_k, g_l, e_na, e_k, e_l)
        v = v0 + s * (A31 * v1 + A32 * v2)
        g = m0 + s * (A31 * m1 + A32 * m2)
        h = h0 + s * (A31 * h1 + A32 * h2)
        o = n0 + s * (A31 * n1 + A32 * n2)
        v3, m3, h3, n3 = slopes(v, g, h, o, push_3, near, base, g_na, g_k, g_l, e_na, e_k, e_l)
        v = v0 + s * (A41 * v1 + A42 * v2 + A43 * v3)
        g = m0 + s * (A41 * m1 + A42 * m2 + A43 * m3)
        h = h0 + s * (A41 * h1 + A42 * h2 + A43 * h3)
        o = n0 + s * (A41 * n1 + A42 * n2 + A43 * n3)
        v4, m4, h4, n4 = slopes(v, g, h, o, push_4, near, base, g_na, g_k, g_l, e_na, e_k, e_l)
        v = v0 + s * (A51 * v1 + A52 * v2 + A53 * v3 + A54 * v4)
        g = m0 + s * (A51 * m1 + A52 * m2 + A53 * m3 + A54 * m4)
        h = h0 + s * (A51 * h1 + A52 * h2 + A53 * h3 + A54 * h4)
        o = n0 + s * (A51 * n1 + A52 * n2 + A53 * n3 + A54 * n4)
        v5, m5, h5, n5 = slopes(v, g, h, o, push_5, near, base, g_na, g_k, g_l, e_na, e_k, e_l)
        v = v0 + s * (A61 * v1 + A62 * v2 + A63 * v3 + A64 * v4 + A65 * v5)
        g = m0 + s * (A61 * m1 + A62 * m2 + A63 * m3 + A64 * m4 + A65 * m5)
        h = h0 + s * (A61 * h1 + A62 * h2 + A63 * h3 + A64 * h4 + A65 * h5)
        o = n0 + s * (A61 * n1 + A62 * n2 + A63 * n3 + A64 * n4 + A65 * n5)
        v6, m6, h6, n6 = slopes(v, g, h, o, push_6, near, base, g_na, g_k, g_l, e_na, e_k, e_l)
        work[V + i] = v0 + s * (B1 * v1 + B3 * v3 + B4 * v4 + B6 * v6)
        work[ACT_M + i] = m0 + s * (B1 * m1 + B3 * m3 + B4 * m4 + B6 * m6)
        work[INACT_H + i] = h0 + s * (B1 * h1 + B3 * h3 + B4 * h4 + B6 * h6)
        work[ACT_N + i] = n0 + s * (B1 * n1 + B3 * n3 + B4 * n4 + B6 * n6)
        error = abs(s * (D1 * v1 + D3 * v3 + D4 * v4 + D5 * v5 + D6 * v6))
        work[ERROR + i] = max(work[ERROR + i], error)
        work[I_EX + i], work[DI_EX + i] = ex, at(ex_5, j) * di_ex
        work[I_IN + i], work[DI_IN + i] = inh, at(in_5, j) * di_in


def step(
    variables: Floats,
    refractory: Int32s,
    lo: int,
    hi: int,
    input_ex: Floats,
    input_in: Floats,
    current: Floats,
    driven: int,
    n_steps: int,
    constants: Floats,
    scratch: Floats,
    _key: np.uint64,
    _step: int,
    _first_id: int,
    _stride: int,
    lags: Int32s,
    neurons: Int32s,
    count: int,
    first: int,
) -> int:
    """Take a block of neurons through the steps of a slice."""
    n = hi - lo
    threshold, t_ref = constant(constants, 0, n), constant(constants, 2, n)
    push, per_current = constant(constants, 3, n), constant(constants, 4, n)
    jump_ex, jump_in = constant(constants, 11, n), constant(constants, 12, n)
    whole, decay_ex = constant(constants, FIRST_LEVEL, n), constant(constants, FIRST_LEVEL + 4, n)
    decay_in = constant(constants, FIRST_LEVEL + 9, n)
    work, waiting = scratch.reshape(-1), refractory[lo:hi]
    moved = scratch[11, :n]
    potential, i_ex, di_ex = variables[0, lo:hi], variables[4, lo:hi], variables[5, lo:hi]
    i_in, di_in = variables[6, lo:hi], variables[7, lo:hi]
    for lag in range(n_steps):
        excitation, inhibition, amplitude = input_ex[lag, :n], input_in[lag, :n], current[lag, :n]
        for j in range(n):
            work[PLACE + j] = j
        m = n
        for level in range(len(LEVELS)):
            for i in range(m):
                j = int(work[PLACE + i])
                drive = at(push, j)
                work[DRIVE + i] = drive + at(per_current, j) * amplitude[j] if driven else drive
                work[ERROR + i] = 0.0
            for k in range(8):
                row, begin = variables[k, lo:hi], V + k * BLOCK_NEURONS
                if level == 0:
                    for i in range(n):
                        work[begin + i] = row[i]
                else:
                    for i in range(m):
                        work[begin + i] = row[int(work[PLACE + i])]
            for _ in range(LEVELS[level]):
                advance(work, m, constants, FIRST_LEVEL + LEVEL_SIZE * level, n)
            # Those for which the parts were small enough are done.
            enough = TOLERANCE if level < len(LEVELS) - 1 else np.inf
            if level == 0:
                for i in range(n):
                    moved[i] = work[V + i]
                for k in range(1, 4):
                    row, begin = variables[k, lo:hi], V + k * BLOCK_NEURONS
                    for i in range(n):
                        row[i] = work[begin + i] if work[ERROR + i] <= enough else row[i]
            left = 0
            for i in range(m):
                if not work[ERROR + i] <= enough:
                    work[PLACE + left] = work[PLACE + i]
                    left += 1
                elif level > 0:
                    j = int(work[PLACE + i])
                    moved[j] = work[V + i]
                    variables[1, lo + j] = work[ACT_M + i]
                    variables[2, lo + j] = work[INACT_H + i]
                    variables[3, lo + j] = work[ACT_N + i]
            m = left
            if m == 0:
                break
        for j in range(n):
            i_ex[j] = at(decay_ex, j) * (i_ex[j] + at(whole, j) * di_ex[j])
            di_ex[j] = at(decay_ex, j) * di_ex[j] + at(jump_ex, j) * excitation[j]
        for j in range(n):
            i_in[j] = at(decay_in, j) * (i_in[j] + at(whole, j) * di_in[j])
            di_in[j] = at(decay_in, j) * di_in[j] + at(jump_in, j) * inhibition[j]
        reached = False
        for j in range(n):
            reached |= moved[j] >= at(threshold, j) and moved[j] < potential[j] and waiting[j] == 0
        if reached:
            for j in range(n):
                past = moved[j] >= at(threshold, j) and moved[j] < potential[j]
                if past and waiting[j] == 0:
                    waiting[j] = np.int32(at(t_ref, j)) + np.int32(1)
                    lags[count] = lag
                    neurons[count] = first + lo + j
                    count += 1
        for j in range(n):
            waiting[j] = max(waiting[j] - np.int32(1), np.int32(0))
        for j in range(n):
            potential[j] = moved[j]
    return count


class HhPscAlpha(NeuronModel):
    """`hh_psc_alpha`: sodium, potassium and leak currents; currents of synapses as alpha functions.

    C_m dV/dt = -g_Na m^3 h (V - E_Na) - g_K n^4 (V - E_K) - g_L (V - E_L) + I_syn + I_e

    and dx/dt = alpha_x (1 - x) - beta_x x for x = m, h and n (Act_m, Inact_h, Act_n), with

    alpha_n = 0.01 (V + 55) / (1 - exp(-(V + 55) / 10)), beta_n = 0.125 exp(-(V + 65) / 80),
    alpha_m = 0.1 (V + 40) / (1 - exp(-(V + 40) / 10)), beta_m = 4 exp(-(V + 65) / 18),
    alpha_h = 0.07 exp(-(V + 65) / 20), beta_h = 1 / (1 + exp(-(V + 35) / 10)).

    A spike of weight w (pA) adds the current w (e / tau_syn) t exp(-t / tau_syn), which peaks at w
    when t = tau_syn; positive and negative weights have their own currents.

    The neuron spikes at the end of the first step in which V falls while it is at 0 mV or above, so
    right after the peak. Nothing is reset; for t_ref after it there is no further spike, while V
    and all others go on.

    A step is one of the Runge-Kutta method of Cash & Karp (1990, ACM Trans Math Softw 16:201), with
    the synaptic currents as they exactly are. Neurons for which the embedded method of order 4
    differs by more than `TOLERANCE` take it again in 4, 16 or 64 parts, together.

    Parameters and the order of a step are those of NEST; see Hodgkin & Huxley 1952, J Physiol
    117:500.
    """

    model: ClassVar[str] = "hh_psc_alpha"
    variables: ClassVar[dict[str, str]] = {
        "V_m": "mV",
        "Act_m": "1",
        "Inact_h": "1",
        "Act_n": "1",
        "I_syn_ex": "pA",
        "dI_syn_ex": "pA/ms",
        "I_syn_in": "pA",
        "dI_syn_in": "pA/ms",
    }
    step = staticmethod(step)

    g_Na: NonNegative = Field(12000.0, description="peak conductance of sodium (nS)")
    g_K: NonNegative = Field(3600.0, description="peak conductance of potassium (nS)")
    g_L: NonNegative = Field(30.0, description="leak conductance (nS)")
    C_m: Positive = Field(100.0, description="membrane capacitance (pF)")
    E_Na: Finite = Field(50.0, description="reversal potential of sodium (mV)")
    E_K: Finite = Field(-77.0, description="reversal potential of potassium (mV)")
    E_L: Finite = Field(-54.402, description="reversal potential of the leak (mV)")
    t_ref: NonNegative = Field(2.0, description="time after a spike without another one (ms)")
    tau_syn_ex: Positive = Field(0.2, description="rise time of excitatory currents (ms)")
    tau_syn_in: Positive = Field(2.0, description="rise time of inhibitory currents (ms)")
    I_e: Finite = Field(0.0, description="constant current (pA)")

    def initial(self) -> dict[str, float]:
        """Return where state variables start: V_m at -65 mV, the channels where they settle."""
        open_n, shut_n = -0.1 / (1.0 - np.exp(1.0)), 0.125
        open_m, shut_m = -2.5 / (1.0 - np.exp(2.5)), 4.0
        open_h, shut_h = 0.07, 1.0 / (1.0 + np.exp(3.0))
        return {
            "V_m": -65.0,
            "Act_m": float(open_m / (open_m + shut_m)),
            "Inact_h": float(open_h / (open_h + shut_h)),
            "Act_n": float(open_n / (open_n + shut_n)),
        }

    def check_steps(self, where: str, resolution: float) -> None:
        """Refuse what cannot be computed in steps of `resolution` (ms)."""
        check_t_ref(where, self.t_ref, resolution)
        super().check_steps(where, resolution)

    def constants(self, resolution: float) -> list[Any]:
        """Return the numbers that `step` computes with; see `NeuronModel.constants`."""
        numbers = [
            0.0,
            0.0,
            np.rint(self.t_ref / resolution),
            self.I_e / self.C_m,
            1.0 / self.C_m,
            self.g_Na / self.C_m,
            self.g_K / self.C_m,
            self.g_L / self.C_m,
            self.E_Na,
            self.E_K,
            self.E_L,
            np.e / self.tau_syn_ex,
            np.e / self.tau_syn_in,
        ]
        for parts in LEVELS:
            s = resolution / parts
            numbers.append(s)
            for tau in (self.tau_syn_ex, self.tau_syn_in):
                numbers += [np.exp(-c * s / tau) for c in STAGES[1:]]
        return numbers
