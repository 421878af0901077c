"""The one error a user can cause."""


class InputError(Exception):
    """Input that cannot be used; the message is one sentence that names the file and the reason."""
