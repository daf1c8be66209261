"""The parts of `signing.audit`: what each looks at, and how it tells what it found."""
