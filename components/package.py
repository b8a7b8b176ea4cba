"""The name under which these components are known to Pulumi: part of every URN, so it never changes."""

#: Package name of the components; also the name of the Pulumi project.
PACKAGE = "gemma-platform"


def token(component: type) -> str:
    """Type token of a component class, `<package>:index:<Class>`."""
    return f"{PACKAGE}:index:{component.__name__}"
