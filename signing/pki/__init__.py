"""Certificates: paths, revocation, and where our own keys come from."""
