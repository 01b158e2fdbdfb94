"""What the adaptive exponential integrate-and-fire neurons share.

C_m dV/dt = -g_L (V - E_L) + g_L Delta_T exp((V - V_th) / Delta_T) + I_syn - w + I_e

tau_w dw/dt = a (V - E_L) - w

When V reaches V_peak the neuron spikes: V becomes V_reset and b is added to w. For the step's rest
and for t_ref after it V stays at V_reset while w goes on; with a t_ref of 0 the neuron is never
refractory, and V goes on at once. Where Delta_T is 0 there is no exponential, and V_th takes the
place of V_peak.

A step is one of the Runge-Kutta method of Cash & Karp (1990, ACM Trans Math Softw 16:201), with the
synaptic currents or conductances as they exactly are at the times of its stages, and V taken for
V_peak where a stage is above it, so that the exponential does not overflow. Neurons for which the
embedded method of order 4 differs by more than `TOLERANCE`, and those that reach V_peak, take the
step again in halved steps, down to 2**-`HALVINGS` of it, of which the one that reaches V_peak is
divided in proportion. Few do: a dozen steps around each spike, and where strong input arrives.

A neuron spikes once in a step at most, with the end of the step as its time: where it reaches
V_peak again it waits there for the next step.
"""

from typing import Any, Self

import numpy as np
from pydantic import Field, model_validator

from distsp.base.arrays import Floats, Int32s
from distsp.base.compiled import compiled, inlined
from distsp.base.exponential import fast_exp, little_exp
from distsp.base.fields import Fields, Finite, NonNegative, Positive
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
from distsp.neurons.values import at, constant

TOLERANCE = 1e-6
"""How far the two methods may differ after a step (mV)."""

TIME_TOLERANCE = 1e-7
"""How far they may differ, where V moves fast, by when it gets there (ms)."""

HALVINGS = 16

LARGEST_EXPONENT = 600.0
"""Of (V_peak - V_th) / Delta_T: what it causes in a step stays a number."""


class AdaptiveMembrane(Fields):
    """Parameters of an adaptive exponential membrane."""

    g_L: Positive = Field(30.0, description="leak conductance (nS)")
    C_m: Positive = Field(281.0, description="membrane capacitance (pF)")
    t_ref: NonNegative = Field(0.0, description="refractory period (ms)")
    E_L: Finite = Field(-70.6, description="resting potential (mV)")
    V_th: Finite = Field(-50.4, description="potential at which spikes set in (mV)")
    Delta_T: NonNegative = Field(2.0, description="slope of their onset (mV)")
    V_peak: Finite = Field(0.0, description="potential at which a spike is noted (mV)")
    V_reset: Finite = Field(-60.0, description="potential after a spike (mV)")
    a: Finite = Field(4.0, description="adaptation that V_m causes (nS)")
    b: Finite = Field(80.5, description="adaptation that a spike adds (pA)")
    tau_w: Positive = Field(144.0, description="time constant of the adaptation (ms)")
    tau_syn_ex: Positive = Field(0.2, description="time constant of excitation (ms)")
    tau_syn_in: Positive = Field(2.0, description="time constant of inhibition (ms)")
    I_e: Finite = Field(0.0, description="constant current (pA)")

    @model_validator(mode="after")
    def _potentials_in_order(self) -> Self:
        spike = np.where(np.asarray(self.Delta_T) > 0.0, self.V_peak, self.V_th)
        if np.any(self.V_reset >= spike):
            name = "V_peak" if np.all(np.asarray(self.Delta_T) > 0.0) else "V_th"
            raise ValueError(
                f"V_reset, {self.V_reset} mV, must be below {name}, {getattr(self, name)} mV"
            )
        if np.any(np.asarray(self.V_peak) < self.V_th):
            raise ValueError(
                f"V_peak, {self.V_peak} mV, must be at least the threshold V_th, {self.V_th} mV"
            )
        bound = LARGEST_EXPONENT * np.asarray(self.Delta_T)
        if np.any((self.V_peak - np.asarray(self.V_th) > bound) & (bound > 0.0)):
            raise ValueError(
                f"Delta_T, {self.Delta_T} mV, must be at least {1 / LARGEST_EXPONENT:.4f} "
                f"of V_peak - V_th, {self.V_peak - self.V_th} mV"
            )
        return self


