"""Flight physics of a rocket that lands on its legs, with nothing but numpy and numba."""
