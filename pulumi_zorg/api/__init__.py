"""ZITADEL's API: the transport, lists in pages, the records, and a module for each part of the API."""