class AdaptiveNeuron(NeuronModel, AdaptiveMembrane):
    """An adaptive exponential membrane; the first variable is V_m - E_L, the last one is w."""

    def initial(self) -> dict[str, float]:
        """Return where state variables start: V_m at rest."""
        return {"V_m": self.E_L}

    def offsets(self) -> dict[str, float]:
        """Return what state variables are kept relative to: V_m to E_L."""
        return {"V_m": self.E_L}

    def check_steps(self, where: str, resolution: float) -> None:
        """Refuse what cannot be computed in steps of `resolution` (ms)."""
        check_t_ref(where, self.t_ref, resolution)
        super().check_steps(where, resolution)

    def adaptive(
        self, resolution: float, pulls: tuple[Any, Any], jumps: tuple[Any, Any]
    ) -> list[Any]:
        """Return the numbers that `advance` computes with; see `NeuronModel.constants`.

        Parameters
        ----------
        resolution : float
            ms.
        pulls : tuple of two
            What excitation and inhibition of 1 pull with at rest (pA): with conductances the
            distance to the reversal potential, with currents 1 and -1.
        jumps : tuple of two
            What a spike of weight 1 adds to what it is added to.
        """
        h, exponential = resolution, self.Delta_T > 0.0
        steepness = np.where(exponential, 1.0 / np.where(exponential, self.Delta_T, 1.0), 0.0)
        leaving = np.exp(-h / self.tau_w)
        return [
            np.where(exponential, self.V_peak, self.V_th) - self.E_L,
            self.V_reset - self.E_L,
            np.rint(self.t_ref / h),
            self.I_e / self.C_m,
            h,
            1.0 / self.C_m,
            self.g_L / self.C_m,
            self.g_L * self.Delta_T / self.C_m,
            steepness,
            (self.V_th - self.E_L) * steepness,
            self.a / self.tau_w / self.C_m,
            1.0 / self.tau_w,
            self.b / self.C_m,
            pulls[0] / self.C_m,
            pulls[1] / self.C_m,
            1.0 / self.tau_syn_ex,
            1.0 / self.tau_syn_in,
            jumps[0],
            jumps[1],
            self.C_m,
            leaving,
            self.a * (self.V_reset - self.E_L) * (1.0 - leaving),
            *(
                np.exp(-c * h / tau)
                for tau in (self.tau_syn_ex, self.tau_syn_in)
                for c in STAGES[1:]
            ),
        ]


@inlined
def cash_karp(
    y: float,
    x: float,
    h: float,
    threshold: float,
    onset: float,
    steepness: float,
    onset_at: float,
    coupling: float,
    rate: float,
    pull_1: float,
    fall_1: float,
    pull_2: float,
    fall_2: float,
    pull_3: float,
    fall_3: float,
    pull_4: float,
    fall_4: float,
    pull_5: float,
    fall_5: float,
    pull_6: float,
    fall_6: float,
) -> tuple[float, float, float]:
    """Take dy/dt = onset exp(steepness y - onset_at) - fall y + pull - x through a step of h (ms).

    Also dx/dt = coupling y - rate x. With x = w / C_m. In all slopes y is at most `threshold`. The
    exponentials of all stages are that of the first and powers of little; where y moves too far for
    that, the error says so.

    Parameters
    ----------
    y, x : float
        At the start (mV, mV/ms).
    h, threshold, onset, steepness, onset_at, coupling, rate : float
    pull_1, fall_1, ... : float
        At the times of the stages.

    Returns
    -------
    moved, change, error : float
        y after the step, the mean slope of x, and an estimate of the error of y.
    """
    v = min(y, threshold)
    start = steepness * v
    power = onset * fast_exp(start - onset_at)
    k1, l1 = power - fall_1 * v + pull_1 - x, coupling * v - rate * x
    v, z = min(y + h * (A21 * k1), threshold), x + h * (A21 * l1)
    d2 = max(steepness * v - start, -1.0)
    k2, l2 = power * little_exp(d2) - fall_2 * v + pull_2 - z, coupling * v - rate * z
    v, z = min(y + h * (A31 * k1 + A32 * k2), threshold), x + h * (A31 * l1 + A32 * l2)
    d3 = max(steepness * v - start, -1.0)
    k3, l3 = power * little_exp(d3) - fall_3 * v + pull_3 - z, coupling * v - rate * z
    v, z = (
        min(y + h * (A41 * k1 + A42 * k2 + A43 * k3), threshold),
        x + h * (A41 * l1 + A42 * l2 + A43 * l3),
    )
    d4 = max(steepness * v - start, -1.0)
    k4, l4 = power * little_exp(d4) - fall_4 * v + pull_4 - z, coupling * v - rate * z
    v, z = (
        min(y + h * (A51 * k1 + A52 * k2 + A53 * k3 + A54 * k4), threshold),
        x + h * (A51 * l1 + A52 * l2 + A53 * l3 + A54 * l4),
    )
    d5 = max(steepness * v - start, -1.0)
    k5, l5 = power * little_exp(d5) - fall_5 * v + pull_5 - z, coupling * v - rate * z
    v, z = (
        min(y + h * (A61 * k1 + A62 * k2 + A63 * k3 + A64 * k4 + A65 * k5), threshold),
        x + h * (A61 * l1 + A62 * l2 + A63 * l3 + A64 * l4 + A65 * l5),
    )
    d6 = max(steepness * v - start, -1.0)
    k6, l6 = power * little_exp(d6) - fall_6 * v + pull_6 - z, coupling * v - rate * z
    # The first term that the short exponentials do not have.
    d = max(max(d2 * d2, d3 * d3), max(max(d4 * d4, d5 * d5), d6 * d6))
    error = h * power * (d * d) * (d * d) * 2.48015873015873e-05
    error += abs(h * (D1 * k1 + D3 * k3 + D4 * k4 + D5 * k5 + D6 * k6))
    error += abs(h * (D1 * l1 + D3 * l3 + D4 * l4 + D5 * l5 + D6 * l6))
    moved = y + h * (B1 * k1 + B3 * k3 + B4 * k4 + B6 * k6)
    return moved, B1 * l1 + B3 * l3 + B4 * l4 + B6 * l6, error


