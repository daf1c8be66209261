"""Measures the hub as a process: what one dossier costs, beside what its C-level parts cost in the same run."""
