"""How the command and its checks fail. Each message is a sentence that says what to do."""


class WrongUseError(Exception):
    """The command cannot start as it was called."""


class CheckFailedError(Exception):
    """A check found something else than was promised.

    `final` where the other checks of the deployment cannot do better, `passing` where waiting may help.
    """

    def __init__(self, message: str, *, final: bool = False, passing: bool = False) -> None:
        super().__init__(message)
        self.final = final
        self.passing = passing
