package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"ppl/runtime"
)

// queried are the rows of DuckDB's answers to queries.
func queried(t *testing.T, queries ...string) [][][]any {
	t.Helper()
	out, err := exec.Command("node", append([]string{"testdata/duckdb.mjs"}, queries...)...).Output()
	if err != nil {
		if e, ok := err.(*exec.ExitError); ok {
			t.Fatalf("%v\n%s", err, e.Stderr)
		}
		t.Fatal(err)
	}
	var all [][][]any
	for line := range strings.Lines(string(out)) {
		var rows [][]any
		if err := json.Unmarshal([]byte(line), &rows); err != nil {
			t.Fatal(err)
		}
		all = append(all, rows)
	}
	if len(all) != len(queries) {
		t.Fatalf("%d answers to %d queries", len(all), len(queries))
	}
	return all
}

// DuckDB reads the Parquet files of fit, predict and loo, with a row for each draw or for each number.
func TestDuckDB(t *testing.T) {
	if os.Getenv("DUCKDB") == "" {
		t.Skip("DUCKDB names a folder where `npm install @duckdb/node-api` has been run")
	}
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	model := writeModel(t, `data county : factor(J)[N]
data y : real[N]
mu ~ Normal(0, 1)
a[j in 1..J] ~ Normal(mu, 1)
y[i in 1..N] ~ Normal(a[county[i]], 1)
`)
	data := []string{"-d", `county=["ÅSTORP","it's","a,b","ÅSTORP"]`, "-d", "y=[0.5,1,-1,2]"}
	fit := append(append([]string{"fit", model}, data...), "--method", "nuts", "--chains", "2", "--draws", "500", "--warmup", "200", "-q")
	for _, args := range [][]string{
		append(fit, "-o", at("wide.parquet"), "--save", at("fit.zarr.zip")),
		append(fit, "-o", at("long.parquet"), "--long"),
		{"predict", at("fit.zarr.zip"), "-o", at("predicted.parquet"), "--long"},
		{"loo", at("fit.zarr.zip"), "-o", at("loglik.parquet")},
	} {
		if code, _, stderr := runPPL(context.Background(), args...); code != 0 {
			t.Fatalf("%v: %s", args, stderr)
		}
	}
	post, err := runtime.LoadFile(at("fit.zarr.zip"))
	if err != nil {
		t.Fatal(err)
	}
	mean, err := post.Mean("a[ÅSTORP]")
	if err != nil {
		t.Fatal(err)
	}
	from := func(name string) string { return fmt.Sprintf("FROM '%s'", at(name)) }
	got := queried(t,
		`SELECT count(*), count(DISTINCT chain), max(draw), avg("a[ÅSTORP]") `+from("wide.parquet"),
		`SELECT column_name FROM (DESCRIBE SELECT * `+from("wide.parquet")+`)`,
		`SELECT count(*), count(DISTINCT variable), avg(value) FILTER (variable = 'a' AND "index" = 'ÅSTORP'), max(chain), max(draw) `+from("long.parquet"),
		`SELECT DISTINCT "index" `+from("long.parquet")+` WHERE variable = 'a' ORDER BY 1`,
		`SELECT count(*), max(draw) `+from("predicted.parquet")+` WHERE variable = 'y'`,
		`SELECT count(*), max("y[1]") < 0 `+from("loglik.parquet"),
	)
	for i, want := range []string{"[[500 2 250 MEAN]]", "[[chain] [draw] [mu] [a[a,b]] [a[it's]] [a[ÅSTORP]]]", "[[2000 2 MEAN 2 250]]", "[[a,b] [it's] [ÅSTORP]]", "[[2000 500]]", "[[500 true]]"} {
		for _, row := range got[i] {
			for k, cell := range row {
				if x, ok := cell.(float64); ok && math.Abs(x-mean) < 1e-12 {
					row[k] = "MEAN"
				}
			}
		}
		if text := fmt.Sprint(got[i]); text != want {
			t.Errorf("answer %d is %s, want %s", i+1, text, want)
		}
	}
}
