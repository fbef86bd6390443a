package random

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"

	"gonum.org/v1/gonum/stat/distuv"
)

// An Outcome is what became of one model: a line of a ledger.
type Outcome struct {
	Family  string   `json:"family"`
	Seed    uint64   `json:"seed"`
	Verdict string   `json:"verdict,omitempty"`
	Reasons []string `json:"reasons,omitempty"`
	Wrong   []string `json:"wrong,omitempty"`   // what is off by more than is allowed, whatever the verdict
	Off     float64  `json:"off"`               // the worst error, as a multiple of what is allowed
	Seconds float64  `json:"seconds"`           // of the processors
	Unused  string   `json:"unused,omitempty"`  // why quadrature has no posterior
	Failed  string   `json:"failed,omitempty"`  // why there is no fit
	Program string   `json:"program,omitempty"` // which fitted it
}

type modelKey struct {
	family string
	seed   uint64
}

// A Ledger is outcomes in a file, a line of JSON each, so that a run that was
// ended goes on where it was. Without a path it is kept in memory alone. It may be used by several goroutines.
type Ledger struct {
	program string
	mutex   sync.Mutex
	file    *os.File
	by      map[modelKey]Outcome
}

// OpenLedger reads a ledger, or begins one. Program says which program's outcomes are asked for: a line of
// another one is an error, for the two do not add up. A last line that was cut off is dropped.
func OpenLedger(path, program string) (*Ledger, error) {
	l := &Ledger{program: program, by: map[modelKey]Outcome{}}
	if path == "" {
		return l, nil
	}
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	whole := b[:bytes.LastIndexByte(b, '\n')+1]
	lines := bufio.NewScanner(bytes.NewReader(whole))
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var o Outcome
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		if program != "" && o.Program != program {
			return nil, fmt.Errorf("%s:%d is of program %s, and %s is asked for: each has a file of its own", path, n, o.Program, program)
		}
		l.by[modelKey{o.Family, o.Seed}] = o
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if program == "" { // to be read
		return l, nil
	}
	if l.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644); err != nil {
		return nil, err
	}
	if err := l.file.Truncate(int64(len(whole))); err != nil {
		return nil, err
	}
	_, err = l.file.Seek(int64(len(whole)), 0)
	return l, err
}

// Has says whether a model's outcome is there.
func (l *Ledger) Has(family string, seed uint64) bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	_, ok := l.by[modelKey{family, seed}]
	return ok
}

// Add writes an outcome down.
func (l *Ledger) Add(o Outcome) error {
	o.Program = l.program
	if !(o.Off < 1e6) {
		o.Off = 1e6 // JSON has neither infinities nor NaN
	}
	b, err := json.Marshal(o)
	if err != nil {
		return err
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.by[modelKey{o.Family, o.Seed}] = o
	if l.file == nil {
		return nil
	}
	_, err = l.file.Write(append(b, '\n'))
	return err
}

// Close closes the file.
func (l *Ledger) Close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// Outcomes are those of some families, by family and seed; of all if there are no names.
func (l *Ledger) Outcomes(families ...string) []Outcome {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	var out []Outcome
	for _, o := range l.by {
		if len(families) == 0 || slices.Contains(families, o.Family) {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(a, b Outcome) int { return cmp.Or(cmp.Compare(a.Family, b.Family), cmp.Compare(a.Seed, b.Seed)) })
	return out
}

// A Tally counts the outcomes of a family.
type Tally struct {
	Models              int // that quadrature has a posterior of
	Good, Caution, Poor int
	Failed              int
	Unused              int
	Wrong               int // of those called good
	RightNotGood        int // right, and not called good
	Seconds             float64
}

func (t *Tally) add(o Outcome) {
	if o.Unused != "" {
		t.Unused++
		return
	}
	t.Models++
	t.Seconds += o.Seconds
	switch {
	case o.Failed != "":
		t.Failed++
		return
	case o.Verdict == "good":
		t.Good++
	case o.Verdict == "caution":
		t.Caution++
	default:
		t.Poor++
	}
	switch {
	case o.Verdict == "good" && len(o.Wrong) > 0:
		t.Wrong++
	case o.Verdict != "good" && len(o.Wrong) == 0:
		t.RightNotGood++
	}
}

// Bound is the upper end of the one-sided 95 % confidence interval of the share
// of wrong fits among those called good (Clopper & Pearson 1934): the share of
// which so few are seen in one of twenty such runs.
func (t *Tally) Bound() float64 {
	if t.Wrong >= t.Good {
		return 1
	}
	return distuv.Beta{Alpha: float64(t.Wrong) + 1, Beta: float64(t.Good - t.Wrong)}.Quantile(0.95)
}

// Tallies counts by family.
func Tallies(outcomes []Outcome) (byFamily map[string]*Tally, all *Tally) {
	byFamily, all = map[string]*Tally{}, new(Tally)
	for _, o := range outcomes {
		if byFamily[o.Family] == nil {
			byFamily[o.Family] = new(Tally)
		}
		byFamily[o.Family].add(o)
		all.add(o)
	}
	return byFamily, all
}

// Table prints tallies by family and in all.
func Table(outcomes []Outcome) string {
	byFamily, all := Tallies(outcomes)
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "family\tmodels\tgood\tshare\tcaution\tpoor\tright of these\tfailed\twrong of good\tbound\tnot used\tseconds\t")
	row := func(name string, t *Tally) {
		fmt.Fprintf(w, "%s\t%d\t%d\t%.0f %%\t%d\t%d\t%d\t%d\t%d\t%.1f %%\t%d\t%.0f\t\n", name, t.Models, t.Good, 100*float64(t.Good)/math.Max(1, float64(t.Models)),
			t.Caution, t.Poor, t.RightNotGood, t.Failed, t.Wrong, 100*t.Bound(), t.Unused, t.Seconds)
	}
	for _, name := range sortedKeys(byFamily) {
		row(name, byFamily[name])
	}
	row("all", all)
	w.Flush()
	return b.String()
}

func sortedKeys(m map[string]*Tally) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// Compare tells what became of the models that two ledgers share: how many are
// good in each, wrong in each, and which changed sides.
func Compare(before, after []Outcome) string {
	old := map[modelKey]Outcome{}
	for _, o := range before {
		old[modelKey{o.Family, o.Seed}] = o
	}
	var b strings.Builder
	var was, is Tally
	for _, o := range after {
		p, ok := old[modelKey{o.Family, o.Seed}]
		if !ok {
			continue
		}
		was.add(p)
		is.add(o)
		sides := func(o Outcome) string {
			if len(o.Wrong) > 0 {
				return o.Verdict + ", wrong"
			}
			return o.Verdict
		}
		if (p.Verdict == "good") != (o.Verdict == "good") || (o.Verdict == "good" && (len(p.Wrong) > 0) != (len(o.Wrong) > 0)) {
			fmt.Fprintf(&b, "%s %d: %s -> %s: %s\n", o.Family, o.Seed, sides(p), sides(o), strings.Join(o.Reasons, "; "))
		}
	}
	fmt.Fprintf(&b, "%d models: good %d -> %d, wrong of these %d -> %d, processor seconds %.0f -> %.0f\n", is.Models, was.Good, is.Good, was.Wrong, is.Wrong, was.Seconds, is.Seconds)
	return b.String()
}
