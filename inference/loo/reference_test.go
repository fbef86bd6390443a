package loo_test

import (
	"bufio"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ppl/inference/loo"
)

// reference is one matrix of testdata/generate.R and what R makes of it.
type reference struct {
	name                 string
	draws, chains, n     int
	innovation           string
	phi, step            float64
	spread, scale, power float64
	tilt                 float64 // NaN: no weights
	seed                 int64

	total   []float64
	points  [][]float64
	heldOut []float64
	compare []float64
}

func references(t *testing.T) []*reference {
	f, err := os.Open("testdata/reference.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []*reference
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		cells := strings.Split(sc.Text(), "\t")
		if cells[0] == "case" {
			v := numbers(t, append(slices.Clone(cells[2:5]), cells[6:]...))
			all = append(all, &reference{name: cells[1], draws: int(v[0]), chains: int(v[1]), n: int(v[2]),
				innovation: cells[5], phi: v[3], step: v[4], spread: v[5], scale: v[6], power: v[7], tilt: v[8], seed: int64(v[9])})
			continue
		}
		v, r := numbers(t, cells[1:]), all[len(all)-1]
		switch cells[0] {
		case "total":
			r.total = v
		case "point":
			r.points = append(r.points, v)
		case "heldout":
			r.heldOut = v
		case "compare":
			r.compare = v
		}
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	if len(all) != 17 {
		t.Fatalf("%d cases", len(all))
	}
	return all
}

func numbers(t *testing.T, cells []string) []float64 {
	v := make([]float64, len(cells))
	for i, c := range cells {
		if c == "NA" {
			c = "NaN"
		}
		var err error
		if v[i], err = strconv.ParseFloat(c, 64); err != nil {
			t.Fatal(err)
		}
	}
	return v
}

// theta makes the draws of testdata/generate.R.
func (r *reference) theta() []float64 {
	x := make([]float64, r.draws)
	seed, length := r.seed, r.draws/max(r.chains, 1)
	for s := range x {
		seed = 16807 * seed % 2147483647
		u, last := float64(seed)/2147483647, 0.0
		if s%length != 0 {
			last = x[s-1]
		}
		v := u - 0.5
		if r.innovation == "logistic" {
			v = math.Log(u / (1 - u))
		}
		x[s] = float64(r.phi*last) + v
	}
	if r.step > 0 {
		for s := range x {
			x[s] = math.RoundToEven(x[s]/r.step) * r.step
		}
	}
	return x
}

// columns are the log likelihoods by point and draw, with the scale multiplied.
func (r *reference) columns(factor float64) [][]float64 {
	theta, columns := r.theta(), make([][]float64, r.n)
	scale := r.scale * factor
	for i := range columns {
		y := r.spread * (float64(i+1) - float64(r.n+1)/2) / float64(r.n)
		columns[i] = make([]float64, r.draws)
		for s, x := range theta {
			if columns[i][s] = -1.25; i > 0 {
				columns[i][s] = -math.Log(scale) - math.Pow(math.Abs(y-x)/scale, r.power)/r.power
			}
		}
	}
	return columns
}

func (r *reference) drawn(t *testing.T) *loo.Draws {
	d, err := loo.Independent(r.draws)
	if r.chains > 0 {
		d, err = loo.Chains(r.draws, r.chains)
	}
	if err == nil && !math.IsNaN(r.tilt) {
		lw := r.theta()
		for s, x := range lw {
			lw[s] = -r.tilt*x*x + x
		}
		d, err = d.Weighted(lw)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestReference compares with R's loo: elpd, its standard error, p_loo, looic, k̂,
// relative efficiencies, Monte-Carlo errors, effective sizes.
func TestReference(t *testing.T) {
	points, high, veryHigh := 0, 0, 0
	for _, r := range references(t) {
		got, err := r.drawn(t).LeaveOneOut(slices.Values(r.columns(1)))
		if err != nil {
			t.Fatal(err)
		}
		elpd, p, ic := got.ELPD(), got.PLOO(), got.LOOIC()
		total := []float64{elpd.Value, elpd.SE, p.Value, p.SE, ic.Value, ic.SE}
		for j, name := range []string{"elpd_loo", "se of elpd_loo", "p_loo", "se of p_loo", "looic", "se of looic"} {
			equal(t, r.name+": "+name, total[j], r.total[j])
		}
		for i, p := range got.Points {
			figures := []float64{p.ELPD, p.PLOO(), p.KHat, p.REff, p.MCSE, p.ESS}
			for j, name := range []string{"elpd", "p_loo", "k̂", "r_eff", "mcse", "n_eff"} {
				want := r.points[i][j]
				if i == 0 && j == 2 && math.IsNaN(r.tilt) && r.draws > 20 && math.IsInf(want, 1) {
					want = 0 // ratios that are equal: see the package comment
				}
				equal(t, r.name+", point "+strconv.Itoa(i+1)+": "+name, figures[j], want)
			}
			points++
			if p.KHat > 0.7 && !math.IsInf(p.KHat, 1) {
				high++
			}
			if p.KHat > 1 && !math.IsInf(p.KHat, 1) {
				veryHigh++
			}
		}
	}
	if points < 150 || high < 20 || veryHigh < 5 {
		t.Errorf("only %d points, %d of k̂ above 0.7, %d above 1", points, high, veryHigh)
	}
}

// TestHeldOutReference: the score of a held-out point is R's log mean likelihood, also
// under weights.
func TestHeldOutReference(t *testing.T) {
	for _, r := range references(t) {
		d := r.drawn(t)
		for i, c := range r.columns(1) {
			p, err := d.HeldOut(c)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, r.name+": "+strconv.Itoa(i+1), p.ELPD, r.heldOut[i])
		}
	}
}

// TestCompareReference: order, differences and their errors are those of loo_compare.
func TestCompareReference(t *testing.T) {
	for _, r := range references(t) {
		if r.compare == nil {
			continue
		}
		d, err := loo.Independent(r.draws)
		if err != nil {
			t.Fatal(err)
		}
		var models []loo.Result
		for _, factor := range []float64{1, 1.1, 0.9} {
			m, err := d.LeaveOneOut(slices.Values(r.columns(factor)))
			if err != nil {
				t.Fatal(err)
			}
			models = append(models, m)
		}
		got, err := loo.Compare(models...)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range got {
			if c.Model+1 != int(r.compare[3*i]) {
				t.Errorf("%s: place %d is model %d, want %g", r.name, i+1, c.Model+1, r.compare[3*i])
			}
			equal(t, r.name+": elpd_diff", c.Difference.Value, r.compare[3*i+1])
			equal(t, r.name+": se_diff", c.Difference.SE, r.compare[3*i+2])
		}
	}
}

func equal(t *testing.T, what string, got, want float64) {
	t.Helper()
	if got == want || math.IsNaN(got) && math.IsNaN(want) {
		return
	}
	if !(math.Abs(got-want) <= 1e-6*math.Max(1, math.Abs(want))) {
		t.Errorf("%s is %.12g, want %.12g", what, got, want)
	}
}
