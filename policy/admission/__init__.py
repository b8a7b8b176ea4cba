"""The rules as Kyverno judges them at admission: manifests of ValidatingPolicies, made from the rules' own data."""
