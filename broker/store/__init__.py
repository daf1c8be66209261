"""What the hub remembers: the message log, dossiers, deliveries, and who must look at what.

All SQL of the product is in this package, in methods named by intent. Begin with `broker.store.engine`.
"""
