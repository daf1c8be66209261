"""Signatures in XML: XML-DSig, WS-Security, XAdES."""
