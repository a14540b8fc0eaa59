"""Registries: the kinds there are, by name, ours and those of installed packages.

A registry loads the modules of our own kinds when it is first asked, and then the entry points of
its group once: a package that declares ``[project.entry-points."sociophysics.feeds"]`` adds a feed
without a change here.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import pkgutil
import threading
import warnings
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from sociophysics.errors import InputError, did_you_mean

__all__ = ["Registry", "knowing"]

T = TypeVar("T")


# By a registry's word, kinds that count within ``knowing`` alone.
_passed: ContextVar[Mapping[str, dict[str, Any]]] = ContextVar(
    "passed", default=MappingProxyType({})
)


class NameTakenError(InputError):
    """Two kinds want one name."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.name = name


class Registry(Mapping[str, T], Generic[T]):
    """Kinds by name, in the order in which they were registered.

    Parameters
    ----------
    word : str
        What one of them is called in sentences: "feed".
    homes : str
        Modules or packages of ours that register our own; of a package, all its modules.
    group : str
        The entry points by which installed packages add theirs; "" for none.
    kinds : dict, optional
        Where they are kept.

    Attributes
    ----------
    failures : list of str
        One sentence for each plugin that did not load.
    disputed : dict
        By kind, the sentence on a plugin that wants a name which is taken: whoever asks for that
        kind is refused until it is clear which is meant.
    """

    def __init__(
        self, word: str, *homes: str, group: str = "", kinds: dict[str, T] | None = None
    ) -> None:
        self.word, self.homes, self.group = word, homes, group
        self.failures: list[str] = []
        self.disputed: dict[str, str] = {}
        self._kinds: dict[str, T] = {} if kinds is None else kinds
        self._lock = threading.RLock()
        self._loaded = self._reading = False

    def __getitem__(self, name: str) -> T:
        return self._seen()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._seen())

    def __len__(self) -> int:
        return len(self._seen())

    def find(self, name: object) -> T:
        """Return the kind of a name.

        Raises
        ------
        InputError
            There is none; the sentence names the nearest.
        """
        kinds = self._seen()
        if not isinstance(name, str) or name not in kinds:
            raise InputError(
                f"{self.word}.kind is {name!r}; {did_you_mean(str(name), kinds)}"
                f"{self.failure_of(str(name))}"
            )
        if name in self.disputed:
            raise InputError(f"{self.word}.kind is {name!r}, which two want: {self.disputed[name]}")
        return kinds[name]

    def failure_of(self, name: str) -> str:
        """Return what is to be added where a kind is not found: plugins that did not load.

        The one of that name if there is one, else all.
        """
        own = [each for each in self.failures if each.startswith(f"the plugin {name!r}")]
        return "".join(f" {each[:1].upper()}{each[1:]}" for each in own or self.failures)

    def add(self, name: str, kind: T, into: dict[str, T] | None = None) -> None:
        """Put a kind under its name, of this registry or of those that are passed.

        Raises
        ------
        InputError
            There is one of that name.
        """
        if not isinstance(name, str) or not name.replace("-", "_").isidentifier():
            raise InputError(
                f"the {self.word} {_called(kind)} has the name {name!r}; give it a `kind` "
                "of letters, digits and _."
            )
        # Without the lock: a thread that imports our modules must not wait for one that reads.
        if name in self._kinds:
            raise NameTakenError(
                name,
                f"a {self.word} of kind {name!r} is registered already "
                f"({_called(self._kinds[name])}); give {_called(kind)} another name.",
            )
        (self._kinds if into is None else into)[name] = kind

    def remove(self, name: str) -> None:
        """Take a kind out again, as a test or a notebook does with its own."""
        self._kinds.pop(name, None)

    def register(self, kind: T, *, into: dict[str, T] | None = None) -> T:
        """Add what bears its own name, and return it: a decorator.

        Raises
        ------
        InputError
            It is not what this registry holds, or its name is taken.
        """
        raise NotImplementedError

    def _seen(self) -> dict[str, T]:
        """Return the kinds there are here: those that are passed come last."""
        passed = _passed.get().get(self.word)
        return {**self._load(), **passed} if passed else self._load()

    def _load(self) -> dict[str, T]:
        if not self._loaded:
            with self._lock:
                if not (self._loaded or self._reading):
                    self._reading = True
                    try:
                        self._read()
                        self._loaded = True
                    finally:
                        self._reading = False
        return self._kinds

    def _read(self) -> None:
        for home in self.homes:
            package = importlib.import_module(home)
            # A file put beside the others is enough: nothing lists them.
            for module in pkgutil.iter_modules(getattr(package, "__path__", ())):
                importlib.import_module(f"{home}.{module.name}")
        for point in entry_points(group=self.group) if self.group else ():
            try:
                self._plug(point.load())
            except Exception as error:  # another's package may fail in any way
                owner = f" of {point.dist.name}" if point.dist else ""
                failure = (
                    f"the plugin {point.name!r}{owner} does not load ({_named(error)}: "
                    f"{str(error).rstrip('.')}); mend or uninstall that package."
                )
                self.failures.append(failure)
                if isinstance(error, NameTakenError):
                    self.disputed[error.name] = failure
                warnings.warn(failure, stacklevel=4)

    def _plug(self, loaded: Any) -> None:
        """Register what an entry point leads to, unless loading its module did that already."""
        if not inspect.ismodule(loaded) and loaded not in self._kinds.values():
            self.register(loaded)


@contextlib.contextmanager
def knowing(*kinds: Any) -> Iterator[None]:
    """Let kinds count inside that are registered nowhere: those of a test, or of one study.

    Other threads and worker processes do not know them, and say so.

    Parameters
    ----------
    *kinds : classes
        Feeds, rules, interventions and the like; each knows its registry.

    Raises
    ------
    InputError
        What a registry refuses, or what belongs to none.

    Examples
    --------
    >>> from sociophysics.kinds import FEEDS
    >>> with knowing():
    ...     "contrarian" in FEEDS
    False
    """
    known = {word: dict(own) for word, own in _passed.get().items()}
    for kind in kinds:
        registry = getattr(kind, "registry", None)
        if not isinstance(registry, Registry):
            raise InputError(
                f"{_called(kind)} is no kind; give classes of feeds, rules, interventions, "
                "networks, couplings, fields, schedules or estimators."
            )
        registry._load()
        own = known.setdefault(registry.word, {})
        if own.get(kind.kind) is not kind:
            registry.register(kind, into=own)
    token = _passed.set(known)
    try:
        yield
    finally:
        _passed.reset(token)


def _named(error: Exception) -> str:
    return InputError.__name__ if isinstance(error, InputError) else type(error).__name__


def _called(kind: Any) -> str:
    return str(getattr(kind, "__qualname__", kind))
