package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// readByR runs a script of testdata/r, and gives its lines by their first cell.
func readByR(t *testing.T, script string, files ...string) map[string][][]string {
	t.Helper()
	cmd := exec.Command("Rscript", append([]string{filepath.Join("testdata", "r", script)}, files...)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, said.String())
	}
	lines := map[string][][]string{}
	for sc := bufio.NewScanner(bytes.NewReader(out)); sc.Scan(); {
		cells := strings.Split(sc.Text(), "\t")
		lines[cells[0]] = append(lines[cells[0]], cells[1:])
	}
	return lines
}

// withR skips a test where R has not the packages.
func withR(t *testing.T, packages ...string) {
	t.Helper()
	// To look is quicker than to load.
	look := ""
	for _, name := range packages {
		look += fmt.Sprintf("stopifnot(nzchar(system.file(package = %q)))\n", name)
	}
	if exec.Command("Rscript", "-e", look).Run() != nil {
		t.Skip("no Rscript with the packages " + strings.Join(packages, ", "))
	}
}

// rModels are what R is asked about: a mixture whose labels are summed out; with PPL_SLOW=1 also a hierarchical model,
// a logistic regression and, where the shared data are there, effects by group.
func rModels(t *testing.T) map[string][]string {
	t.Helper()
	out := map[string][]string{"mixture": {writeModel(t, `data y : real[N]
mu : ordered[2] ~ Normal(0, 3)
sigma ~ HalfNormal(2)
share ~ Beta(2, 2)
z[i in 1..N] ~ Bernoulli(share)
y[i in 1..N] ~ Normal(mu[z[i] + 1], sigma)
`), "-d", "y=[-2.1,-1.7,-2.6,-0.9,-2.2,-3.0,1.4,2.2,1.9,0.3,2.8,1.1,1.6,2.4,5.5]"}}
	if os.Getenv("PPL_SLOW") != "1" {
		return out
	}
	examples := filepath.Join("..", "..", "examples")
	out["eight schools"] = []string{filepath.Join(examples, "eight_schools", "model.ppl"), "-d", filepath.Join(examples, "eight_schools", "data.json")}
	out["logistic regression"] = []string{filepath.Join(examples, "infert", "model.ppl"), "-d", filepath.Join(examples, "infert", "data.csv")}
	shared := filepath.Join("..", "..", "..", "shared", "public")
	if name := "pdb_radon_variable_intercept_slope_noncentered"; exists(filepath.Join(shared, "models", name+".ppl")) {
		out["radon"] = []string{filepath.Join(shared, "models", name+".ppl"), "-d", filepath.Join(shared, "data", name+".json")}
	}
	return out
}

func parsed(t *testing.T, cells []string) []float64 {
	t.Helper()
	var out []float64
	for _, c := range cells {
		x, err := strconv.ParseFloat(c, 64)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, x)
	}
	return out
}

// off is how far numbers are apart, relative to those above 1.
func off(a, b float64) float64 { return math.Abs(a-b) / math.Max(1, math.Abs(b)) }

