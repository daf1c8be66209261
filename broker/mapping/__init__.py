"""Mappings: tables from target field to source expression, proved against both schemas, run by libxslt."""

from __future__ import annotations

from broker.mapping.errors import Finding, MappingError, MappingFault, Problem
from broker.mapping.mapping import Mapping, load, prepare

__all__ = ["Finding", "Mapping", "MappingError", "MappingFault", "Problem", "load", "prepare"]
