"""Synaptic elements, as NEST names their parameters, and as distsp does."""

from collections.abc import Mapping, Sequence
from typing import Any

from distsp.pynest.errors import NESTErrors, overlook, wrong

CURVES: dict[str, dict[str, float]] = {
    "linear": {"eps": 0.7},
    "gaussian": {"eps": 0.7, "eta": 0.1},
    "sigmoid": {"eps": 0.7, "psi": 0.1},
}
"""Growth curves with the parameters that NEST gives them by default."""

COMMON = {"continuous": True, "growth_rate": 1.0, "tau_vacant": 0.1, "z": 0.0}

Element = dict[str, Any]
Elements = dict[str, Element]
"""Elements of a neuron by name; replaced, never changed, as neurons share them."""

COUNTED = ("z_connected", "z_vacant")
"""What may be given but is counted."""


def merged(call: str, before: Element | None, given: Any) -> Element:
    """Return an element with some values changed.

    Parameters
    ----------
    call : str
        For messages.
    before : dict or None
        What it was; None for a new one.
    given : dict
        Values by the names that NEST has for them.

    Raises
    ------
    NESTError
        If a name or a value is wrong.

    Examples
    --------
    >>> merged("set", None, {"growth_curve": "sigmoid", "z": 2.0})["psi"]
    0.1
    """
    if not isinstance(given, Mapping):
        raise wrong("TypeMismatch", call, given, "must be a dict of the values of an element")
    curve = given.get("growth_curve", before["growth_curve"] if before else "linear")
    if curve not in CURVES:
        raise wrong("BadProperty", f"{call}: growth_curve", curve, f"must be one of {list(CURVES)}")
    if before is None or before["growth_curve"] != curve:
        kept = {key: before[key] for key in COMMON} if before else COMMON
        before = {"growth_curve": curve, **kept, **CURVES[curve]}
    values = dict(before)
    for key, value in given.items():
        if key in ("growth_curve", *COUNTED):
            continue
        if key == "continuous":  # changes nothing, as in NEST
            values[key] = bool(value)
            continue
        if key not in values:
            if not any(key in known for known in CURVES.values()):
                overlook(f"{call}: {key} of a synaptic element")
            continue
        try:
            values[key] = float(value)
        except (TypeError, ValueError):
            raise wrong("TypeMismatch", f"{call}: {key}", value, "must be a number") from None
    if not 0.0 <= values["tau_vacant"] <= 1.0:
        right = "must be from 0 to 1"
        raise wrong("BadProperty", f"{call}: tau_vacant", values["tau_vacant"], right)
    return values


def replaced(call: str, given: Any) -> Elements:
    """Return the elements that take the place of all others."""
    return {name: merged(f"{call}: {name}", None, one) for name, one in _named(call, given)}


def updated(call: str, before: Elements, given: Any) -> Elements:
    """Return the elements with some values of some changed; others than there are count nothing."""
    found = dict(before)
    for name, one in _named(call, given):
        if name in found:
            found[name] = merged(f"{call}: {name}", found[name], one)
    return found


def _named(call: str, given: Any) -> list[tuple[str, Any]]:
    if not isinstance(given, Mapping):
        raise wrong("TypeMismatch", call, given, "must be a dict of elements by name")
    return list(given.items())


def signature(elements: Elements) -> tuple[tuple[str, str], ...]:
    """Return names and curves: what neurons of one population have in common."""
    return tuple((name, one["growth_curve"]) for name, one in sorted(elements.items()))


def as_parameters(elements: Sequence[Elements]) -> dict[str, dict[str, Any]]:
    """Return the elements of neurons with the same signature, as distsp names their parameters.

    Returns
    -------
    dict of dict
        Each value a number, or a list with one for each neuron where they differ.
    """
    first = elements[0]
    alike = all(one is first for one in elements)
    found: dict[str, dict[str, Any]] = {}
    for name, element in first.items():
        values: dict[str, Any] = {"curve": element["growth_curve"]}
        for key in element.keys() - {"growth_curve", "continuous"}:
            column = {element[key]} if alike else [one[name][key] for one in elements]
            values[key] = element[key] if len(set(column)) == 1 else column
        _check(name, values)
        found[name] = values
    return found


def _check(name: str, values: dict[str, Any]) -> None:
    """Refuse a gaussian curve without a width, as NEST does when it simulates."""
    if values["curve"] != "gaussian":
        return
    eta, eps = values["eta"], values["eps"]
    if not isinstance(eta, list) and not isinstance(eps, list) and eta == eps:
        line = f"Simulate: synaptic_elements.{name}: eta and eps are both {eps:g}, must differ"
        raise NESTErrors.BadProperty(line)
