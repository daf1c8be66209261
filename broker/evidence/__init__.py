"""Evidence files and archives: gathered from the log, explained, sealed, handed out."""
