"""The one error of the audit that its user can mend."""


class WrongUseError(Exception):
    """Something that the audit was given cannot be used; the message says what, and what is possible."""
