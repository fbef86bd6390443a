package draws_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ppl/inference/mcmc"
	"ppl/runtime/draws"
)

// TestRStan: read_stan_csv takes the files of two chains without a warning, and R's
// posterior summarises them to the figures that the draws have here.
func TestRStan(t *testing.T) {
	needsR(t)
	const n, chains = 200, 2
	table := example(n, chains)
	var files []string
	for c := range chains {
		files = append(files, draws.ChainPath(filepath.Join(t.TempDir(), "x.csv"), c+1))
		written(t, files[c], func(w io.Writer) error { return table.WriteCmdStan(w, run(chains), c+1) })
	}
	lines := readByR(t, files...)
	expect(t, lines, "sim", "2", "200", "500")
	expect(t, lines, "algorithm", "NUTS(diag_e)", "NUTS(diag_e)")
	expect(t, lines, "info", "# Step size = 0.25", "# Step size = 1.25")
	expect(t, lines, "time", "1.5", "1", "1.5", "2")
	seen := 0
	for _, l := range lines["summary"] {
		x := column(t, table, strings.NewReplacer("[", ".", ",", ".", "]", "").Replace(l[0]))
		parts := [][]float64{x[:n], x[n:]}
		sorted := slices.Clone(x)
		slices.Sort(sorted)
		mean, sd := meanSD(x)
		for i, want := range []float64{mean, sd, quantile(sorted, 0.05), quantile(sorted, 0.95), mcmc.RHat(parts), mcmc.ESSBulk(parts)} {
			if got := number(t, l[i+1]); !(math.Abs(got-want) <= 1e-9*math.Max(1, math.Abs(want))) {
				t.Errorf("figure %d of %s is %g in R, %g here", i+1, l[0], got, want)
			}
		}
		seen++
	}
	if want := len(table.Columns) + 1; seen != want { // lp__ too
		t.Errorf("%d parameters, want %d", seen, want)
	}
	for _, l := range lines["w"] {
		mean, _ := meanSD(column(t, table, "w."+l[0]+"."+l[1]))
		if got := number(t, l[2]); math.Abs(got-mean) > 1e-12 {
			t.Errorf("w[%s,%s] has the mean %g in R, %g here", l[0], l[1], got, mean)
		}
	}
	if len(lines["w"]) != 6 || len(lines["sampler"]) != 1 || !slices.Equal(lines["sampler"][0][:6], []string{"accept_stat__", "treedepth__", "stepsize__", "divergent__", "n_leapfrog__", "energy__"}) {
		t.Errorf("w %v, sampler %v", lines["w"], lines["sampler"])
	}
}

// needsR skips a test where R has not what read.R loads: what takes long is to load it, not to look.
func needsR(t *testing.T) {
	t.Helper()
	if exec.Command("Rscript", "-e", `stopifnot(nzchar(system.file(package = "rstan")), nzchar(system.file(package = "posterior")))`).Run() != nil {
		t.Skip("needs R with rstan and posterior: apt-get install r-cran-rstan r-cran-posterior")
	}
}

// TestRStanOneFile: draws without chains, and those of two chains in one file.
func TestRStanOneFile(t *testing.T) {
	if os.Getenv("PPL_SLOW") == "" {
		t.Skip("PPL_SLOW=1 runs it: R is started twice")
	}
	needsR(t)
	table := example(50, 2)
	path := filepath.Join(t.TempDir(), "x.csv")
	written(t, path, func(w io.Writer) error { return table.WriteCmdStan(w, run(2), 0) })
	lines := readByR(t, path)
	expect(t, lines, "sim", "1", "100", "500")
	if l := lines["summary"][0]; l[0] != "chain__" || number(t, l[1]) != 1.5 {
		t.Errorf("the first column is %v", l)
	}
	table.Chains, table.Sampler = 0, nil
	written(t, path, func(w io.Writer) error { return table.WriteCmdStan(w, draws.Run{Model: "m"}, 0) })
	lines = readByR(t, path)
	expect(t, lines, "sim", "1", "100", "0")
	expect(t, lines, "algorithm", "none")
	mean, _ := meanSD(column(t, table, "mu"))
	if l := lines["summary"][0]; l[0] != "mu" || math.Abs(number(t, l[1])-mean) > 1e-12 {
		t.Errorf("mu is %v, want the mean %g", l, mean)
	}
}

// readByR gives the lines of testdata/read.R by their first cell.
func readByR(t *testing.T, files ...string) map[string][][]string {
	t.Helper()
	var fault bytes.Buffer
	cmd := exec.Command("Rscript", append([]string{"testdata/read.R"}, files...)...)
	cmd.Stderr = &fault
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("R: %v\n%s", err, fault.String())
	}
	lines := map[string][][]string{}
	for sc := bufio.NewScanner(bytes.NewReader(out)); sc.Scan(); {
		cells := strings.Split(sc.Text(), "\t")
		lines[cells[0]] = append(lines[cells[0]], cells[1:])
	}
	return lines
}

func expect(t *testing.T, lines map[string][][]string, name string, want ...string) {
	t.Helper()
	if got := lines[name]; len(got) != 1 || !slices.Equal(got[0], want) {
		t.Errorf("R says %s %v, want %v", name, got, want)
	}
}

