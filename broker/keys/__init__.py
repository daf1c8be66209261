"""The hub's own keys, partners' certificates, and whether they still count."""
