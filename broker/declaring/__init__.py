"""Declaring: what stands between a citizen and a dossier. Drafts, review, prefill, receipt, sign-in."""