@compiled
def again(
    y: float,
    x: float,
    g_ex: float,
    dg_ex: float,
    g_in: float,
    dg_in: float,
    rate_ex: float,
    rate_in: float,
    pull_ex: float,
    pull_in: float,
    hold: float,
    drive: float,
    leak: float,
    threshold: float,
    onset: float,
    steepness: float,
    onset_at: float,
    coupling: float,
    rate: float,
    reset: float,
    stays: bool,
    jump: float,
    h: float,
) -> tuple[float, float, bool]:
    """Take a neuron through a step in parts of it; see `cash_karp`.

    A spike adds `jump` to x and makes the neuron stay at `reset` if `stays`.

    Returns
    -------
    y, x : float
    spiked : bool
    """
    least = h * 0.5**HALVINGS
    t, s, spiked, near = 0.0, 0.5 * h, False, False
    left_ex, left_in = 1.0, 1.0
    while True:
        if y >= threshold:
            if spiked:
                return threshold, x, True
            spiked, near, y, x, s = True, False, reset, x + jump, 0.5 * h
            if stays:
                left = fast_exp(-(h - t) * rate)
                return y, x * left + coupling * y / rate * (1.0 - left), True
        if h - t <= 1e-9 * h:
            return y, x, spiked
        s = min(s, h - t)
        # What is left after a part of s, as powers of what is left after a 40th of it.
        a_ex, a_in = fast_exp(-0.025 * s * rate_ex), fast_exp(-0.025 * s * rate_in)
        b_ex, b_in = a_ex * a_ex, a_in * a_in
        c_ex, c_in = b_ex * b_ex, b_in * b_in
        x_ex, x_in = c_ex * c_ex, c_in * c_in
        z_ex, z_in = x_ex * c_ex, x_in * c_in
        ex, inh = left_ex * (g_ex + t * dg_ex), left_in * (g_in + t * dg_in)
        pull_1, fall_1 = drive + pull_ex * ex + pull_in * inh, leak + hold * (ex + inh)
        u, part_ex, part_in = t + 0.2 * s, left_ex * (x_ex), left_in * (x_in)
        ex, inh = part_ex * (g_ex + u * dg_ex), part_in * (g_in + u * dg_in)
        pull_2, fall_2 = drive + pull_ex * ex + pull_in * inh, leak + hold * (ex + inh)
        u, part_ex, part_in = t + 0.3 * s, left_ex * (z_ex), left_in * (z_in)
        ex, inh = part_ex * (g_ex + u * dg_ex), part_in * (g_in + u * dg_in)
        pull_3, fall_3 = drive + pull_ex * ex + pull_in * inh, leak + hold * (ex + inh)
        u, part_ex, part_in = t + 0.6 * s, left_ex * (z_ex * z_ex), left_in * (z_in * z_in)
        ex, inh = part_ex * (g_ex + u * dg_ex), part_in * (g_in + u * dg_in)
        pull_4, fall_4 = drive + pull_ex * ex + pull_in * inh, leak + hold * (ex + inh)
        u, part_ex, part_in = (
            t + s,
            left_ex * (z_ex * z_ex * (x_ex * x_ex)),
            left_in * (z_in * z_in * (x_in * x_in)),
        )
        ex, inh = part_ex * (g_ex + u * dg_ex), part_in * (g_in + u * dg_in)
        pull_5, fall_5 = drive + pull_ex * ex + pull_in * inh, leak + hold * (ex + inh)
        u, part_ex, part_in = (
            t + 0.875 * s,
            left_ex * (z_ex * z_ex * (x_ex * b_ex * a_ex)),
            left_in * (z_in * z_in * (x_in * b_in * a_in)),
        )
        ex, inh = part_ex * (g_ex + u * dg_ex), part_in * (g_in + u * dg_in)
        pull_6, fall_6 = drive + pull_ex * ex + pull_in * inh, leak + hold * (ex + inh)
        moved, change, error = cash_karp(
            y,
            x,
            s,
            threshold,
            onset,
            steepness,
            onset_at,
            coupling,
            rate,
            pull_1,
            fall_1,
            pull_2,
            fall_2,
            pull_3,
            fall_3,
            pull_4,
            fall_4,
            pull_5,
            fall_5,
            pull_6,
            fall_6,
        )
        reached = moved >= threshold
        near |= reached
        # Where V rises steeply it is the time that must be right.
        enough = TOLERANCE * s + TIME_TOLERANCE * abs(moved - y)
        if s > least and (reached or not error * s <= enough):
            s *= 0.5
            continue
        part = (threshold - y) / (moved - y) if reached else 1.0
        y, x, t = moved, x + part * s * change, t + part * s
        left_ex, left_in = fast_exp(-t * rate_ex), fast_exp(-t * rate_in)
        if error * s < 0.015625 * enough and not near:
            s *= 2.0


