"""Compiled kernels on arrays: no objects, no input or output, the GIL released.

The only folder of the package that imports numba.
"""
