"""The version of the component package: that of the project's last release, or of the one that is being made."""

VERSION = "0.1.0"