@inlined
def advance(
    conductances: bool,
    alpha: bool,
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
    lags: Int32s,
    neurons: Int32s,
    count: int,
    first: int,
) -> int:
    """Take a block of neurons through the steps of a slice.

    Synapses are `conductances`, or currents; `alpha`-shaped, or exponential.
    """
    n = hi - lo
    threshold, reset = constant(constants, 0, n), constant(constants, 1, n)
    t_ref, push = constant(constants, 2, n), constant(constants, 3, n)
    step, per_current = constant(constants, 4, n), constant(constants, 5, n)
    leak, onset = constant(constants, 6, n), constant(constants, 7, n)
    steepness, onset_at = constant(constants, 8, n), constant(constants, 9, n)
    coupling, rate = constant(constants, 10, n), constant(constants, 11, n)
    jump, pull_ex = constant(constants, 12, n), constant(constants, 13, n)
    pull_in, rate_ex = constant(constants, 14, n), constant(constants, 15, n)
    rate_in, jump_ex = constant(constants, 16, n), constant(constants, 17, n)
    jump_in, capacitance = constant(constants, 18, n), constant(constants, 19, n)
    leaving, staying = constant(constants, 20, n), constant(constants, 21, n)
    ex_2, in_2 = constant(constants, 22, n), constant(constants, 27, n)
    ex_3, in_3 = constant(constants, 23, n), constant(constants, 28, n)
    ex_4, in_4 = constant(constants, 24, n), constant(constants, 29, n)
    ex_5, in_5 = constant(constants, 25, n), constant(constants, 30, n)
    ex_6, in_6 = constant(constants, 26, n), constant(constants, 31, n)
    potential, waiting = variables[0, lo:hi], refractory[lo:hi]
    if alpha:
        g_ex, dg_ex = variables[1, lo:hi], variables[2, lo:hi]
        g_in, dg_in = variables[3, lo:hi], variables[4, lo:hi]
        adaptation = variables[5, lo:hi]
    else:
        g_ex, dg_ex = variables[1, lo:hi], variables[1, lo:hi]
        g_in, dg_in = variables[2, lo:hi], variables[2, lo:hi]
        adaptation = variables[3, lo:hi]
    moved, adapted, errors, drive = scratch[0, :n], scratch[1, :n], scratch[2, :n], scratch[3, :n]
    for lag in range(n_steps):
        excitation, inhibition = input_ex[lag, :n], input_in[lag, :n]
        for j in range(n):
            drive[j] = at(push, j)
        if driven:
            amplitude = current[lag, :n]
            for j in range(n):
                drive[j] += at(per_current, j) * amplitude[j]
        for j in range(n):
            h, w = at(step, j), adaptation[j]
            hold = at(per_current, j) if conductances else 0.0
            g, dg = g_ex[j], dg_ex[j] if alpha else 0.0
            i, di = g_in[j], dg_in[j] if alpha else 0.0
            pull_1 = drive[j] + at(pull_ex, j) * g + at(pull_in, j) * i
            fall_1 = at(leak, j) + hold * (g + i)
            ex, inh = at(ex_2, j) * (g + 0.2 * h * dg), at(in_2, j) * (i + 0.2 * h * di)
            pull_2 = drive[j] + at(pull_ex, j) * ex + at(pull_in, j) * inh
            fall_2 = at(leak, j) + hold * (ex + inh)
            ex, inh = at(ex_3, j) * (g + 0.3 * h * dg), at(in_3, j) * (i + 0.3 * h * di)
            pull_3 = drive[j] + at(pull_ex, j) * ex + at(pull_in, j) * inh
            fall_3 = at(leak, j) + hold * (ex + inh)
            ex, inh = at(ex_4, j) * (g + 0.6 * h * dg), at(in_4, j) * (i + 0.6 * h * di)
            pull_4 = drive[j] + at(pull_ex, j) * ex + at(pull_in, j) * inh
            fall_4 = at(leak, j) + hold * (ex + inh)
            ex, inh = at(ex_5, j) * (g + h * dg), at(in_5, j) * (i + h * di)
            pull_5 = drive[j] + at(pull_ex, j) * ex + at(pull_in, j) * inh
            fall_5 = at(leak, j) + hold * (ex + inh)
            ex, inh = at(ex_6, j) * (g + 0.875 * h * dg), at(in_6, j) * (i + 0.875 * h * di)
            pull_6 = drive[j] + at(pull_ex, j) * ex + at(pull_in, j) * inh
            fall_6 = at(leak, j) + hold * (ex + inh)
            y, change, error = cash_karp(
                potential[j],
                w * at(per_current, j),
                h,
                at(threshold, j),
                at(onset, j),
                at(steepness, j),
                at(onset_at, j),
                at(coupling, j),
                at(rate, j),
                pull_1,
                fall_1,
                pull_2,
                fall_2,
                pull_3,
                fall_3,
                pull_4,
                fall_4,
                pull_5,
                fall_5,
                pull_6,
                fall_6,
            )
            moved[j], errors[j] = y, error
            adapted[j] = w + at(capacitance, j) * h * change
        hard = False
        for j in range(n):
            hard |= waiting[j] > 0
            hard |= not (errors[j] <= TOLERANCE and moved[j] < at(threshold, j))
        if hard:
            for j in range(n):
                if waiting[j] > 0:
                    waiting[j] -= np.int32(1)
                    moved[j] = at(reset, j)
                    adapted[j] = at(leaving, j) * adaptation[j] + at(staying, j)
                elif not (errors[j] <= TOLERANCE and moved[j] < at(threshold, j)):
                    y, x, spiked = again(
                        potential[j],
                        adaptation[j] * at(per_current, j),
                        g_ex[j],
                        dg_ex[j] if alpha else 0.0,
                        g_in[j],
                        dg_in[j] if alpha else 0.0,
                        at(rate_ex, j),
                        at(rate_in, j),
                        at(pull_ex, j),
                        at(pull_in, j),
                        at(per_current, j) if conductances else 0.0,
                        drive[j],
                        at(leak, j),
                        at(threshold, j),
                        at(onset, j),
                        at(steepness, j),
                        at(onset_at, j),
                        at(coupling, j),
                        at(rate, j),
                        at(reset, j),
                        at(t_ref, j) > 0.0,
                        at(jump, j),
                        at(step, j),
                    )
                    moved[j], adapted[j] = y, at(capacitance, j) * x
                    if spiked:
                        waiting[j] = np.int32(at(t_ref, j))
                        lags[count] = lag
                        neurons[count] = first + lo + j
                        count += 1
        for j in range(n):
            potential[j] = moved[j]
        for j in range(n):
            adaptation[j] = adapted[j]
        if alpha:
            for j in range(n):
                g_ex[j] = at(ex_5, j) * (g_ex[j] + at(step, j) * dg_ex[j])
                dg_ex[j] = at(ex_5, j) * dg_ex[j] + at(jump_ex, j) * excitation[j]
            for j in range(n):
                g_in[j] = at(in_5, j) * (g_in[j] + at(step, j) * dg_in[j])
                dg_in[j] = at(in_5, j) * dg_in[j] - at(jump_in, j) * inhibition[j]
        else:
            for j in range(n):
                g_ex[j] = at(ex_5, j) * g_ex[j] + at(jump_ex, j) * excitation[j]
            for j in range(n):
                g_in[j] = at(in_5, j) * g_in[j] - at(jump_in, j) * inhibition[j]
    return count
