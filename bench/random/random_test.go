package random

import (
	"cmp"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
)

var (
	program = flag.String("ppl", "", "the program that fits; one built from ./cmd/ppl if empty")
	keep    = flag.String("keep", "", "a folder for the models, data and posteriors of fits called good that are wrong, as score.py reads them")
	keepAll = flag.Bool("keep-all", false, "keep all models, not only those")
	only    = flag.String("families", "", "the families to draw from, separated by commas; all if empty")
	from    = flag.Uint64("from", 1, "the first seed of each family")
	listAll = flag.Bool("list", false, "list the verdict on each fit, and what is wrong whatever the verdict")
)

// quick are families whose right values and fits take a fraction of a second.
var quick = []string{"branch_regression", "change_normal", "change_poisson", "contaminated", "emax"}

// TestRandomPosteriors fits random small models and compares each fit called good
// with the right posterior: at most one in two hundred may be wrong, and as many
// have to be good as there were. PPL_RANDOM is the number of models, of all
// families in turn; without it there are 10 of the quick ones, with PPL_SLOW=1 20.
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
	}
	run := &runner{T: t, program: built(t), tallies: map[string]*tally{}, folder: *keep}
	if run.folder == "" {
		run.folder = t.TempDir()
	}
	for i := range count {
		run.fit(names[i%len(names)], *from+uint64(i/len(names)))
	}
	all := run.table(names)
	least, sd := expected(run.tallies)
	t.Logf("good %d of %d; commit 619157e has %.0f of as many of each family", all.good, all.models, least)
	if *from != 1 || count != baselineSeeds*len(names) {
		least -= 2 * sd
	}
	if float64(all.good) < math.Floor(least+1e-9) {
		t.Errorf("%d fits are called good, fewer than %.0f", all.good, least)
	}
	if all.wrong*200 > all.good {
		t.Errorf("%d of %d fits called good are wrong", all.wrong, all.good)
	}
	if all.failed > 0 {
		t.Errorf("%d fits failed", all.failed)
	}
}

// built is the program's path.
func built(t *testing.T) string {
	if *program != "" {
		return *program
	}
	path := filepath.Join(t.TempDir(), "ppl")
	if out, err := exec.Command("go", "build", "-trimpath", "-o", path, "ppl/cmd/ppl").CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	return path
}

// A tally counts the fits of a family.
type tally struct{ models, unresolved, good, caution, poor, failed, wrong int }

func (a *tally) add(b *tally) {
	a.models += b.models
	a.unresolved += b.unresolved
	a.good += b.good
	a.caution += b.caution
	a.poor += b.poor
	a.failed += b.failed
	a.wrong += b.wrong
}

type runner struct {
	*testing.T
	program, folder string
	tallies         map[string]*tally
}

// fit draws a model, fits it and judges.
func (r *runner) fit(family string, seed uint64) {
	c := r.tallies[family]
	if c == nil {
		c = new(tally)
		r.tallies[family] = c
	}
	m := New(family, seed)
	posterior, err := m.Posterior()
	if err != nil {
		c.unresolved++
		r.Logf("not used: %v", err)
		return
	}
	c.models++
	folder := r.folder
	if !*keepAll {
		folder = r.TempDir()
	}
	model, data, err := m.Save(folder, posterior)
	if err != nil {
		r.Fatal(err)
	}
	f, err := Run(r.Context(), r.program, model, data, 1)
	if err != nil {
		c.failed++
		r.Logf("FAILED %s: %v", m.Name(), err)
		r.kept(m, posterior)
		return
	}
	switch f.Verdict {
	case "good":
		c.good++
	case "caution":
		c.caution++
	default:
		c.poor++
	}
	wrong := f.Wrong(posterior)
	if *listAll {
		r.Logf("%s %s %s", m.Name(), f.Verdict, strings.Join(wrong, "; "))
	}
	if f.Verdict == "good" && len(wrong) > 0 {
		c.wrong++
		r.Logf("WRONG %s: %s", m.Name(), strings.Join(wrong, "; "))
		r.kept(m, posterior)
	}
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

// table prints the tallies and gives their sum.
func (r *runner) table(names []string) *tally {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "family\tmodels\tgood\tcaution\tpoor\tfailed\twrong of good\tnot used\t")
	row := func(name string, a *tally) {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", name, a.models, a.good, a.caution, a.poor, a.failed, a.wrong, a.unresolved)
	}
	all := new(tally)
	slices.SortFunc(names, cmp.Compare[string])
	for _, name := range names {
		if a := r.tallies[name]; a != nil {
			row(name, a)
			all.add(a)
		}
	}
	row("all", all)
	w.Flush()
	r.Logf("\n%s", b.String())
	return all
}
