"""A whole day of the nation in simulated time: dossiers arrive as on a Monday, agencies take as long as they do.

The hub is real (intake, checks, processes, mappings to the agencies, delivery, log, database); time, network and
agencies are simulated, so that some days pass in minutes. ``python -m bench.day`` runs it and says whether every
dossier ended as it should and whether every deadline was computed right.
"""
