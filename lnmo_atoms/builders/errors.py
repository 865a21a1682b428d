"""The one error that a user's wrong request raises."""


class RequestError(ValueError):
    """A request that cannot be met; its message says in one line what is wrong and what to do."""


class PolarError(RequestError):
    """Every stoichiometric slab of a facet keeps a dipole."""