// R's loo says of the matrix that ppl writes what ppl says of the fit.
func TestLOOInR(t *testing.T) {
	withR(t, "loo", "posterior")
	for name, model := range rModels(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			fit, matrix := filepath.Join(dir, "fit.zarr.zip"), filepath.Join(dir, "loglik.csv")
			if code, _, stderr := runPPL(context.Background(), append(append([]string{"fit"}, model...), "--method", "nuts", "--save", fit, "-q")...); code != 0 {
				t.Fatal(stderr)
			}
			code, text, stderr := runPPL(context.Background(), "loo", fit, "-o", matrix, "--format", "json")
			if code != 0 {
				t.Fatal(stderr)
			}
			var report struct {
				Fits []struct {
					ELPD  struct{ Value, SE float64 } `json:"elpd_loo"`
					PLOO  struct{ Value, SE float64 } `json:"p_loo"`
					Units []struct {
						ELPD float64 `json:"elpd"`
						PLOO float64 `json:"p_loo"`
						KHat float64 `json:"khat"`
					}
				}
			}
			if err := json.Unmarshal([]byte(text), &report); err != nil {
				t.Fatal(err)
			}
			got, lines := report.Fits[0], readByR(t, "loo.R", matrix)
			want := parsed(t, lines["total"][0])
			for i, x := range []float64{got.ELPD.Value, got.ELPD.SE, got.PLOO.Value, got.PLOO.SE} {
				if !(off(x, want[i]) < 1e-6) {
					t.Errorf("figure %d of elpd_loo, se, p_loo, se is %.10g, and %.10g in R", i+1, x, want[i])
				}
			}
			if len(got.Units) != len(lines["unit"]) || len(got.Units) < 8 {
				t.Fatalf("%d units, and %d in R", len(got.Units), len(lines["unit"]))
			}
			for i, u := range got.Units {
				want := parsed(t, lines["unit"][i])
				for j, x := range []float64{u.ELPD, u.PLOO, u.KHat} {
					if !(off(x, want[j]) < 1e-6) {
						t.Errorf("unit %d: figure %d of elpd, p_loo, k̂ is %.10g, and %.10g in R", i+1, j+1, x, want[j])
					}
				}
			}
			t.Logf("elpd_loo %.6f (R %.6f), p_loo %.6f (R %.6f)", got.ELPD.Value, want[0], got.PLOO.Value, want[2])
		})
	}
}

// rstan reads the draws, of a file for each chain or of one file; posterior then has the figures of ppl's table.
func TestChainsInR(t *testing.T) {
	withR(t, "rstan", "posterior")
	for name, model := range rModels(t) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			run := func(more ...string) string {
				code, text, stderr := runPPL(context.Background(), append(append([]string{"fit"}, model...), append([]string{"--method", "nuts", "-q", "--format", "json", "-o", filepath.Join(dir, "x.csv")}, more...)...)...)
				if code != 0 {
					t.Fatal(stderr)
				}
				return text
			}
			run()
			one := readByR(t, "chains.R", filepath.Join(dir, "x.csv"))
			text := run("--per-chain")
			if err := os.Remove(filepath.Join(dir, "x.csv")); err != nil {
				t.Fatal(err)
			}
			files, _ := filepath.Glob(filepath.Join(dir, "x_*.csv"))
			several := readByR(t, "chains.R", files...)
			if a, b := strings.Join(several["sim"][0], " "), strings.Join(one["sim"][0], " "); a != "4 1000 1000" || b != "1 4000 1000" {
				t.Errorf("R sees %s (chains, draws, warm-up) in files, and %s in one", a, b)
			}
			var report struct {
				Parameters map[string]struct {
					Mean, SD, Q5, Q50, Q95, RHat float64
					Bulk                         float64 `json:"ess_bulk"`
					Tail                         float64 `json:"ess_tail"`
				}
			}
			if err := json.Unmarshal([]byte(text), &report); err != nil {
				t.Fatal(err)
			}
			pooled := map[string][]float64{}
			for _, line := range one["summary"] {
				pooled[line[0]] = parsed(t, line[1:6])
			}
			compared := 0
			for _, line := range several["summary"] {
				p, ok := report.Parameters[line[0]]
				if !ok {
					continue // lp__, and discrete latents, of which ppl has probabilities
				}
				compared++
				want := append(parsed(t, line[1:6]), parsed(t, line[6:9])...)
				for i, x := range []float64{p.Mean, p.SD, p.Q5, p.Q50, p.Q95, p.RHat, p.Bulk, p.Tail} {
					if !(off(x, want[i]) < 1e-6) {
						t.Errorf("%s: figure %d of mean, sd, quantiles, R-hat, effective sizes is %.10g, and %.10g in R", line[0], i+1, x, want[i])
					}
				}
				for i, x := range pooled[line[0]] {
					if !(off(x, want[i]) < 1e-9) {
						t.Errorf("%s: figure %d is %.10g from one file, and %.10g from several", line[0], i+1, x, want[i])
					}
				}
			}
			if compared < 4 || len(pooled) < compared {
				t.Errorf("%d parameters compared, %d in one file", compared, len(pooled))
			}
		})
	}
}
