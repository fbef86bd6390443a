package runtime

import (
	"bufio"
	"context"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// drawsOfCSV reads draws of four chains by name, the elements of arrays one after another.
func drawsOfCSV(t *testing.T, path string) jointDraws {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := jointDraws{n: len(rows) - 1, chains: 4, values: map[string][]float64{}}
	for _, row := range rows[1:] {
		for i, cell := range row {
			name, _, _ := strings.Cut(rows[0][i], ".")
			x, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				t.Fatal(err)
			}
			out.values[name] = append(out.values[name], x)
		}
	}
	return out
}

// TestLOOReference: at given draws of a hierarchical model, and of a mixture whose labels are summed out, the figures are
// those of R's loo of log likelihoods that R has worked out (testdata/loo/generate.R).
func TestLOOReference(t *testing.T) {
	f, err := os.Open("testdata/loo/reference.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := map[string][][]float64{}
	for sc := bufio.NewScanner(f); sc.Scan(); {
		cells := strings.Split(sc.Text(), "\t")
		var row []float64
		for _, c := range cells[2:] {
			x, err := strconv.ParseFloat(c, 64)
			if err != nil {
				t.Fatal(err)
			}
			row = append(row, x)
		}
		want[cells[0]] = append(want[cells[0]], row)
	}
	for name, files := range map[string][2]string{
		"eight_schools": {"../examples/eight_schools/model.ppl", "../examples/eight_schools/data.json"},
		"mixture":       {"testdata/loo/mixture.ppl", "testdata/loo/mixture.json"},
	} {
		m, err := CompileFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		p, err := m.Bind(Files(context.Background(), files[1]))
		if err != nil {
			t.Fatal(err)
		}
		w, err := pointwise(p.target)
		if err != nil {
			t.Fatal(err)
		}
		got, err := leaveOneOut(context.Background(), w, drawsOfCSV(t, filepath.Join("testdata", "loo", name+".csv")), nil)
		if err != nil {
			t.Fatal(err)
		}
		rows := [][]float64{{got.ELPD().Value, got.ELPD().SE, got.PLOO().Value, got.PLOO().SE}}
		for _, x := range got.Points {
			rows = append(rows, []float64{x.ELPD, x.PLOO(), x.KHat})
		}
		if len(rows) != len(want[name]) {
			t.Fatalf("%s: %d rows, and %d of R", name, len(rows), len(want[name]))
		}
		for i, row := range rows {
			for j, x := range row {
				if !(math.Abs(x-want[name][i][j]) < 1e-9*math.Max(1, math.Abs(x))) {
					t.Errorf("%s, row %d, figure %d: %.12g, and %.12g in R", name, i, j, x, want[name][i][j])
				}
			}
		}
	}
}
