"""What scikit-learn asks of an estimator, without importing scikit-learn.

Estimators here store their parameters in ``__init__`` and nothing else, learn in ``fit`` and keep
what they learned in attributes that end in ``_``. :class:`Estimator` adds the reading and setting
of parameters, so that pipelines, clones and grid searches work when scikit-learn is there.
"""

from __future__ import annotations

import inspect
import sys
from typing import Any, Self

from sociophysics.errors import InputError, did_you_mean

__all__ = ["Estimator", "require_fitted"]


class Estimator:
    """Reading and setting of the parameters named by ``__init__``."""

    @classmethod
    def _parameter_names(cls) -> list[str]:
        return sorted(name for name in inspect.signature(cls.__init__).parameters if name != "self")

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name; ``deep`` adds those of nested estimators."""
        found: dict[str, Any] = {name: getattr(self, name) for name in self._parameter_names()}
        if deep:
            for name, value in list(found.items()):
                if isinstance(value, Estimator):
                    inner = value.get_params().items()
                    found |= {f"{name}__{key}": part for key, part in inner}
        return found

    def set_params(self, **parameters: Any) -> Self:
        """Set parameters by name (``inner__name`` for those of a nested estimator).

        Raises
        ------
        InputError
            A name that the estimator does not have.
        """
        names = self._parameter_names()
        for name, value in parameters.items():
            own, _, inner = name.partition("__")
            if own not in names:
                raise InputError(
                    f"{name!r} is not a parameter of {type(self).__name__}; "
                    f"{did_you_mean(own, names)}"
                )
            if inner:
                getattr(self, own).set_params(**{inner: value})
            else:
                setattr(self, own, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        changed = [
            f"{name}={value!r}"
            for name, value in self.get_params(deep=False).items()
            if repr(value) != repr(defaults[name].default)
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            input_tags=InputTags(sparse=False, allow_nan=True),
        )


def require_fitted(estimator: Estimator, attribute: str) -> None:
    """Raise if ``attribute`` has not been learned yet.

    The error is scikit-learn's ``NotFittedError`` as well, for callers who have imported it.

    Raises
    ------
    InputError
        ``fit`` has not been called.

    Examples
    --------
    >>> fitted = Estimator()
    >>> fitted.coupling_ = 0.0
    >>> require_fitted(fitted, "coupling_")
    """
    if hasattr(estimator, attribute):
        return
    kind: type[InputError] = InputError
    loaded = sys.modules.get("sklearn.exceptions")
    if loaded is not None:
        kind = type("NotFittedError", (InputError, loaded.NotFittedError), {})
    raise kind(f"{type(estimator).__name__} is not fitted; call fit(votes) before using it.")
