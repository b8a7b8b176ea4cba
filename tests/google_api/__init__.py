"""Every Google resource of an environment against Google's own description of its API.

`discovery.py` reads that description and checks a body, `mapping.py` says how a property becomes a part of a request, `tables/`
says it for each property of each resource, one file a service, and `request_body.py` puts them together.
"""
