"""What can stop a load. Each message is a sentence for the person who reads the job's log and says what to do.

Exit codes differ by what a restart can achieve, so that a job's retry policy can tell them apart: 7 is worth a retry as it is,
5 is worth one retry, the others need a person first.
"""


class LoaderError(Exception):
    """Base of all; never raised itself."""

    exit_code = 1


class BadRequestError(LoaderError):
    """An argument that cannot be used."""

    exit_code = 2


class MissingSourceError(LoaderError):
    """The source, or the target's bucket, is not there or is empty."""

    exit_code = 3


class BadCredentialsError(LoaderError):
    """No credentials, or they lack a right."""

    exit_code = 4


class CorruptObjectError(LoaderError):
    """Content that does not have the checksum that it must have. Nothing with a wrong checksum stays in the bucket."""

    exit_code = 5


class ConflictError(LoaderError):
    """The target or the source holds something else than what is being loaded."""

    exit_code = 6


class TransferFailedError(LoaderError):
    """The network or a service failed; what is already there is kept, so running again goes on from there."""

    exit_code = 7
