"""Where the votes come from, how large a chamber they are of, and how long a fit will take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import sociophysics as sp
from sociophysics.live.votes_looked_at import LookedVotes, looked_at_votes

from ..upload import UploadedFile
from .settings import CHAMBERS

__all__ = ["Facts", "Source", "duration", "facts_of", "in_words", "warnings"]

LEAST_PRESENCE = 0.1  # of the roll calls, as fits require
MANY_MEMBERS = 450
FEW_ROLLCALLS = 50


@dataclass(frozen=True)
class Source:
    """A bundled chamber, or files that a person brought.

    Attributes
    ----------
    name : str
        Of the bundled chamber, "upload" for files.
    votes, members, rollcalls : UploadedFile, optional
        Plain CSV or ``.ord`` votes alone, or Voteview's files.
    codes, first_vote : str
        What codes mean and where votes begin, as the command line takes them; "" as the file says.
    """

    name: str
    votes: UploadedFile | None = None
    members: UploadedFile | None = None
    rollcalls: UploadedFile | None = None
    codes: str = ""
    first_vote: str = ""

    @property
    def title(self) -> str:
        """What a person calls it."""
        return CHAMBERS[self.name] if self.votes is None else self.votes.name

    @property
    def digest(self) -> str:
        """A name for these files that says nothing of what a client called them."""
        text = sha256(f"{self.codes}|{self.first_vote}".encode() if self.asked else b"")
        for file in self._files():
            try:
                text.update(sha256(file.path.read_bytes()).digest())
            except FileNotFoundError:  # another file is just taking its place
                text.update(file.path.name.encode())
        return text.hexdigest()[:12]

    def words(self, *, theirs: bool = False) -> list[str]:
        """Return the words of the command that name the votes; ``theirs``: by their own names.

        Examples
        --------
        >>> Source("senate109").words()
        ['senate109']
        """
        if self.votes is None:
            return [self.name]
        given = {"": self.votes, "--members": self.members, "--rollcalls": self.rollcalls}
        words = []
        for option, file in given.items():
            if file is not None:
                place = file.name if theirs else str(file.path)
                words += [option, place] if option else [place]
        # One word each: what a person typed must not look like an option of its own.
        words += [f"--codes={self.codes}"] if self.codes else []
        return [*words, *([f"--first-vote={self.first_vote}"] if self.first_vote else [])]

    @property
    def asked(self) -> bool:
        """Whether a person said how the file is to be read."""
        return bool(self.codes or self.first_vote)

    def looked(self) -> LookedVotes:
        """Return what the file of votes holds, in the file's own name.

        Raises
        ------
        InputError
            There is none.
        """
        if self.votes is None:
            raise sp.InputError("there is no file of votes yet; bring one.")
        members, rollcalls = (None if f is None else f.path for f in (self.members, self.rollcalls))
        looked = looked_at_votes(self.votes.path, members, rollcalls, self.codes, self.first_vote)
        notes = tuple(map(self.in_its_name, looked.notes))
        return looked._replace(problem=self.in_its_name(looked.problem), notes=notes)

    def read(self) -> sp.rollcall.Votes:
        """Return the votes; what is wrong with a file is said in the file's own name."""
        if self.votes is None:
            return sp.rollcall.load(self.name)
        members = None if self.members is None else self.members.path
        rollcalls = None if self.rollcalls is None else self.rollcalls.path
        try:
            return sp.rollcall.open_votes(
                self.votes.path, members=members, rollcalls=rollcalls, codes=self.codes or None,
                first_vote=self.first_vote or None,
            )  # fmt: skip
        except sp.InputError as error:
            raise sp.InputError(self.in_its_name(str(error))) from None
        except (ValueError, KeyError, TypeError, OSError, MemoryError, RecursionError) as error:
            reason = " ".join(str(error).split())[:160]
            raise sp.InputError(
                f"{self.votes.name} cannot be read as votes ({type(error).__name__}: "
                f"{self.in_its_name(reason)}); check the file."
            ) from None

    def in_its_name(self, text: str) -> str:
        """Return a sentence about our copies as one about the person's files."""
        for file in self._files():
            text = text.replace(str(file.path), file.name).replace(file.path.name, file.name)
        return text

    def _files(self) -> list[UploadedFile]:
        files = (self.votes, self.members, self.rollcalls)
        return [file for file in files if file is not None]


