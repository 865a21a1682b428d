import dataclasses
import json

import numpy as np
import pytest
from numpy.typing import NDArray
from pymatgen.core import Structure
from synthetic import cubic, hop_result, lnmo_surfaces, slab, surface

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.builders.spinel import ordered_spinel
from lnmo_atoms.records import (
    load_hop_bulk,
    load_hops,
    load_surfaces,
    save_hops,
    save_surfaces,
)
from lnmo_atoms.records.packing import pack, unpack
from lnmo_atoms.results import RefinedHop, RefinedSurface


def assert_same(one, other):
    """Equal to the last bit, through dataclasses, tuples, arrays and structures."""
    assert type(one) is type(other)
    if isinstance(one, Structure):
        assert (one.lattice.matrix == other.lattice.matrix).all()
        assert (one.frac_coords == other.frac_coords).all()
        assert one.species_and_occu == other.species_and_occu
        assert one.site_properties == other.site_properties
        assert one.labels == other.labels
    elif dataclasses.is_dataclass(one):
        for field in dataclasses.fields(one):
            assert_same(getattr(one, field.name), getattr(other, field.name))
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    elif isinstance(one, tuple):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_same(a, b)
    else:
        assert one == other or one != one  # noqa: PLR0124 - NaN


def relaxed_surface():
    bulk = ordered_spinel(8.312)
    one = slab((1, 0, 0), "a-exchanged", bulk, changed="Mn ↔ Li", flip=None, total_charge=None)
    moved = one.structure.copy()
    moved.perturb(0.1)
    return surface(
        (1, 0, 0),
        1 / 3,
        bulk=bulk,
        of=one,
        relaxed=moved,
        energy=-1234.5678901234567,
        flags=("1 O left the surface", "γ is small"),
    )


def test_surfaces_return_bit_for_bit(tmp_path):
    results = [*lnmo_surfaces(), relaxed_surface()]
    save_surfaces(results, tmp_path / "surfaces.json")
    for one, other in zip(results, load_surfaces(tmp_path / "surfaces.json"), strict=True):
        assert_same(one, other)
    assert [p.name for p in tmp_path.iterdir()] == ["surfaces.json"]


def test_hops_return_bit_for_bit(tmp_path):
    results = [
        hop_result("12d", 0.215, 0.2, flags=("the octahedron is a minimum",)),
        hop_result(attempt_frequency=1e13 / 3, attempt_frequency_reverse=2e12),
        dataclasses.replace(hop_result("4a", 0.27, 0.27, 0.01, converged=False), barrier=np.nan),
    ]
    results[0].energies[2] = np.inf
    save_hops(results, cubic(), tmp_path / "hops.json")
    for one, other in zip(results, load_hops(tmp_path / "hops.json"), strict=True):
        assert_same(one, other)


def test_a_second_engine_returns_and_older_files_know_none(tmp_path):
    refined = RefinedSurface("DFT", -1200.5, -46.25, 1.1 / 3)
    result = dataclasses.replace(relaxed_surface(), refined=refined)
    barrier = RefinedHop("DFT", -300.1, 0.3, 0.1 / 3)
    hop = dataclasses.replace(hop_result(), refined=barrier)
    save_surfaces([result], tmp_path / "surfaces.json")
    save_hops([hop], cubic(), tmp_path / "hops.json")
    assert_same(result, load_surfaces(tmp_path / "surfaces.json")[0])
    assert_same(hop, load_hops(tmp_path / "hops.json")[0])
    for name in ("surfaces.json", "hops.json"):
        damage(tmp_path / name, lambda d: d["records"][0].pop("refined"))
    assert load_surfaces(tmp_path / "surfaces.json")[0].refined is None
    assert load_hops(tmp_path / "hops.json")[0].refined is None


def test_the_hops_bring_their_bulk(tmp_path):
    path, bulk = tmp_path / "hops.json", ordered_spinel(8.312)
    save_hops([hop_result(), hop_result("4a")], bulk, path)
    assert_same(bulk, load_hop_bulk(path))
    assert len(load_hops(path)) == 2
    damage(path, lambda d: d.update(bulks=[]))
    with pytest.raises(RequestError, match="is damaged: "):
        load_hop_bulk(path)


@dataclasses.dataclass(frozen=True)
class Image:
    """An image under one operation, with cells and a rotation in whole numbers."""

    site: int
    cell: NDArray[np.int_]
    rotation: NDArray[np.int_]
    translation: NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Orbit:
    """Images, three indices, and perhaps a name."""

    images: tuple[Image, ...]
    anions: tuple[int, int, int]
    triangles: tuple[tuple[int, int, int], ...]
    area: float
    name: str | None = None


