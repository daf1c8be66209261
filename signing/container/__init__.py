"""Containers for evidence: ASiC-E, and the ZIP archive below it."""
