"""Flight physics of a rocket that lands on its legs: numpy, numba and the standard library, nothing else."""
