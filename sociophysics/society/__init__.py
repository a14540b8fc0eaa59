"""Who is there and who listens to whom: spins, couplings, camps, ties, networks."""
