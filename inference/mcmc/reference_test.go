package mcmc_test

import (
	"bufio"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"ppl/inference/mcmc"
)

// lehmer is the generator of testdata/generate.R.
func lehmer(seed int64) func() float64 {
	return func() float64 {
		seed = 16807 * seed % 2147483647
		return float64(seed) / 2147483647
	}
}

var shapes = map[string]func(v float64) float64{
	"uniform": func(v float64) float64 { return v },
	"heavy":   func(v float64) float64 { return v / (0.251 - float64(v*v)) },
	"rounded": func(v float64) float64 { return math.RoundToEven(10 * v) },
}

func made(m, n int, phi float64, shape func(float64) float64, shift float64, seed int64) [][]float64 {
	u := lehmer(seed)
	chains := make([][]float64, m)
	for j := range chains {
		last := 0.0
		for range n {
			last = float64(float64(phi*last)+shape(u()-0.5)) + float64(shift*float64(j+1))
			chains[j] = append(chains[j], last)
		}
	}
	return chains
}

var figures = []struct {
	name string
	f    func(chains [][]float64) float64
}{
	{"R̂", mcmc.RHat},
	{"bulk-ESS", mcmc.ESSBulk},
	{"tail-ESS", mcmc.ESSTail},
	{"ESS of the mean", mcmc.ESSMean},
	{"ESS of the sd", mcmc.ESSSD},
	{"ESS of a quantile", func(c [][]float64) float64 { return mcmc.ESSQuantile(c, 0.3) }},
	{"MCSE of the mean", mcmc.MCSEMean},
	{"MCSE of the sd", mcmc.MCSESD},
	{"MCSE of q5", func(c [][]float64) float64 { return mcmc.MCSEQuantile(c, 0.05) }},
	{"MCSE of the median", func(c [][]float64) float64 { return mcmc.MCSEQuantile(c, 0.5) }},
}

// TestReference compares with figures of testdata/generate.R.
func TestReference(t *testing.T) {
	f, err := os.Open("testdata/reference.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	row := int64(0)
	for sc := bufio.NewScanner(f); sc.Scan(); {
		row++
		cells := strings.Split(sc.Text(), "\t")
		number := func(i int) float64 {
			v, err := strconv.ParseFloat(cells[i], 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		chains := made(int(number(0)), int(number(1)), number(2), shapes[cells[3]], number(4), 20210+row)
		for i, fig := range figures {
			got, want := fig.f(chains), number(5+i)
			if math.IsNaN(got) != math.IsNaN(want) || math.Abs(got-want) > 1e-9*math.Abs(want) {
				t.Errorf("%v: %s is %.12g, want %.12g", cells[:5], fig.name, got, want)
			}
		}
	}
	if row != 72 {
		t.Errorf("%d rows", row)
	}
}
