"""Speed of the kernels and of other packages on the same graphs: ``python -m benchmarks``.

``graphs`` makes what all run on; ``law`` says what each must sample, ``sampling`` checks it;
``workers`` talks to one process per package (``peers/with_*.py``), ``measure`` interleaves their
rounds; ``costs`` times what is not a kernel; ``targets`` sets ratios beside what was aimed at;
``figure`` and ``page`` write ``docs/benchmarks.md``; ``install`` gets the other packages.
"""
