"""A study's recipe: a TOML file that says what to calculate and how."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pymatgen.core import Structure

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.hops import Hop, find_hops
from lnmo_atoms.builders.paths import LEAST_SEPARATION, parse_mode, select_hops
from lnmo_atoms.builders.slabs import Facet, valid_facet, valid_kind
from lnmo_atoms.calculators import CalculatorSpec
from lnmo_atoms.executors import SlurmJob


def parse_facet(text: str) -> Facet:
    """``"111"``, ``"1-10"`` or ``"3 1 1"`` as three Miller indices.

    Raises:
        RequestError: for anything else.
    """
    words = text.replace(",", " ").split()
    if len(words) == 1:
        words, sign = [], ""
        for character in text.strip():
            if character == "-":
                sign = "-"
            else:
                words.append(sign + character)
                sign = ""
    try:
        return valid_facet([int(word) for word in words])
    except ValueError as error:
        if isinstance(error, RequestError) and len(words) == 3:
            raise
        raise RequestError(
            f"{text!r} is no facet: give three Miller indices without commas, such as 111 or 1-10"
        ) from error


class Section(BaseModel):
    """A table of the recipe; unknown names are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class SurfaceSection(Section):
    """``[surface]``."""

    facets: tuple[str, ...] = Field(("111", "100", "110"), min_length=1)
    thickness: float = Field(12.0, gt=0, le=200, description="Å")
    vacuum: float = Field(15.0, gt=0, le=200, description="Å")
    fmax: float = Field(0.05, gt=0, description="eV/Å")
    relax_best: Annotated[int, Field(ge=0)] | Literal["all"] = Field(
        2, description="terminations relaxed per facet"
    )

    reconstructions: tuple[str, ...] = Field(
        ("exchanged",), description="calculated beside the slabs as cut"
    )

    @field_validator("reconstructions")
    @classmethod
    def _are_kinds(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(valid_kind, kinds))

    @field_validator("facets")
    @classmethod
    def _are_facets(cls, facets: tuple[str, ...]) -> tuple[str, ...]:
        for facet in facets:
            parse_facet(facet)
        return facets

    def options(self) -> dict[str, Any]:
        """Keyword arguments of the workflow and of its plan."""
        best = None if self.relax_best == "all" else self.relax_best
        same = {"thickness", "vacuum", "fmax", "reconstructions"}
        return self.model_dump(include=same) | {"relax_best": best}

    def miller_indices(self) -> list[Facet]:
        """The facets, each once, in order."""
        return list(dict.fromkeys(parse_facet(facet) for facet in self.facets))


class MigrationSection(Section):
    """``[migration]``."""

    mode: str = Field("vacancy", description="vacancy, empty-host or the filled fraction")
    mobile: str = Field("Li", description="element that hops")
    longest: float | None = Field(None, gt=0, description="Å, of a hop")
    per_ring: int | None = Field(None, ge=1, description="hops drawn of each kind of ring")
    seed: int = Field(0, ge=0, description="of that draw, and of a random content")
    separation: float = Field(
        LEAST_SEPARATION, gt=0, description="Å between images of a defect, at least"
    )
    images: int = Field(5, ge=3, description="of each path, end points included")
    fmax: float = Field(0.05, gt=0, description="eV/Å")
    attempt_frequencies: bool = Field(False, description="from Hessians, by Vineyard")

    @field_validator("images")
    @classmethod
    def _is_odd(cls, images: int) -> int:
        if images % 2 == 0:
            raise ValueError("must be odd, so that one image lies in the octahedron")
        return images

    @field_validator("mode")
    @classmethod
    def _is_mode(cls, mode: str) -> str:
        parse_mode(mode)
        return mode

    def hops(self, bulk: Structure) -> list[Hop]:
        """The hops to calculate."""
        found = find_hops(bulk, self.mobile, self.longest)
        return found if self.per_ring is None else select_hops(found, self.per_ring, self.seed)

    def options(self) -> dict[str, Any]:
        """Keyword arguments of the workflow and of its plan."""
        mode = parse_mode(self.mode, self.seed)
        return {
            "mode": mode,
            "separation": self.separation,
            "images": self.images,
            "fmax": self.fmax,
        }


def _minutes(walltime: object) -> object:
    """As text, if it is a whole number of them."""
    return str(walltime) if type(walltime) is int else walltime


class SlurmSection(Section):
    """``[slurm]``: resources of each job."""

    partition: str | None = Field(None, min_length=1, description="without it: the cluster's own")
    tasks: int = Field(1, ge=1, description="MPI ranks for the engine, one core each")
    threads: int = Field(1, ge=1, description="of each rank")
    gpus: int = Field(0, ge=0, description="of a job")
    walltime: Annotated[str | None, BeforeValidator(_minutes)] = Field(
        None, pattern=r"^(\d+-)?\d+(:\d+){0,2}$", description="days-hours:minutes:seconds"
    )
    options: tuple[str, ...] = Field((), description="more options of sbatch")
    setup: tuple[str, ...] = Field((), description="lines of the shell, such as module load")
    local_below: float = Field(
        0.0, ge=0, description="s, estimated; CHGNet's shorter ones run here"
    )

    @model_validator(mode="after")
    def _makes_a_job(self) -> Self:
        self.job()
        return self

    def job(self) -> SlurmJob:
        """For the executor."""
        return SlurmJob(**self.model_dump())


