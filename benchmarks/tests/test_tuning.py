"""The benchmark of tuning prints both orders and what they cost."""

from __future__ import annotations

from benchmarks import tuning


def test_it_prints_both_orders_and_draws(capsys, tmp_path):
    picture = tmp_path / "tuning.png"
    options = ["--data", "iris", "--hidden", "4", "--max-iter", "5", "--repeats", "1", "--racing"]
    tuning.main([*options, "--picture", str(picture)])
    printed = capsys.readouterr().out
    rows = [line.split(" | ") for line in printed.splitlines() if line.startswith("| ")][2:]
    assert {row[0].strip("| ") for row in rows} == set(tuning.INITS)
    assert [row[3][0] for row in rows] == list("123456")
    assert "times that tuned" in printed and "times with racing" in printed
    assert picture.stat().st_size > 10_000
