"""Liên Thông: a data-exchange hub for linked public services.

- `lienthong.plugin`: the names that an adapter in a distribution of its own imports
- `lienthong.testing`: the contract suite that every adapter passes
- `lienthong.cli`: the ``lienthong`` command

Importing this package alone loads nothing else, so that the command starts at once. The packages ``broker``,
``adapters`` and ``signing`` behind it may change.
"""
