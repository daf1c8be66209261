"""The promises of `adapters.base` as tests: subclass these in a plug-in, as the adapters of this
repository do.

::

    class TestFolder(AdapterContract):
        spec = SPEC

        def settings(self, url: str) -> dict[str, Any]: ...
        def request(self) -> Request: ...
        def agency(self, heard: Heard) -> Answer: ...

What an adapter claims in its `Features` is tested; what it does not claim is skipped. Nothing here sleeps: a
slow agency is one that never answers, and the adapter's own time-out ends the test.
"""

from __future__ import annotations
