"""The message log as arithmetic: a Merkle tree, its tiles and proofs, signed heads, and a witness."""