@dataclass(frozen=True)
class Facts:
    """How large a chamber is, before anything is fitted.

    ``members`` and ``rollcalls`` are those a fit uses: contested, and present often enough.
    """

    members: int
    rollcalls: int
    votes: int
    held: int
    parties: tuple[tuple[str, int], ...]
    polarity: str

    def sentence(self) -> str:
        """Return the facts as a person reads them."""
        parties = ", ".join(f"{name or 'no party'} {count}" for name, count in self.parties[:5])
        more = f" and {len(self.parties) - 5} parties more" if len(self.parties) > 5 else ""
        return (
            f"{self.members:,} members ({parties}{more}); {self.rollcalls:,} contested of "
            f"{self.held:,} roll calls; {self.votes:,} votes."
        )


def facts_of(source: Source) -> Facts:
    """Read a chamber and return its size.

    Raises
    ------
    InputError
        Votes that cannot be read, or none that are contested.

    Examples
    --------
    >>> facts = facts_of(Source("scotus_rehnquist"))
    >>> facts.members, facts.rollcalls, facts.parties
    (9, 485, (('R', 7), ('D', 2)))
    """
    votes = source.read()
    used = votes.contested().present(LEAST_PRESENCE)
    counts = used.members["party"].astype(str).value_counts()
    return Facts(
        members=used.n_members,
        rollcalls=used.n_rollcalls,
        votes=used.n_votes,
        held=votes.n_rollcalls,
        parties=tuple((str(name), int(count)) for name, count in counts.items()),
        polarity=used.polarity,
    )


def duration(facts: Facts, *, quick: bool) -> float:
    """Return about how many seconds a fit takes on two idle cores.

    The couplings cost ``roll calls x members^2``; measured on the two bundled chambers.

    Examples
    --------
    >>> senate = Facts(101, 520, 50_803, 645, (), "arbitrary")
    >>> in_words(duration(senate, quick=True)), in_words(duration(senate, quick=False))
    ('about 15 seconds', 'about 4 minutes')
    """
    size = facts.rollcalls / 520 * (facts.members / 101) ** 2
    return 4 + 11 * size if quick else 12 + 250 * size


def in_words(seconds: float) -> str:
    """Return a duration that claims no more than one digit.

    Examples
    --------
    >>> in_words(14.0), in_words(100.0), in_words(9000.0)
    ('about 15 seconds', 'about 2 minutes', 'about 2.5 hours')
    """
    if seconds < 55:
        return f"about {max(5, 5 * round(seconds / 5))} seconds"
    if seconds < 90 * 60:
        minutes = max(1, round(seconds / 60))
        return f"about {minutes} minute{'s' if minutes > 1 else ''}"
    return f"about {seconds / 3600:.2g} hours"


def warnings(facts: Facts, *, quick: bool) -> list[str]:
    """Return what to know before a fit is started, a sentence each.

    Examples
    --------
    >>> warnings(Facts(12, 20, 240, 20, (), "arbitrary"), quick=True)[0][:33]
    'Only 20 contested roll calls: the'
    """
    said: list[str] = []
    if facts.rollcalls < max(FEW_ROLLCALLS, facts.members):
        said.append(
            f"Only {facts.rollcalls} contested roll calls: the couplings of {facts.members} "
            "members will mostly show the penalty that holds them near zero. Read sums over "
            "many pairs, not single ties."
        )
    if facts.members > MANY_MEMBERS:
        time = in_words(duration(facts, quick=quick))
        said.append(
            f"{facts.members} members are {facts.members * (facts.members - 1) // 2:,} pairs: "
            f"this fit takes {time}, and the page shows it more slowly than smaller ones."
        )
    return said


def shell_words(words: Sequence[str]) -> str:
    """Return words as a line that a shell reads back as these words.

    Examples
    --------
    >>> shell_words(["sociophysics", "fit", "my votes.csv"])
    "sociophysics fit 'my votes.csv'"
    """
    import shlex

    return shlex.join(words)
