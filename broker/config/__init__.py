"""Reading the ``config`` folder of a project: typed, frozen, and refused with file, line and remedy.

Start at `broker.config.project.Project.load`.
"""
