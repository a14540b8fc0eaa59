"""States: all a trajectory needs to go on from one of its frames, in memory or in a file.

Random numbers are functions of the seed, the replica and the sweep, so a state holds no generator:
a run that is saved and continued equals the run that was not, bit for bit.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from sociophysics.errors import InputError
from sociophysics.machine import given_path
from sociophysics.society.spins import SpinSystem
from sociophysics.store import parsed_json, read_arrays, replace_file

__all__ = ["State", "fingerprint"]

FORMAT = "sociophysics state 1"
OWN = "own_"  # prefix of what the kernel remembers
PIECE = 1 << 20


@dataclass(frozen=True, eq=False, kw_only=True)
class State:
    """One moment of a trajectory, before the interventions of its sweep.

    Attributes
    ----------
    sweep, prepared : int
        Sweeps done, and the sweep at which the kernel was last loaded.
    seed : int
    replicas : tuple of int
        Their numbers.
    scheme, kernel, system : str
        The system by the sha256 of its couplings and fields.
    spins : int8 array, shape (replicas, n)
    stopped : int array, shape (replicas,)
        Sweep at which a replica was stopped, -1 while it runs.
    held_until : int array, shape (replicas, n), or (replicas, 0) if nobody was ever held
    trace : array, shape (replicas, n), or (replicas, 0)
        Running mean of own stances, of a feed that remembers.
    phi, shown : arrays, shape (replicas, n) or (replicas, 0), and (replicas, 3)
        What the feed last showed to stopped replicas.
    rewired : tuple of csr_array
        Couplings of each replica after a rewiring, else empty.
    remembered : dict of arrays, first axis replicas
        What the kernel carries besides stances and fields.
    """

    sweep: int
    prepared: int
    seed: int
    replicas: tuple[int, ...]
    scheme: str
    kernel: str
    system: str
    spins: NDArray[np.int8]
    stopped: NDArray[np.int64]
    held_until: NDArray[np.int64]
    trace: NDArray[np.float64]
    phi: NDArray[np.float64]
    shown: NDArray[np.float64]
    rewired: tuple[sparse.csr_array, ...]
    remembered: dict[str, NDArray[Any]]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to one ``.npz`` file: numbers and JSON, whole or not at all.

        Raises
        ------
        InputError
            The file cannot be written there.
        """
        target = given_path(path, "the state")
        arrays: dict[str, Any] = {name: getattr(self, name) for name in ARRAYS}
        arrays |= {OWN + name: value for name, value in self.remembered.items()}
        for k, J in enumerate(self.rewired):
            arrays |= {f"J{k}_data": J.data, f"J{k}_indices": J.indices, f"J{k}_indptr": J.indptr}
        # An archive that lost a file can look whole: the header says which there are.
        header = {**self._header(), "arrays": sorted(arrays)}
        arrays["header"] = np.array(json.dumps(header))
        try:
            replace_file(target, lambda file: np.savez_compressed(file, **arrays))
        except OSError as error:
            raise InputError(
                f"the state cannot be written to {target} ({error.strerror}); choose another place."
            ) from None

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> State:
        """Return the state in a file that ``save`` wrote.

        Raises
        ------
        InputError
            There is no such file, it cannot be read, or it holds something else.
        """
        try:
            arrays = read_arrays(path)
            header = parsed_json(str(arrays.pop("header")))
            if header.pop("format") != FORMAT or header.pop("arrays") != sorted(arrays):
                raise ValueError
            return cls._of(header, arrays)
        except InputError:
            raise
        except FileNotFoundError:
            raise InputError(f"there is no file {path}; give one that State.save wrote.") from None
        except OSError as error:
            raise InputError(f"{path} cannot be read ({error.strerror or error}).") from None
        except Exception:  # each layer of a damaged archive has exceptions of its own
            raise InputError(
                f"{path} is not a state of this version, or it is damaged; give a file that "
                "State.save wrote."
            ) from None

    @classmethod
    def _of(cls, header: dict[str, Any], arrays: dict[str, Any]) -> State:
        count = header.pop("rewired")
        header["replicas"] = tuple(header["replicas"])
        n = arrays["spins"].shape[1]
        rewired = tuple(
            sparse.csr_array(
                tuple(arrays[f"J{k}_{part}"] for part in ("data", "indices", "indptr")),
                shape=(n, n),
            )
            for k in range(count)
        )
        own = {name.removeprefix(OWN): a for name, a in arrays.items() if name.startswith(OWN)}
        state = cls(
            **header, **{name: arrays[name] for name in ARRAYS}, rewired=rewired, remembered=own
        )
        state._check()
        return state

    def _check(self) -> None:
        """Raise ValueError unless the arrays are of the shapes that compiled code relies on."""
        counts = (self.sweep, self.prepared, *self.replicas)
        if not all(type(each) is int and 0 <= each < 1 << 63 for each in counts):
            raise ValueError("the counts of a state are no whole numbers")
        if type(self.seed) is not int or self.seed < 0 or self.prepared > self.sweep:
            raise ValueError("the seed of a state is none, or its sweeps have no order")
        if not all(isinstance(each, str) for each in (self.scheme, self.kernel, self.system)):
            raise ValueError("the names in a state are no text")
        rows, n = len(self.replicas), self.spins.shape[1]
        users = {"spins": (n,), **dict.fromkeys(("held_until", "trace", "phi"), (0, n))}
        wrong = [
            name
            for name, widths in users.items()
            if getattr(self, name).ndim != 2 or getattr(self, name).shape[1] not in widths
        ]
        lengths = {len(getattr(self, name)) for name in ARRAYS}
        lengths |= {len(values) for values in self.remembered.values()}
        types = {name: getattr(self, name).dtype for name in ARRAYS} != TYPES
        if wrong or types or lengths != {rows} or len(self.rewired) not in (0, rows):
            raise ValueError("the arrays of a state do not fit each other")
        if self.stopped.ndim != 1 or self.shown.shape != (rows, 3) or (abs(self.spins) != 1).any():
            raise ValueError("the arrays of a state hold something else")
        if (self.stopped < -1).any() or (self.stopped > self.sweep).any():
            raise ValueError("a state names sweeps that it has not reached")

    def _header(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in HEADER}
        return {"format": FORMAT, **plain, "rewired": len(self.rewired)}


TYPES = {
    **{"spins": np.dtype(np.int8), "stopped": np.dtype(np.int64), "held_until": np.dtype(np.int64)},
    **dict.fromkeys(("trace", "phi", "shown"), np.dtype(np.float64)),
}
ARRAYS = tuple(TYPES)
HEADER = tuple(f.name for f in fields(State) if f.name not in (*ARRAYS, "rewired", "remembered"))


def fingerprint(system: SpinSystem) -> str:
    """Return the sha256 of a system's couplings and fields.

    Examples
    --------
    >>> pair = SpinSystem.from_edges([0], [1])
    >>> fingerprint(pair) == fingerprint(SpinSystem.from_edges([1], [0]))
    True
    """
    digest = hashlib.sha256()
    J = system.stored
    for array, kind in ((J.indptr, "i8"), (J.indices, "i8"), (J.data, "f8"), (system.h, "f8")):
        # Piece by piece, and of one type: the same for couplings stored in fewer bytes.
        for first in range(0, array.size, PIECE):
            piece = np.ascontiguousarray(array[first : first + PIECE], dtype=kind)
            digest.update(piece.data)
    return digest.hexdigest()
