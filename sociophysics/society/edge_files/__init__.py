"""Edge lists too large for a graph object: streamed from file into sparse arrays, without networkx.

The ends of the ties go to a temporary file, from there into buckets of users, and bucket by bucket
into sorted rows: an external counting sort, whose memory does not grow with the network. What
remains is the compressed sparse rows alone, in memory or in files that are mapped into it.
"""

from sociophysics.society.edge_files.assembly import read_edge_file
from sociophysics.society.edge_files.edge_columns import Columns
from sociophysics.society.edge_files.mapped_folder import StoredSystem, content, open_folder

__all__ = ["Columns", "StoredSystem", "content", "open_folder", "read_edge_file"]
