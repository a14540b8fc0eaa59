"""What a stranger's file makes the server do, done in a process that can be ended at any moment.

Reading happens inside libraries that nobody can interrupt; a thread that is in one goes on after
its tab is closed. A process of its own ends with the work that started it.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, TypeVar

import sociophysics as sp

from .work import Job

__all__ = ["LONGEST", "apart"]

Value = TypeVar("Value")

WAKE = 0.1  # seconds after which it is looked whether the job was ended
LONGEST = 120.0  # seconds that a file of a permitted size never needs


def apart(job: Job, function: Callable[..., Value], *arguments: Any) -> Value:
    """Return ``function(*arguments)``, computed in a process that ends when the job is ended.

    Parameters
    ----------
    job : Job
        The job that calls this.
    function : callable
        Of a module's top level; what it takes and returns goes from process to process.

    Raises
    ------
    InputError
        As the function raises it; or it took too long, or its process was ended.
    """
    # A fork would copy whatever locks the server's threads hold.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(theirs, function, arguments), daemon=True)
    process.start()
    theirs.close()
    waited = 0.0
    try:
        while not ours.poll(WAKE):
            job.check()
            waited += WAKE
            if waited > LONGEST:
                raise sp.InputError(
                    f"reading takes more than {LONGEST:g} seconds; use the command line for this "
                    "file."
                )
        succeeded, value = ours.recv()
    except EOFError:
        raise sp.InputError(
            "reading ended without an answer, which happens where memory does not suffice; use the "
            "command line for this file."
        ) from None
    finally:
        process.kill()
        process.join()
        ours.close()
    if not succeeded:
        raise sp.InputError(value)
    answer: Value = value
    return answer


def _answer(pipe: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """Send what the function returns, or the sentence of its error."""
    try:
        answer: tuple[bool, Any] = (True, function(*arguments))
    except sp.InputError as error:
        answer = (False, str(error))
    except (ValueError, KeyError, TypeError, OSError, MemoryError, RecursionError) as error:
        reason = " ".join(str(error).split())[:160]
        sentence = f"the file cannot be read ({type(error).__name__}: {reason}); check the file."
        answer = (False, sentence)
    pipe.send(answer)