class Recipe(Section):
    """The whole file. ``structure`` and ``study`` are relative to where the program runs."""

    structure: str | None = Field(None, description="a file; without it, ordered LNMO is built")
    calculator: str = "chgnet"
    calculator_options: dict[str, Any] = Field(default_factory=dict)
    refine: str | None = Field(None, description="second engine, single points on the results")
    refine_options: dict[str, Any] = Field(default_factory=dict)
    study: str = "lnmo-study"
    parts: tuple[Literal["surface", "migration"], ...] = Field(
        ("surface", "migration"), min_length=1, description="what is calculated"
    )
    executor: Literal["processes", "slurm", "serial"] = "processes"
    factory: str | None = Field(
        None, pattern=r"^[^:]+:[^:]+$", description="module:callable that makes an executor"
    )
    workers: int | None = Field(
        None, ge=1, description="processes; default: one per core, or per MPI group"
    )
    timeout: float | None = Field(
        None, gt=0, description="s, for each relaxation, evaluation of a search, or job of SLURM"
    )
    slurm: SlurmSection | None = None
    surface: SurfaceSection = SurfaceSection()
    migration: MigrationSection = MigrationSection()

    @field_validator("calculator", "refine")
    @classmethod
    def _is_known(cls, name: str | None) -> str | None:
        if name is not None:
            CalculatorSpec.parse(name)
        return name

    @field_validator("calculator_options", "refine_options")
    @classmethod
    def _fit_the_engine(cls, options: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        name = info.data.get(str(info.field_name).removesuffix("_options"))
        if name is None:
            raise ValueError('they are for a second engine: give one, such as refine = "gpaw"')
        CalculatorSpec.parse(name, **options).check(())
        return options

    @model_validator(mode="after")
    def _runs_in_one_place(self) -> Self:
        if self.slurm is not None and self.executor != "slurm":
            raise ValueError('the table [slurm] needs executor = "slurm"')
        if self.factory is not None and "executor" in self.model_fields_set:
            raise ValueError("give executor or factory, not both")
        if self.timeout is not None and (self.factory or self.executor == "serial"):
            raise ValueError('timeout needs executor = "processes" or "slurm"')
        return self

    @model_validator(mode="after")
    def _gives_every_rank_a_core(self) -> Self:
        if self.executor == "slurm":
            job = (self.slurm or SlurmSection()).job()
            job.require_ranks(CalculatorSpec(self.calculator, self.calculator_options).ranks)
            if self.refine is not None:
                job.require_ranks(CalculatorSpec(self.refine, self.refine_options).ranks)
        return self


def read_recipe(path: Path, **options: object) -> Recipe:
    """Read and check a recipe.

    Args:
        path: of the file.
        options: of the command line, which replace entries of the file.

    Raises:
        RequestError: naming the file and the entry, or the option, and what is wrong with it.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RequestError(f"cannot read the recipe {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RequestError(f"the recipe {path} is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise RequestError(f"{path} is not valid TOML: {error}") from error
    return _checked(content, options, path)


def recipe_of_options(**options: object) -> Recipe:
    """Options of the command line, checked by the same rules as a recipe.

    Raises:
        RequestError: naming the option and what is wrong with it.
    """
    return _checked({}, options)


def _checked(
    content: Mapping[str, object], options: Mapping[str, object], path: Path | None = None
) -> Recipe:
    try:
        return Recipe.model_validate({**content, **options})
    except ValidationError as error:
        entry, reason = first_mistake(error)
        parts = entry.split(".")
        if path is None or parts[0] in options:
            option = parts[-1].replace("reconstructions", "reconstruct").replace("_", "-")
            raise RequestError(f"--{option}: {reason}") from error
        raise RequestError(": ".join(filter(None, (str(path), entry, reason)))) from error


def first_mistake(error: ValidationError) -> tuple[str, str]:
    """The entry that is wrong, and why, in plain words."""
    first = error.errors()[0]
    entry = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        shown = "slurm" if entry.startswith("slurm") else "local"
        return entry, f"there is no such entry; workflows/{shown}.toml shows them all"
    if "relax_best" in entry:
        return "surface.relax_best", 'give a whole number, 0 or more, or "all"'
    if entry == "factory":
        return entry, "give module:callable, such as mycluster:make"
    if entry == "slurm.walltime":
        return entry, 'give minutes, or hours:minutes:seconds such as "02:00:00"'
    if first["type"] == "tuple_type":
        example = '["--mem=8G"]' if entry.startswith("slurm") else '["111", "100"]'
        return entry, f"give a list such as {example}"
    return entry, str(first["msg"]).removeprefix("Value error, ")
