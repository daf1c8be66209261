"""The message log of a running hub: its head, time-stamps, witnesses, verification and search."""
