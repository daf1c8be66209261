"""Time-stamp tokens: asked for, read, verified, and made by the authority inside the hub."""
