import csv
import dataclasses
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import ENGINE, cubic, hop_result, lnmo_surfaces, plain_slab, surface

from lnmo_atoms.analyzers.facets import compare_facets
from lnmo_atoms.builders.errors import RequestError

CUBIC = cubic()


@pytest.fixture(scope="module")
def comparison():
    hops = [hop_result(), hop_result("4a", 0.27, 0.27, converged=False)]
    return compare_facets(lnmo_surfaces(), hops, trust="a toy: trust nothing")


def test_one_row_per_facet_lowest_first(comparison):
    assert [(row.facet, row.best.termination) for row in comparison.facets] == [
        ((1, 1, 1), "111-a-exchanged"),
        ((1, 0, 0), "100-a"),
        ((1, 1, 0), "110-a"),
    ]
    assert comparison.lowest == (1, 1, 1)
    assert comparison.engine == ENGINE
    assert [row.terminations_computed for row in comparison.facets] == [3, 2, 2]
    assert [row.terminations_relaxed for row in comparison.facets] == [3, 2, 1]
    assert sum(row.wulff_share for row in comparison.facets) == pytest.approx(1)


def test_rows_name_their_units(comparison):
    row = comparison.rows()[0]
    assert row["facet"] == "111"
    assert row["gamma_J_per_m2"] == 0.55
    assert row["gamma_unrelaxed_J_per_m2"] == 1.24
    assert row["thickness_A"] > 10
    assert row["atoms"] == 168
    for cation in ("Li", "Mn", "Ni"):
        for side in ("top", "bottom"):
            assert row[f"exposed_{cation}_{side}_per_nm2"] >= 0
            assert 0 <= row[f"missing_O_per_exposed_{cation}_{side}"] <= 6
    hop = comparison.hop_rows()[0]
    assert hop["barrier_eV"] == pytest.approx(0.215, abs=0.02)
    assert hop["ring"] == "1 Ni2+ + 5 Mn4+"


def test_every_termination_and_every_flag_is_kept(comparison):
    rows = {row["termination"]: row for row in comparison.termination_rows()}
    assert len(rows) == 7
    assert rows["100-b"]["gamma_J_per_m2"] == 0.93
    assert rows["100-b"]["ranked"] is False
    assert rows["100-b"]["flags"] == ["relaxation not converged, not ranked"]
    assert rows["110-b"]["flags"] == ["not relaxed, not ranked"]
    assert comparison.hops[1].flags == ("not converged, not final",)


def test_notes_say_what_the_numbers_rest_on(comparison):
    notes = "\n".join(comparison.notes)
    assert "lowest relaxed γ of the facets computed: (111), 0.550 J/m²" in notes
    assert "1 of 7 terminations were not relaxed" in notes
    assert "Wulff: shape of the facets computed" in notes
    assert "8c–4a–8c is not final" in notes
    assert comparison.trust == "a toy: trust nothing"


def test_files(comparison, tmp_path):
    files = comparison.write_csv(tmp_path / "facets.csv")
    assert [file.name for file in files] == [
        "facets.csv",
        "facets-terminations.csv",
        "facets-hops.csv",
    ]
    with files[1].open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert rows[-1]["gamma_J_per_m2"] == ""
    assert rows[-1]["ranked"] == "false"
    assert float(rows[0]["gamma_J_per_m2"]) == 0.62
    comparison.write_json(tmp_path / "comparison.json")
    document = json.loads((tmp_path / "comparison.json").read_text(encoding="utf-8"))
    assert document["facets"] == comparison.rows()
    assert document["lowest_facet"] == "111"
    assert document["wulff_refusal"] is None
    assert document["wulff_weighted_gamma_J_per_m2"] == comparison.wulff.weighted_gamma
    assert document["trust"] == "a toy: trust nothing"
    with pytest.raises(RequestError, match="cannot write"):
        comparison.write_json(tmp_path / "none" / "comparison.json")


def test_a_refused_wulff_shape_leaves_the_share_empty(tmp_path):
    found = compare_facets([surface((1, 1, 1), -0.1), surface((1, 0, 0), 0.7)])
    assert [row.wulff_share for row in found.facets] == [None, None]
    assert "(111)" in found.wulff_refusal
    assert any("(111) is -0.100 J/m²" in note for note in found.notes)
    found.write_json(tmp_path / "c.json")
    assert '"wulff_share": null' in (tmp_path / "c.json").read_text(encoding="utf-8")


def test_facets_without_a_ranked_termination_come_last_and_are_flagged():
    found = compare_facets(
        [
            surface((1, 1, 0), None, "a", gamma_unrelaxed=0.2),
            surface((1, 1, 0), 0.1, "b", gamma_unrelaxed=0.3, converged=False),
            surface((1, 0, 0), 0.7),
        ]
    )
    assert [row.facet for row in found.facets] == [(1, 0, 0), (1, 1, 0)]
    last = found.facets[1]
    assert (last.best.termination, last.wulff_share, last.best.ranked) == ("110-a", None, False)
    assert "(110) not ranked: no termination relaxed to convergence" in found.notes
    assert found.facets[0].wulff_share == pytest.approx(1)


def test_equal_facets_share_a_row():
    found = compare_facets([surface((1, 0, 0), 0.8), surface((0, 0, -1), 0.7)])
    assert [row.facet for row in found.facets] == [(0, 0, -1)]
    assert found.facets[0].wulff_share == pytest.approx(1)
    assert len(found.terminations) == 2


def test_unequal_faces_are_said():
    one = surface((1, 1, 1), 0.8, of=plain_slab((1, 1, 1), flip=None))
    notes = compare_facets([one]).notes
    assert "γ of 111-a is the mean of two different faces" in notes


def test_hops_alone_or_nothing_at_all(tmp_path):
    found = compare_facets([], [hop_result()])
    assert found.rows() == []
    assert found.lowest is None
    assert len(found.write_csv(tmp_path / "x.csv")) == 1
    assert compare_facets([], []).write_csv(tmp_path / "y.csv") == ()


awkward = st.one_of(
    st.none(), st.floats(-1, 3), st.sampled_from([math.nan, math.inf, -math.inf, 0.0, 1e-12])
)


@settings(max_examples=40, deadline=None)
@given(
    values=st.lists(
        st.tuples(
            st.sampled_from([(1, 1, 1), (1, 0, 0), (1, 1, 0), (2, 1, 0)]),
            awkward,
            st.floats(allow_nan=True),
            st.booleans(),
        ),
        max_size=6,
    )
)
def test_whatever_comes_no_nan_leaves(values, tmp_path_factory):
    results = [
        surface(
            facet, g, "abcdef"[i], bulk=CUBIC, gamma_unrelaxed=u, converged=None if g is None else c
        )
        for i, (facet, g, u, c) in enumerate(values)
    ]
    found = compare_facets(results, [dataclasses.replace(hop_result(), barrier=math.nan)])
    path = tmp_path_factory.mktemp("c") / "c.json"
    found.write_json(path)
    assert "NaN" not in path.read_text(encoding="utf-8")
    for file in found.write_csv(path.with_suffix(".csv")):
        assert "nan" not in file.read_text(encoding="utf-8")
    assert len(found.facets) == len({facet for facet, *_ in values})
    shares = [row.wulff_share for row in found.facets if row.wulff_share is not None]
    assert (found.wulff is None) == (found.wulff_refusal is not None)
    if found.wulff is not None:
        assert sum(shares) == pytest.approx(1)
