"""The sandbox: the real Pulumi engine against stand-ins for the cloud, on one machine and without an account.

`python3 -m sandbox.setup` makes what it needs, `python -m sandbox` is its command line. See README.md in this folder.
"""
