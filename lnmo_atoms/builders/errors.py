"""What stops a command: a wrong request, or a calculation that everything else needs."""


class RequestError(ValueError):
    """A request that cannot be met; its message says in one line what is wrong and what to do."""


class PolarError(RequestError):
    """Every stoichiometric slab of a facet keeps a dipole."""


class CalculationError(RuntimeError):
    """A calculation that everything else needs has failed; the message says why in one line."""
