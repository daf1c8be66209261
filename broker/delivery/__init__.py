"""Getting messages to agencies, exactly once in effect."""
