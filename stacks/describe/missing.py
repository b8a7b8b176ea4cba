"""What a generator says when a table does not know something that is declared."""


class MissingRowError(Exception):
    """A resource type or role for which a table of this package has no row yet; the message names the table."""
