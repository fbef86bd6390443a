package random

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

var (
	program = flag.String("ppl", "", "the program that fits; one built from ./cmd/ppl if empty")
	keep    = flag.String("keep", "", "a folder for the models, data and posteriors of fits called good that are wrong, as score.py reads them")
	keepAll = flag.Bool("keep-all", false, "keep all models, not only those")
	only    = flag.String("families", "", "the families to draw from, separated by commas; all if empty")
	from    = flag.Uint64("from", 1, "the first seed of each family")
	listAll = flag.Bool("list", false, "list the verdict on each fit, and what is wrong whatever the verdict")
	results = flag.String("results", "", "a file with a line for each model: what is there is not fitted again")
	against = flag.String("against", "", "such a file, of another program, to compare with")
	atOnce  = flag.Int("at-once", 1, "how many fits at a time, 1 or 2")
)

// quick are families whose right values and fits take a fraction of a second.
var quick = []string{"branch_regression", "change_normal", "change_poisson", "contaminated", "emax"}

// TestRandomPosteriors fits random small models and compares each fit called good
// with the right posterior: at most one in two hundred may be wrong, and as many
// have to be good as there were. PPL_RANDOM is the number of models, of all
// families in turn; without it there are 10 of the quick ones, with PPL_SLOW=1 20.
// With -results and PPL_RANDOM=0 the file's table is printed.
func TestRandomPosteriors(t *testing.T) {
	names := Families()
	count := 2 * len(quick)
	if os.Getenv("PPL_SLOW") != "" {
		count *= 2
	}
	s := os.Getenv("PPL_RANDOM")
	if s == "" {
		names = quick
	} else {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("PPL_RANDOM is a number of models: %v", err)
		}
		count = n
	}
	if *only != "" {
		names = strings.Split(*only, ",")
		for _, name := range names {
			if families[name] == nil {
				t.Fatalf("no family is called %q", name)
			}
		}
	}
	if *atOnce < 1 || *atOnce > 2 {
		t.Fatalf("-at-once is 1 or 2, not %d", *atOnce)
	}
	run := &runner{T: t, program: built(t), folder: *keep}
	run.open()
	if run.folder == "" {
		run.folder = t.TempDir()
	}
	run.all(names, count)
	outcomes := run.ledger.Outcomes(names...)
	t.Logf("\n%s", Table(outcomes))
	if *against != "" {
		before, err := OpenLedger(*against, "")
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("against %s:\n%s", *against, Compare(before.Outcomes(names...), outcomes))
	}
	byFamily, all := Tallies(outcomes)
	least, sd, good := expected(byFamily)
	t.Logf("good %d of the families that commit 619157e was tried with; it has %.0f of as many of each", good, least)
	if *from != 1 || count != baselineSeeds*len(names) {
		least -= 2 * sd
	}
	if float64(good) < math.Floor(least+1e-9) {
		t.Errorf("%d fits are called good, fewer than %.0f", good, least)
	}
	if all.Wrong*200 > all.Good {
		t.Errorf("%d of %d fits called good are wrong", all.Wrong, all.Good)
	}
	if all.Failed > 0 {
		t.Errorf("%d fits failed", all.Failed)
	}
}

// built is the program's path. It is built once for all tests.
func built(t *testing.T) string {
	if *program != "" {
		return *program
	}
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var folder string // that of the program, if it was built

var build = sync.OnceValues(func() (string, error) {
	var err error
	if folder, err = os.MkdirTemp("", "random"); err != nil {
		return "", err
	}
	path := filepath.Join(folder, "ppl")
	if out, err := exec.Command("go", "build", "-trimpath", "-o", path, "ppl/cmd/ppl").CombinedOutput(); err != nil {
		return "", fmt.Errorf("building: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if folder != "" {
		os.RemoveAll(folder)
	}
	os.Exit(code)
}

type runner struct {
	*testing.T
	program, folder string
	ledger          *Ledger
}

// open opens the ledger. Programs are told apart by their bytes.
func (r *runner) open() {
	b, err := os.ReadFile(r.program)
	if err != nil {
		r.Fatal(err)
	}
	if r.ledger, err = OpenLedger(*results, fmt.Sprintf("%x", sha256.Sum256(b))[:12]); err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { r.ledger.Close() })
}

// all fits as many models of all families in turn, but for those in the ledger.
func (r *runner) all(names []string, count int) {
	var wait sync.WaitGroup
	todo := make(chan modelKey)
	for range *atOnce {
		wait.Go(func() {
			for k := range todo {
				o := r.fit(k.family, k.seed)
				if err := r.ledger.Add(o); err != nil {
					r.Error(err)
				}
			}
		})
	}
	for i := range count {
		k := modelKey{names[i%len(names)], *from + uint64(i/len(names))}
		if !r.ledger.Has(k.family, k.seed) {
			todo <- k
		}
	}
	close(todo)
	wait.Wait()
}

// fit draws a model, fits it and judges.
func (r *runner) fit(family string, seed uint64) Outcome {
	o := Outcome{Family: family, Seed: seed}
	m := New(family, seed)
	posterior, err := m.Posterior()
	if err != nil {
		r.Logf("not used: %v", err)
		o.Unused = err.Error()
		return o
	}
	folder := r.folder
	if !*keepAll {
		if folder, err = os.MkdirTemp(r.TempDir(), ""); err != nil {
			r.Error(err)
			o.Failed = err.Error()
			return o
		}
	}
	model, data, err := m.Save(folder, posterior)
	if err != nil {
		r.Error(err)
		o.Failed = err.Error()
		return o
	}
	f, err := Run(r.Context(), r.program, model, data, 1)
	if err != nil {
		r.Logf("FAILED %s: %v", m.Name(), err)
		r.kept(m, posterior)
		o.Failed = err.Error()
		return o
	}
	o.Verdict, o.Reasons, o.Seconds = f.Verdict, f.Reasons, f.Seconds
	o.Wrong, o.Off = f.Wrong(posterior)
	if *listAll {
		r.Logf("%s %s %s", m.Name(), f.Verdict, strings.Join(o.Wrong, "; "))
	}
	if f.Verdict == "good" && len(o.Wrong) > 0 {
		r.Logf("WRONG %s: %s", m.Name(), strings.Join(o.Wrong, "; "))
		r.kept(m, posterior)
	}
	return o
}

// kept writes the files of a model where it was asked for.
func (r *runner) kept(m *Model, posterior []Quantity) {
	if *keep == "" {
		return
	}
	if _, _, err := m.Save(*keep, posterior); err != nil {
		r.Error(err)
	}
}
