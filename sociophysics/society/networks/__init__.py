"""Graphs by name: bundled real networks, files, and random-graph generators.

Every function returns a plain networkx graph without self-loops or parallel ties. Its nodes are
the users, and they are never turned into text; in a directed graph the tail of a tie listens to
its head.
"""

from sociophysics.society.networks.bundled import available, load
from sociophysics.society.networks.files import read
from sociophysics.society.networks.generators import KINDS, build
from sociophysics.society.networks.table_bounds import check_table

__all__ = ["KINDS", "available", "build", "check_table", "load", "read"]
