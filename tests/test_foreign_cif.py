"""CIF files of other programs: origins, rounding, labels, magnetic loops."""

import numpy as np
import pytest
from format_cases import (
    HALLS,
    LI_O,
    MN_O,
    ORIGIN_1,
    ORIGIN_2,
    SPINEL,
    A,
    listed,
    spinel_cif,
)
from pymatgen.core import Element, Species

from lnmo_atoms.builders.errors import RequestError
from lnmo_atoms.formats import read


@pytest.mark.parametrize("choice", [1, 2])
@pytest.mark.parametrize(
    "symmetry",
    [
        "listed",
        "_symmetry_space_group_name_H-M 'F d -3 m :{n}'",
        "_symmetry_space_group_name_H-M 'F d -3 m {letter}'",
        "_space_group_name_H-M_alt 'F d -3 m:{letter}'",
        "_space_group_name_H-M_alt 'F 41/d -3 2/m'\n_space_group_IT_coordinate_system_code {n}",
        "_space_group_name_Hall '{hall}'",
        "_space_group_IT_number 227\n_space_group_IT_coordinate_system_code {n}",
    ],
)
def test_both_origins_of_the_spinel(tmp_path, choice, symmetry):
    if symmetry == "listed":
        tag = ["_symmetry_equiv_pos_as_xyz", "_space_group_symop_operation_xyz"][choice - 1]
        text = "_symmetry_space_group_name_H-M 'F d -3 m'\n" + listed(choice, tag)
    else:
        text = symmetry.format(n=choice, letter="SZ"[choice - 1], hall=HALLS[choice])
    (tmp_path / "x.cif").write_text(spinel_cif(text, [ORIGIN_1, ORIGIN_2][choice - 1]))
    structure = read(tmp_path / "x.cif")
    assert structure.composition.formula == "Li8 Mn16 O32"
    assert structure.charge == pytest.approx(0.0)
    assert structure[8].specie == Species("Mn", 3.5)
    bonds = structure.distance_matrix[:, 24:]
    assert np.sort(bonds[0])[:4] == pytest.approx([LI_O] * 4, abs=1e-3)
    assert np.sort(bonds[8])[:6] == pytest.approx([MN_O] * 6, abs=1e-3)


def test_a_spinel_of_unknown_origin_is_refused(tmp_path):
    (tmp_path / "x.cif").write_text(spinel_cif("_space_group_name_H-M_alt 'F d -3 m'", ORIGIN_2))
    with pytest.raises(RequestError, match=r"two origins.*:1 or :2"):
        read(tmp_path / "x.cif")


def test_rounded_thirds_stay_on_their_special_position(tmp_path):
    body = (
        SPINEL.split("loop_", maxsplit=1)[0]
        .format(a=3.25, symmetry="_space_group_name_H-M_alt 'P 63 m c'")
        .replace("gamma 90", "gamma 120")
    )
    atoms = "Zn1 0.333 0.667 0\nO1 0.333 0.667 0.382\n"
    loop = "loop_\n_atom_site_label\n" + "".join(f"_atom_site_fract_{x}\n" for x in "xyz")
    (tmp_path / "x.cif").write_text(body + loop + atoms)
    structure = read(tmp_path / "x.cif")
    assert [site.specie.symbol for site in structure] == ["Zn", "Zn", "O", "O"]
    np.testing.assert_allclose(structure.frac_coords[0], [1 / 3, 2 / 3, 0], atol=1e-9)


def test_shared_sites_and_vacancies_of_a_foreign_cif(tmp_path):
    text = spinel_cif("_space_group_name_H-M_alt 'F d -3 m:2'", ORIGIN_2)
    text = text.replace("O1  O2-", "Ni1 Ni2+ 16 d 0.5 0.5 0.5 0.25\nO1  O2-")
    text = text.replace("0.5 0.5 0.5 1.", "0.5 0.5 0.5 0.75").replace("0.125 1.", "0.125 0.9")
    (tmp_path / "x.cif").write_text(text)
    structure = read(tmp_path / "x.cif")
    assert len(structure) == 56
    assert structure.composition.get_el_amt_dict() == pytest.approx(
        {"Li": 7.2, "Mn": 12, "Ni": 4, "O": 32}
    )
    (tmp_path / "x.cif").write_text(text.replace("0.5 0.75", "0.5 0.95"))
    with pytest.raises(RequestError, match="more than one atom"):
        read(tmp_path / "x.cif")


def test_charges_of_a_cif_whose_sites_have_labels_only(tmp_path):
    text = spinel_cif("_space_group_name_H-M_alt 'F d -3 m:2'", ORIGIN_2)
    text = text.replace("_atom_site_type_symbol\n", "")
    for label in ("Li1 Li1+", "Mn1 Mn3.5+", "O1  O2-"):
        text = text.replace(label, label.split()[0])
    (tmp_path / "x.cif").write_text(text)
    assert read(tmp_path / "x.cif").composition.formula == "Li8 Mn16 O32"
    assert read(tmp_path / "x.cif").charge == pytest.approx(0.0)
    start = text.index("loop_\n_atom_type")
    (tmp_path / "x.cif").write_text(text[:start] + text[text.index("loop_\n_atom_site") :])
    assert read(tmp_path / "x.cif")[0].specie == Element("Li")


