"""Machine-learned potentials of your own as engines of a study.

Copy this file to where you start lnmo, and name one of its functions in a recipe:

    calculator = "my_engine:finetuned"
    calculator_options = { weights = "finetuned.pth.tar" }

    calculator = "my_engine:mace"                   # pip install mace-torch
    calculator_options = { model = "mine.model" }   # yours, or "medium-mpa-0", fetched once

    calculator = "my_engine:committee"
    calculator_options = { models = ["first.model", "second.model"] }

A relative path starts where lnmo does. What counts of a file is its content: with a retrained
potential of the same name everything is calculated anew, a copied one changes nothing.
"""


def finetuned(weights, device="cpu"):
    """CHGNet from a file such as its Trainer writes."""
    from chgnet.model import CHGNet, CHGNetCalculator

    return CHGNetCalculator(CHGNet.from_file(weights), use_device=device)


def mace(model, device="cpu"):
    """MACE from a file, or one of the foundation models that mace_mp knows by name."""
    from mace.calculators import mace_mp

    return mace_mp(model=model, device=device, default_dtype="float64")


def committee(models, device="cpu"):
    """The mean of several MACE models."""
    from mace.calculators import MACECalculator

    return MACECalculator(model_paths=models, device=device, default_dtype="float64")
