package random

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLedger writes outcomes down, reads them again, and goes on after a line that was cut off.
func TestLedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.jsonl")
	write := func(program string, outcomes ...Outcome) {
		t.Helper()
		l, err := OpenLedger(path, program)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range outcomes {
			if l.Has(o.Family, o.Seed) {
				t.Errorf("%s %d is there before it is added", o.Family, o.Seed)
			}
			if err := l.Add(o); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	first := Outcome{Family: "b", Seed: 2, Verdict: "good", Reasons: []string{"r"}, Wrong: []string{"mean"}, Off: 1.5, Seconds: 0.25}
	write("p", first, Outcome{Family: "a", Seed: 1, Verdict: "poor", Off: math.Inf(1)})
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"family": "a", "seed": 3, "verd`); err != nil {
		t.Fatal(err)
	}
	f.Close()
	write("p", Outcome{Family: "a", Seed: 3, Unused: "two grids disagree"})

	l, err := OpenLedger(path, "p")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := l.Outcomes()
	if len(got) != 3 || got[0].Off != 1e6 || got[1].Unused == "" || got[2].Wrong[0] != "mean" || got[2].Off != 1.5 || got[2].Seconds != 0.25 {
		t.Errorf("read %+v", got)
	}
	if a := l.Outcomes("b"); len(a) != 1 || a[0].Family != "b" {
		t.Errorf("of b: %+v", a)
	}
	if _, err := OpenLedger(path, "another"); err == nil || !strings.Contains(err.Error(), "another") {
		t.Errorf("outcomes of two programs in one file: %v", err)
	}
}

// TestTally counts outcomes of every kind.
func TestTally(t *testing.T) {
	wrong := []string{"mean"}
	before := []Outcome{
		{Family: "a", Seed: 1, Verdict: "good", Seconds: 1},
		{Family: "a", Seed: 2, Verdict: "good", Wrong: wrong, Seconds: 1},
		{Family: "a", Seed: 3, Verdict: "caution"},
		{Family: "a", Seed: 4, Verdict: "poor", Wrong: wrong},
		{Family: "a", Seed: 5, Unused: "two grids"},
		{Family: "b", Seed: 1, Failed: "killed"},
		{Family: "b", Seed: 2, Verdict: "good"},
	}
	byFamily, all := Tallies(before)
	if want := (Tally{Models: 4, Good: 2, Caution: 1, Poor: 1, Unused: 1, Wrong: 1, RightNotGood: 1, Seconds: 2}); *byFamily["a"] != want {
		t.Errorf("a: %+v", *byFamily["a"])
	}
	if want := (Tally{Models: 6, Good: 3, Caution: 1, Poor: 1, Unused: 1, Failed: 1, Wrong: 1, RightNotGood: 1, Seconds: 2}); *all != want {
		t.Errorf("all: %+v", *all)
	}
	if table := Table(before); strings.Count(table, "\n") != 4 || !strings.Contains(table, "50 %") {
		t.Errorf("table:\n%s", table)
	}
	after := []Outcome{
		{Family: "a", Seed: 1, Verdict: "caution", Reasons: []string{"few draws"}},
		{Family: "a", Seed: 2, Verdict: "good"},
		{Family: "a", Seed: 3, Verdict: "caution"},
		{Family: "c", Seed: 1, Verdict: "good"},
	}
	got := Compare(before, after)
	for _, want := range []string{"a 1: good -> caution: few draws\n", "a 2: good, wrong -> good: \n", "3 models: good 2 -> 1, wrong of these 1 -> 0"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "a 3") || strings.Contains(got, "c 1") {
		t.Errorf("too much in\n%s", got)
	}
}

// TestBound compares the bound with the binomial distribution that it inverts: a
// share at the bound shows so few wrong ones, or fewer, with probability 5 %.
func TestBound(t *testing.T) {
	for _, c := range []struct{ wrong, good int }{{0, 1}, {0, 10}, {1, 10}, {3, 40}, {12, 1500}} {
		p := (&Tally{Wrong: c.wrong, Good: c.good}).Bound()
		var below float64
		for k := range c.wrong + 1 {
			n := float64(c.good)
			below += math.Exp(lgamma(n+1) - lgamma(float64(k)+1) - lgamma(n-float64(k)+1) + float64(k)*math.Log(p) + (n-float64(k))*math.Log1p(-p))
		}
		if math.Abs(below-0.05) > 1e-6 {
			t.Errorf("%d of %d: bound %g, where so few have probability %g", c.wrong, c.good, p, below)
		}
	}
	for _, c := range []Tally{{}, {Wrong: 2, Good: 2}} {
		if c.Bound() != 1 {
			t.Errorf("%+v: %g", c, c.Bound())
		}
	}
}
