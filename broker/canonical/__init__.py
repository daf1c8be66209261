"""The canonical documents (namespace urn:lienthong:1.0): checked, explained, read, written, as XML and as
JSON.
"""
