"""The trust layer: XML, keys, signatures, log arithmetic. No database, no network, no hub."""
