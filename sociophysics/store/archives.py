"""Archives of arrays (``.npz``), read only if every array is of the size that it says it has."""

from __future__ import annotations

import math
import os
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from sociophysics.machine import require_memory
from sociophysics.store.folder import require_file

__all__ = ["read_archive", "read_arrays"]

HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
MOST_MEMBERS = 100_000


def read_arrays(path: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    """Return the arrays of a ``.npz`` file by name; nothing in it is unpickled.

    Raises
    ------
    FileNotFoundError, OSError
        It is not there, or cannot be read.
    InputError
        It does not fit into memory, or is no file.
    ValueError, zipfile.BadZipFile and others
        It is damaged: each layer of an archive has exceptions of its own.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     np.savez_compressed(f"{folder}/a.npz", h=np.arange(3))
    ...     read_arrays(f"{folder}/a.npz")
    {'h': array([0, 1, 2])}
    """
    require_file(Path(path))
    with open(path, "rb") as file:
        return read_archive(file, str(path))


def read_archive(file: BinaryIO, what: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of an open archive, as ``read_arrays``; ``what`` names it in messages."""
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        if len(members) > MOST_MEMBERS or len({each.filename for each in members}) < len(members):
            raise ValueError("it names an array twice")
        require_memory(
            sum(each.file_size for each in members),
            what=f"{what}, unpacked,",
            fix="give a smaller file",
        )
        arrays = {}
        for each in members:
            with archive.open(each) as member:
                arrays[each.filename.removesuffix(".npy")] = _array(member, each.file_size)
    return arrays


def _array(member: Any, size: int) -> NDArray[Any]:
    """Return the array of a member that holds ``size`` bytes, its header included."""
    version = npy.read_magic(member)
    if version not in HEADERS:
        raise ValueError(f"it is of the unknown version {version}")
    shape, fortran, dtype = HEADERS[version](member)
    # Before anything of that shape is allocated.
    left = size - member.tell()
    if dtype.hasobject or min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != left:
        raise ValueError(f"it holds {left} bytes, not {dtype} of shape {shape}")
    data = _read(member, left)
    array: NDArray[Any] = np.frombuffer(bytearray(data), dtype=dtype)
    # The same file size fits a shape of no entries and any entry of no size.
    return array.reshape(shape, order="F" if fortran else "C") if left else np.empty(shape, dtype)


def _read(member: BinaryIO, size: int) -> bytes:
    data = member.read(size)
    if len(data) != size or member.read(1):
        raise ValueError("it is cut off")
    return data