@pytest.mark.parametrize("count", [0, 1, 3])
def test_nested_dataclasses_and_whole_numbers_return_as_they_were(count):
    rotation = np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]])
    images = tuple(
        Image(i, np.array([0, -1, i]), rotation, np.array([0.25, 1 / 3, i])) for i in range(count)
    )
    orbit = Orbit(images, (3, 1, 2), ((1, 2, 3),) * count, 1 / 7)
    assert_same(orbit, unpack(Orbit, json.loads(json.dumps(pack(orbit)))))


def test_nothing_is_a_file_too(tmp_path):
    save_hops([], cubic(), tmp_path / "hops.json")
    save_surfaces([], tmp_path / "surfaces.json")
    assert load_hops(tmp_path / "hops.json") == load_surfaces(tmp_path / "surfaces.json") == []


def test_numpy_numbers_in_a_structure_are_written(tmp_path):
    bulk = cubic()
    bulk.add_site_property("bulk_site", [np.int64(0)])
    bulk.add_site_property("magmom", [np.float64(1.5)])
    save_surfaces([surface((1, 1, 1), np.float64(1.0), bulk=bulk)], tmp_path / "s.json")
    (back,) = load_surfaces(tmp_path / "s.json")
    assert back.bulk.site_properties == {"bulk_site": [0], "magmom": [1.5]}


def test_the_bulk_is_stored_once_and_units_stand_in_the_names(tmp_path):
    path = tmp_path / "surfaces.json"
    save_surfaces(lnmo_surfaces(), path)
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["schema"] == 3
    assert len(document["bulks"]) == 1
    record = document["records"][0]
    assert record["gamma_J_per_m2"] == 0.62
    assert record["energy_eV"] == -100.25
    assert record["bulk_energy_eV_per_formula_unit"] == -50.125
    assert record["slab"]["certificate"]["thickness_A"] > 10
    first, second, *_ = load_surfaces(path)
    assert first.bulk is second.bulk
    save_hops([hop_result()], cubic(), path)
    record = json.loads(path.read_text(encoding="utf-8"))["records"][0]
    assert {"barrier_eV", "barrier_reverse_eV", "path_A", "energies_eV"} <= set(record)
    assert {"attempt_frequency_per_s", "attempt_frequency_reverse_per_s"} <= set(record)


def damage(path, change):
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.pop("records"),
        lambda d: d["records"][0].pop("barrier_eV"),
        lambda d: d["records"][0].update(barrier_eV="high"),
        lambda d: d["records"][0].update(engine=7),
        lambda d: d["records"][0].update(images=[{}]),
        lambda d: d["records"][0].update(hop=None),
        lambda d: d.update(records=3),
    ],
)
def test_a_damaged_file_is_one_clear_line(tmp_path, change):
    path = tmp_path / "hops.json"
    save_hops([hop_result()], cubic(), path)
    damage(path, change)
    with pytest.raises(RequestError, match="is damaged: ") as caught:
        load_hops(path)
    assert "\n" not in str(caught.value)


def test_a_foreign_file_is_refused(tmp_path):
    path = tmp_path / "some.json"
    for content in (b"[1, 2]", b"{", b"", b"\xff\xfe\x00", b'{"format": "lnmo_atoms hops"'):
        path.write_bytes(content)
        with pytest.raises(RequestError, match=r"damaged or not ours|is not a "):
            load_surfaces(path)
    save_hops([hop_result()], cubic(), path)
    with pytest.raises(RequestError, match="not a file of surfaces"):
        load_surfaces(path)
    damage(path, lambda d: d.update(schema=99))
    with pytest.raises(RequestError, match="schema 99"):
        load_hops(path)


def test_a_missing_file_or_folder_is_one_clear_line(tmp_path):
    with pytest.raises(RequestError, match="there is no file"):
        load_hops(tmp_path / "none.json")
    with pytest.raises(RequestError, match="cannot read"):
        load_hops(tmp_path)
    with pytest.raises(RequestError, match="cannot write"):
        save_hops([], cubic(), tmp_path / "none" / "hops.json")


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "surfaces.json"
    save_surfaces([surface((1, 1, 1), 1.0)], path)
    before = path.read_bytes()
    bulk = cubic()
    bulk.add_site_property("what", [object()])
    with pytest.raises(TypeError, match="cannot be written"):
        save_surfaces([surface((1, 1, 1), 1.0, bulk=bulk)], path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1
