"""Mappings: tables from target field to source expression, proved against both schemas, run by libxslt.

A mapping is ``mappings/<name>/mapping.yaml``::

    mapping: birth-to-hotich                  # the folder's name
    summary: The birth declaration to the civil-status software
    valid: {from: 2025-07-01, until: null}    # both days inclusive; later versions in mapping-<anything>.yaml
    zone: "+07:00"                            # of times without offset; this is the default
    source: {schema: lienthong/1.0/step.xsd, element: BirthStep}     # files below xsd/
    target: {schema: hotich/1.0/hotich.xsd, element: HoSoDKHT}
    params: {clerk: string, note: {type: "a.xsd#Type", optional: true}}
    tables: [sex-hotich]                      # mappings/codes/<name>.yaml
    map:
      target/path: rule                       # names without prefixes, @ for attributes
    drops:
      Source/Path: the reason why nobody needs it    # * is one step, ** any number

A rule is a source path (from the element of the group around, or with / from the document), or one operator:

=================================  =====================================================================
``{from: path}``                   the text; ``pick: first`` of a repeated element
``{const: text}  {param: name}``   a fixed text, a parameter
``{join: [...], with: " "}``       the parts that are not empty
``{split: rule, part: family}``    family, middle or given name out of a full name
``{code: rule, table: name}``      a dated code table; ``reverse: true``; ``unknown: refuse | keep | {const: x}``
``{date: rule, read: f, write: f}``  formats such as dd.MM.yyyy, or iso (the default), or lists of them;
                                   ``partial: refuse``; instead of write: ``part: year | month | day``
``{first: [...]}``                 the first that is not empty
``{cases: [{when:, value:}, ...]}``  the first whose condition holds; the last may have no ``when``
``{number: rule}``                 an integer in its shortest form
``{blob: path}``                   base64 of the stored file with that SHA-256
``{count: path}  {position: true}``  how many; the number of the current item
``{xml: {schema:, element:, map:}}``  a document written as text
=================================  =====================================================================

with modifiers, applied in this order: ``take: {from: 1, length: 2}`` or ``take: {before: ":"}``, ``upper``,
``lower``, ``pad: {to: 2, with: "0"}``, ``cut: 100``, ``when: condition``, ``default: text``. A group writes an
element with content: ``{each: path, map: {...}}`` for each occurrence, ``{from: path, map: {...}}`` if it is there,
``{when: condition, map: {...}}``; ``value: rule`` gives such an element its own text. A list of rules writes a
repeated element several times.

Conditions: ``{exists: path}``, ``{equals: {path: text or list}}``, ``{known: {path: month | day}}`` of a partial date,
``{given: param}``, ``{all: [...]}``, ``{any: [...]}``, ``{not: {...}}``; several keys of one table all hold.

An empty text counts as absent. ``refuse: true`` waives the static proof of one rule: documents that do not fit are then
refused one by one, with a message that names the field.
"""

from __future__ import annotations

from broker.mapping.collection import Mappings, check_all, load_all
from broker.mapping.diff import diff
from broker.mapping.errors import Finding, MappingError, MappingFault, Problem
from broker.mapping.mapping import Mapping, load, prepare
from broker.mapping.report import coverage, lineage

__all__ = [
    "Finding",
    "Mapping",
    "MappingError",
    "MappingFault",
    "Mappings",
    "Problem",
    "check_all",
    "coverage",
    "diff",
    "lineage",
    "load",
    "load_all",
    "prepare",
]