def test_collinear_moments_of_a_magcif_are_signed(tmp_path, caplog):
    text = """data_x\n_cell_length_a 4\n_cell_length_b 4\n_cell_length_c 4
_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma 90
loop_\n_space_group_symop_magn_operation.xyz\nx,y,z,+1
loop_\n_atom_site_label\n_atom_site_fract_x\n_atom_site_fract_y\n_atom_site_fract_z
Ni1 0 0 0\nNi2 0.5 0.5 0.5
loop_\n_atom_site_moment.label\n_atom_site_moment.crystalaxis_x
_atom_site_moment.crystalaxis_y\n_atom_site_moment.crystalaxis_z
Ni1 1 1 0\nNi2 {} 0\n"""
    (tmp_path / "x.cif").write_text(text.format("-1 -1"))
    moments = read(tmp_path / "x.cif").site_properties["magmom"]
    assert moments == pytest.approx([np.sqrt(2), -np.sqrt(2)])
    (tmp_path / "x.cif").write_text(text.format("1 -1"))
    assert "magmom" not in read(tmp_path / "x.cif").site_properties
    assert "collinear" in caplog.text


VESTA = """\
#======================================================================

# CRYSTAL DATA

#----------------------------------------------------------------------

data_VESTA_phase_1

_chemical_name_common                  'Li Ni0.5 Mn1.5 O4'
_cell_length_a                         8.172600
_cell_length_b                         8.172600
_cell_length_c                         8.172600
_cell_angle_alpha                      90.000000
_cell_angle_beta                       90.000000
_cell_angle_gamma                      90.000000
_cell_volume                           545.858612
_space_group_name_H-M_alt              'F d -3 m'
_space_group_IT_number                 227

{symmetry}

loop_
   _atom_site_label
   _atom_site_occupancy
   _atom_site_fract_x
   _atom_site_fract_y
   _atom_site_fract_z
   _atom_site_adp_type
   _atom_site_U_iso_or_equiv
   _atom_site_type_symbol
   Li1        1.0     {li}   {li}   {li}    Uiso  0.012700 Li
   Ni1        0.25    {mn}   {mn}   {mn}    Uiso  0.006330 Ni
   Mn1        0.75    {mn}   {mn}   {mn}    Uiso  0.006330 Mn
   O1         1.0     {o}    {o}    {o}     Uiso  0.010130 O
"""

ICSD = """\

#(C) 2024 by FIZ Karlsruhe - Leibniz Institute for Information Infrastructure.
data_70046-ICSD
_database_code_ICSD 70046
_chemical_name_systematic 'Lithium nickel manganese oxide (1/0.5/1.5/4)'
_chemical_formula_structural 'Li (Ni0.5 Mn1.5) O4'
_chemical_formula_sum 'Li1 Mn1.5 Ni0.5 O4'
_publ_section_title
;
A title over
two lines; with a semicolon
;
loop_
_citation_id
_citation_journal_full
primary 'Journal of Solid State Chemistry'
loop_
_publ_author_name
'O''Brien, K.'
_cell_length_a 8.1726(3)
_cell_length_b 8.1726(3)
_cell_length_c 8.1726(3)
_cell_angle_alpha 90.
_cell_angle_beta 90.
_cell_angle_gamma 90.
_cell_formula_units_Z 8
_space_group_name_H-M_alt 'F d -3 m {letter}'
_space_group_IT_number 227
{symmetry}
loop_
_atom_type_symbol
_atom_type_oxidation_number
Li1+ 1
Ni2+ 2
Mn4+ 4
O2- -2
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_symmetry_multiplicity
_atom_site_Wyckoff_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_B_iso_or_equiv
_atom_site_occupancy
Li1 Li1+ 8 {a} {li} {li} {li} 1.0(1) 1.
Ni1 Ni2+ 16 {d} {mn} {mn} {mn} . 0.25
Mn1 Mn4+ 16 {d} {mn} {mn} {mn} . 0.75
O1 O2- 32 e {o} {o} {o} . 1.
#End of TTdata_70046-ICSD
"""


@pytest.mark.parametrize("choice", [1, 2])
@pytest.mark.parametrize("style", [VESTA, ICSD])
def test_shared_sites_in_the_styles_of_vesta_and_the_icsd(tmp_path, style, choice):
    tag = ["_symmetry_equiv_pos_as_xyz", "_space_group_symop_operation_xyz"][choice - 1]
    origin = [ORIGIN_1, ORIGIN_2][choice - 1]
    words = {"letter": "SZ"[choice - 1], "a": "a", "d": "d", "symmetry": listed(choice, tag)}
    (tmp_path / "x.cif").write_text(style.format(**words, **origin))
    structure = read(tmp_path / "x.cif")
    assert structure.composition.element_composition.formula == "Li8 Mn12 Ni4 O32"
    assert len(structure) == 56
    assert structure[8].species.element_composition.get("Ni") == pytest.approx(0.25)
    bonds = structure.distance_matrix[8, 24:]
    assert np.sort(bonds)[:6] == pytest.approx([MN_O * 8.1726 / A] * 6, abs=1e-3)
    assert structure.charge == pytest.approx(0.0)
