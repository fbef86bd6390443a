package psis_test

import (
	"bufio"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ppl/inference/psis"
)

// uniforms is the additive sequence of testdata/generate.py.
func uniforms(n int) []float64 {
	u := make([]float64, n)
	for i := range u {
		u[i] = math.Mod((float64(i)+0.5)*0.6180339887498949, 1)
	}
	return u
}

// logRatios makes a row's input from its two parameters.
var logRatios = map[string]func(u, a, b float64) float64{
	"exponential": func(u, _, rate float64) float64 { return rate * -math.Log(u) },
	"normal": func(u, m, s float64) float64 {
		z := math.Log(u / (1 - u))
		return -(z-m)*(z-m)/(2*s*s) + z*z/2
	},
}

// TestReference compares with figures of testdata/generate.py.
func TestReference(t *testing.T) {
	f, err := os.Open("testdata/reference.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows := 0
	for sc := bufio.NewScanner(f); sc.Scan(); rows++ {
		cells := strings.Split(sc.Text(), "\t")
		v := make([]float64, len(cells))
		for i, c := range cells[1:] {
			if v[i], err = strconv.ParseFloat(c, 64); err != nil {
				t.Fatal(err)
			}
		}
		a, b, u, want := v[0], v[1], uniforms(int(v[2])), v[3:len(cells)-1]
		var got []float64
		if cells[0] == "gpd" {
			got = paretoRow(u, a, b)
		} else {
			got = smoothRow(u, func(u float64) float64 { return logRatios[cells[0]](u, a, b) })
		}
		for i := range want {
			if !(math.Abs(got[i]-want[i]) <= 1e-10*math.Max(1, math.Abs(want[i]))) {
				t.Errorf("%v: figure %d is %.15g, want %.15g", cells[:4], i, got[i], want[i])
			}
		}
	}
	if rows < 60 {
		t.Errorf("only %d rows", rows)
	}
}

func paretoRow(u []float64, scale, k float64) []float64 {
	x := make([]float64, len(u))
	for i := range x {
		x[i] = scale / k * (math.Pow(1-u[i], -k) - 1)
	}
	slices.Sort(x)
	khat, sigma := psis.FitPareto(x)
	return []float64{khat, sigma}
}

func smoothRow(u []float64, ratio func(u float64) float64) []float64 {
	lr := make([]float64, len(u))
	for i := range lr {
		lr[i] = ratio(u[i])
	}
	lw, khat := psis.Smooth(lr)
	w := psis.Weights(lw)
	mean, mcse := psis.Mean(u, w, 1)
	return []float64{khat, psis.ESS(w, 1), slices.Max(lw), mean, mcse}
}
