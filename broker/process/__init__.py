"""The process engine: who acts when, and what each report means. Pure: no clock, no input or output."""
