"""The hub's face to portals and agencies: REST, SOAP and call-backs over HTTP."""
