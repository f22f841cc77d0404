"""The REST API, version 1: programs push items in and read results, by key, in strict JSON."""