// TestHyparquet: an independent reader has the same columns and bits.
func TestHyparquet(t *testing.T) {
	folder := os.Getenv("HYPARQUET")
	if folder == "" {
		t.Skip("HYPARQUET names a folder where `npm install hyparquet` has been run")
	}
	table := example(50, 2)
	for name, write := range map[string]func(io.Writer) error{"wide": table.WriteParquet, "long": table.WriteParquetLong} {
		path := filepath.Join(t.TempDir(), name+".parquet")
		written(t, path, write)
		var fault bytes.Buffer
		cmd := exec.Command("node", "testdata/read.mjs", path)
		cmd.Stderr = &fault
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("node: %v\n%s", err, fault.String())
		}
		rows, columns, _ := readParquet(t, write)
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(columns); err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			var cells []string
			for _, v := range r {
				switch v.Kind().String() {
				case "DOUBLE":
					cells = append(cells, fmt.Sprintf("%016x", math.Float64bits(v.Double())))
				case "INT32":
					cells = append(cells, fmt.Sprintf("%016x", math.Float64bits(float64(v.Int32()))))
				default:
					cells = append(cells, v.String())
				}
			}
			if err := e.Encode(cells); err != nil {
				t.Fatal(err)
			}
		}
		if got := string(out); got != want.String() {
			t.Errorf("%s: hyparquet reads\n%.500s\nwant\n%.500s", name, got, want.String())
		}
	}
}

// arviz are the settings that ArviZ's from_cmdstan finds in the comments of a file, by
// the rules of its _process_configuration: a key without spaces, and a number or a
// word; the line after one that names the inverse mass matrix; the times.
func arviz(t *testing.T, text string) (settings map[string]string, metric []float64, seconds map[string]float64) {
	t.Helper()
	settings, seconds = map[string]string{}, map[string]float64{}
	key := regexp.MustCompile(`^(\S+)\s*=\s*(\S*)$`)
	clock := regexp.MustCompile(`^(?:Elapsed\s*Time:\s*)?(\S+)\s*seconds\s*\((.*)\)$`)
	next := false
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			continue
		}
		comment := strings.TrimSpace(strings.TrimLeft(line, "# "))
		switch {
		case next:
			for _, c := range strings.Split(comment, ",") {
				metric = append(metric, number(t, strings.TrimSpace(c)))
			}
			next = false
		case strings.HasPrefix(comment, "Step size"):
			settings["step_size"] = strings.TrimSpace(strings.Split(comment, "=")[1])
		case strings.Contains(comment, "inverse mass matrix"):
			next = true
		case strings.Contains(comment, "seconds") && clock.MatchString(comment):
			m := clock.FindStringSubmatch(comment)
			seconds[m[2]] = number(t, m[1])
		default:
			if m := key.FindStringSubmatch(comment); m != nil {
				settings[m[1]] = m[2]
			}
		}
	}
	return settings, metric, seconds
}

// TestArviZRules: what ArviZ computes from the comments is there as the kind of number
// that it takes it for; no label or comment adds to it; the columns' indices are numbers.
func TestArviZRules(t *testing.T) {
	var b bytes.Buffer
	if err := example(5, 2).WriteCmdStan(&b, run(2), 2); err != nil {
		t.Fatal(err)
	}
	settings, metric, seconds := arviz(t, b.String())
	for key, want := range map[string]string{"num_samples": "5", "num_warmup": "500", "save_warmup": "0", "thin": "1", "id": "2",
		"step_size": "1.25", "algorithm": "hmc", "engine": "nuts", "metric": "diag_e", "method": "sample", "model": "my_model_model",
		"max_depth": "10", "delta": "0.8", "stepsize": "1", "stepsize_jitter": "0", "engaged": "1", "seed": "42"} {
		if settings[key] != want {
			t.Errorf("%s is %q, want %q", key, settings[key], want)
		}
		delete(settings, key)
	}
	if len(settings) > 0 || !slices.Equal(metric, []float64{1, 2e-7, 0.5}) ||
		seconds["Warm-up"] != 1.5 || seconds["Sampling"] != 2 || seconds["Total"] != 3.5 || len(seconds) != 3 {
		t.Errorf("other settings %v, metric %v, times %v", settings, metric, seconds)
	}
	header, _, _ := strings.Cut(withoutComments(b.String()), "\n")
	for _, name := range strings.Split(header, ",") {
		for _, i := range strings.Split(name, ".")[1:] {
			if n, err := strconv.Atoi(i); err != nil || n < 1 {
				t.Errorf("the column %s has the index %q", name, i)
			}
		}
	}
}

// TestLabels: the comments give back each label.
func TestLabels(t *testing.T) {
	table := example(1, 1)
	var b bytes.Buffer
	if err := table.WriteCmdStan(&b, run(1), 1); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for line := range strings.Lines(b.String()) {
		if rest, ok := strings.CutPrefix(line, "# ppl column "); ok {
			name, text, _ := strings.Cut(rest, ": ")
			var label string
			if err := json.Unmarshal([]byte(text), &label); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			got[name] = label
		}
	}
	for _, c := range table.Columns {
		if label, ok := got[c.Name]; ok && label != c.Label || !ok && c.Label != c.Name {
			t.Errorf("%s has the label %q, want %q", c.Name, label, c.Label)
		}
	}
}

func written(t *testing.T, path string, write func(io.Writer) error) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := write(f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func meanSD(x []float64) (mean, sd float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		sd += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(sd / float64(len(x)-1))
}

// quantile is R's type 7.
func quantile(sorted []float64, p float64) float64 {
	h := p * float64(len(sorted)-1)
	i := int(h)
	return sorted[i] + (h-float64(i))*(sorted[min(i+1, len(sorted)-1)]-sorted[i])
}
