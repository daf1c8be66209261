"""What every stand-in agency is made of; see `sandbox` for how to use it."""
