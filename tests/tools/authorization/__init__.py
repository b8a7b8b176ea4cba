"""What the tests of authorization run: an identity provider, Open Policy Agent, and Envoy as Kourier sets it up."""
