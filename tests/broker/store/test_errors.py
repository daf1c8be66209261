"""The tree in the docstring is the tree."""

from __future__ import annotations

import inspect

from broker.store import errors


def test_every_error_is_drawn_and_explained() -> None:
    """Each class stands in the tree, is a StoreError, and says in its docstring what happened."""
    classes = [
        cls for _, cls in inspect.getmembers(errors, inspect.isclass) if cls.__module__ == errors.__name__
    ]
    assert len(classes) > 1
    for cls in classes:
        assert issubclass(cls, errors.StoreError)
        assert cls.__name__ in str(errors.__doc__)
        assert cls.__doc__
