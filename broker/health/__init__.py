"""Checks of a whole project before it runs."""
