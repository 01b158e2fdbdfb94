"""Objects that refuse to have their attributes assigned."""

from typing import Any

from distsp.base.errors import InputError


class Closed:
    """Has the attributes that it is made with; only those that have a setter can be assigned.

    A subclass calls `_close` at the end of `__init__`. To assign what nobody looks at would change
    nothing, without a word. Attributes that begin with an underscore are the object's own affair.
    """

    def _close(self) -> None:
        """Refuse assignments from now on."""
        self._put("_closed", True)

    def _put(self, name: str, value: Any) -> None:
        """Assign an attribute from within."""
        object.__setattr__(self, name, value)

    def _refusal(self, name: str) -> tuple[str, str]:
        """Return the path of an attribute, and what is right instead of assigning it."""
        raise NotImplementedError

    def __setattr__(self, name: str, value: Any) -> None:
        """Assign what has a setter.

        Raises
        ------
        InputError
            For all others.
        """
        own = name.startswith("_")
        has_setter = own or getattr(getattr(type(self), name, None), "fset", None) is not None
        if not has_setter and self.__dict__.get("_closed", False):
            field, right = self._refusal(name)
            raise InputError.at(field, value, f"cannot be assigned; {right}")
        object.__setattr__(self, name, value)
