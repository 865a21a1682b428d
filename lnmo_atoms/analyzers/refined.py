"""What a second engine changes, in words."""

from collections.abc import Sequence


def refinement_note(
    what: str, unit: str, engine: str, changes: Sequence[tuple[str, float, float]]
) -> str:
    """Such as ``"γ by GPAW on the same geometries: 111-a 0.953 J/m² (+0.250)"``.

    Args:
        what: the quantity.
        unit: of it.
        engine: name and version of the second engine.
        changes: label, value by the first engine, value by the second.
    """
    listed = ", ".join(
        f"{label} {new:.3f} {unit} ({new - old:+.3f})" for label, old, new in changes
    )
    return f"{what} by {engine} on the same geometries: {listed}"
