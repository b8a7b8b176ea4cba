"""Turns what `google-cloud-storage` raises into this loader's errors."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import requests
from google.api_core.exceptions import GoogleAPICallError, RetryError
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.auth.exceptions import TransportError as AuthTransportError
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse

from .errors import BadCredentialsError, ConflictError, CorruptObjectError, MissingSourceError, TransferFailedError

AGAIN = "run again: what is complete is kept"


@contextlib.contextmanager
def storage_errors(doing: str, *, right: str) -> Iterator[None]:
    """Raise this loader's errors for what fails inside.

    Args:
        doing: what is done, as the sentence begins: "listing gs://bucket/folder/".
        right: what the identity needs for it, named where it is refused.
    """
    try:
        yield
    except (DataCorruption, InvalidResponse) as error:
        raise _upload_error(doing, right, error) from error
    except GoogleAPICallError as error:
        # A wrapped response carries its status; a transport's own failure has none.
        raise _by_status(doing, right, int(error.code or 0), error.message or str(error)) from error
    except AuthTransportError as error:
        raise TransferFailedError(f"{doing}: the credentials could not be fetched ({error}); {AGAIN}") from error
    except RefreshError as error:
        raise BadCredentialsError(f"{doing}: the credentials were refused ({error}); log in anew") from error
    except GoogleAuthError as error:
        raise BadCredentialsError(
            f"{doing}: there are no Google credentials ({error}); run it with a service account, "
            "or after `gcloud auth application-default login`"
        ) from error
    except (RetryError, requests.RequestException) as error:
        raise TransferFailedError(f"{doing}: {_first_line(error)}; {AGAIN}") from error


def _upload_error(doing: str, right: str, error: DataCorruption | InvalidResponse) -> Exception:
    if isinstance(error, DataCorruption):
        return CorruptObjectError(f"{doing}: what arrived is not what was sent ({_first_line(error)}); {AGAIN}")
    return _by_status(doing, right, error.response.status_code, _first_line(error))


def _by_status(doing: str, right: str, status: int, message: str) -> Exception:
    if status == 404:
        return MissingSourceError(f"{doing}: not found ({message}); check its name")
    if status in (401, 403):
        return BadCredentialsError(f"{doing}: refused ({message}); this identity needs {right}")
    if status == 412:
        return ConflictError(f"{doing}: source or target was changed meanwhile; run again when no other loader runs")
    return TransferFailedError(f"{doing}: {status or 'no answer'} ({message}); {AGAIN}")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
