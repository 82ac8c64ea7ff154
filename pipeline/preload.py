"""All that a worker runs, imported, and the kernel loaded: for the process workers fork from."""

from pipeline import batch, cluster, kernel, requirements, task

__all__ = ["batch", "cluster", "requirements", "task"]

kernel.load_if_compiled()
