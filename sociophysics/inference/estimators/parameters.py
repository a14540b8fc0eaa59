"""What an estimator is: a kind that learns, as scikit-learn asks, without importing scikit-learn.

An estimator's keys are declared as those of any kind (``kinds.py``), in a dataclass that is not
frozen. Made, it holds them as they were given; ``fit`` checks them, learns and keeps what it
learned in attributes that end in ``_``. :class:`Estimator` adds the reading and setting of
parameters, so that pipelines, clones and grid searches work when scikit-learn is there.
"""

from __future__ import annotations

import functools
import inspect
import sys
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from sociophysics.errors import InputError, did_you_mean
from sociophysics.kind_sentences import refusal
from sociophysics.kinds import ESTIMATORS, Kind, build

__all__ = ["Estimator", "require_fitted", "tables_of"]


class Estimator(Kind):
    """What all estimators have in common; a subclass is a dataclass with eq and repr left out.

    Attributes
    ----------
    system_ : SpinSystem
        Of those that learn couplings: with it a fit can be simulated.
    """

    registry = ESTIMATORS
    learns: ClassVar[bool] = True

    def __init_subclass__(cls) -> None:
        """Let ``fit`` check the keys before it learns."""
        super().__init_subclass__()
        learn = cls.__dict__.get("fit")
        if learn is not None and not getattr(learn, "__isabstractmethod__", False):

            @functools.wraps(learn)
            def fit(self: Estimator, votes: Any, y: object = None) -> Any:
                self.check_keys()
                return learn(self, votes, y)

            type.__setattr__(cls, "fit", fit)

    @abstractmethod
    def fit(self, votes: Any, y: object = None) -> Self:
        """Learn from votes, shape (roll calls, members), and return the estimator."""

    @abstractmethod
    def predict_proba(self, votes: Any) -> NDArray[np.float64]:
        """Return P(+1 | the other members' votes), shape (roll calls, members)."""

    def check_keys(self) -> None:
        """Refuse keys out of their range, in the words that tables are refused in.

        Raises
        ------
        InputError
            One that is.
        """
        if not hasattr(type(self), "__dataclass_fields__"):
            return  # a class in scikit-learn's own manner declares nothing
        keys = self.get_params(deep=False)
        try:
            build(type(self), (), keys)
        except ValidationError as error:
            raise refusal(error, type(self), (), keys) from None

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


def require_fitted(estimator: object, attribute: str) -> None:
    """Raise if ``attribute`` has not been learned yet.

    The error is scikit-learn's ``NotFittedError`` as well, for callers who have imported it.

    Raises
    ------
    InputError
        ``fit`` has not been called.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> fitted = SimpleNamespace(coupling_=0.0)
    >>> require_fitted(fitted, "coupling_")
    """
    if hasattr(estimator, attribute):
        return
    kind: type[InputError] = InputError
    loaded = sys.modules.get("sklearn.exceptions")
    if loaded is not None:
        kind = type("NotFittedError", (InputError, loaded.NotFittedError), {})
    raise kind(f"{type(estimator).__name__} is not fitted; call fit(votes) before using it.")


def tables_of(estimators: Sequence[Estimator | Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    """Return estimators as tables with every key, as a study's manifest holds them.

    Parameters
    ----------
    estimators : sequence of Estimator, or of tables such as ``{"kind": "mean_field"}``

    Raises
    ------
    InputError
        What is neither, a kind that is not registered, or a key that is refused.

    Examples
    --------
    >>> tables_of([{"kind": "mean_field", "fields": True}])
    ({'kind': 'mean_field', 'shrinkage': 0.3, 'fields': True},)
    """
    found = []
    for place, given in enumerate(estimators):
        if isinstance(given, Estimator):
            given.check_keys()
        each = given.table() if isinstance(given, Estimator) else given
        if not isinstance(each, Mapping) or not each.get("kind"):
            raise InputError(
                f"estimators[{place}] is no table and no registered estimator; give one of "
                f"{', '.join(sorted(ESTIMATORS))}, or register its class."
            )
        found.append(ESTIMATORS.made(each).table())
    return tuple(found)
