"""Asks Google's own addresses with the credentials of whoever runs a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import requests


def google_session(scope: str, without: Exception) -> requests.Session:
    """A session with the user's token, renewed as it runs out. Raises `without` where there are no credentials."""
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError
    from google.auth.transport.requests import AuthorizedSession

    try:
        credentials, _ = google.auth.default(scopes=[scope])
    except DefaultCredentialsError:
        raise without from None
    return AuthorizedSession(credentials)
