package runtime

import (
	"errors"
	"io"
	"path/filepath"
	"strings"

	"ppl/runtime/answer"
	"ppl/runtime/draws"
)

// DrawsFormat is a format in which WriteDraws writes.
type DrawsFormat string

// The formats; package draws describes them.
const (
	DrawsCSV     DrawsFormat = "csv"     // a header and a row for each draw, and nothing else
	DrawsCmdStan DrawsFormat = "cmdstan" // CSV as CmdStan writes it, with its comments
	DrawsParquet DrawsFormat = "parquet" // a row for each draw
	// DrawsParquetLong is a row for each number: variable, index, chain (where there are some), draw, value.
	DrawsParquetLong DrawsFormat = "parquet-long"
)

// DrawsFormats are all of them.
var DrawsFormats = []DrawsFormat{DrawsCSV, DrawsCmdStan, DrawsParquet, DrawsParquetLong}

// WriteDraws writes the draws that are kept for other programs: a column for each quantity and each element of a
// discrete latent, a row for each joint draw. Where draws are of chains, of each of which as many
// are kept, CmdStan's CSV and Parquet say of which. The error is an *OptionError, ErrNoDraws, one of w, or of
// DiscreteDraws.
func (post *Posterior) WriteDraws(w io.Writer, format DrawsFormat) (err error) {
	defer guarded(&err)
	if err := given("Posterior.WriteDraws", argument{"post", post.made()}, writerArgument(w)); err != nil {
		return err
	}
	var names []string
	for _, f := range DrawsFormats {
		names = append(names, string(f))
	}
	if err := oneOf("format", string(format), names); err != nil {
		return err
	}
	t, err := post.drawsTable()
	if err != nil {
		return err
	}
	switch out := (callersWriter{w}); format {
	case DrawsCmdStan:
		return t.WriteCmdStan(out, post.run(t), 0)
	case DrawsParquet:
		return t.WriteParquet(out)
	case DrawsParquetLong:
		return t.WriteParquetLong(out)
	default:
		return t.WriteCSV(out)
	}
}

// DrawsChains is the number of Markov chains, or of runs of tempered particles, that the draws are of that
// are kept: as many of each, one chain after the other. It is 0 where they are not.
func (post *Posterior) DrawsChains() int {
	if !post.made() || len(post.answer.Quantities) == 0 {
		return 0
	}
	_, of := post.answer.Quantities[0].Made()
	return of.KeptChains()
}

// WriteChain writes the draws of one chain, counted from 1, as CmdStan writes its file of that chain: with the
// chain as its `id`, and what it adapted to. Draws that are of no chains are those of chain 1. The error is
// an *OptionError where there is no such chain, or as that of WriteDraws.
func (post *Posterior) WriteChain(w io.Writer, chain int) (err error) {
	defer guarded(&err)
	if err := given("Posterior.WriteChain", argument{"post", post.made()}, writerArgument(w)); err != nil {
		return err
	}
	if n := max(1, post.DrawsChains()); chain < 1 || chain > n {
		return outside("chain", 1, n, chain)
	}
	t, err := post.drawsTable()
	if err != nil {
		return err
	}
	return t.WriteCmdStan(callersWriter{w}, post.run(t), chain)
}

// drawsTable is the table of the draws that are kept.
func (post *Posterior) drawsTable() (*draws.Table, error) {
	a := &post.answer
	t := &draws.Table{Comments: []string{"ppl " + Version(), "model " + a.Model.Name, "verdict " + string(a.Verdict), "draws from " + a.Figures.Applied}}
	for i := range a.Quantities {
		q := &a.Quantities[i]
		values, of := q.Made()
		if t.Draws = of.Kept; of.Rows != nil {
			t.Draws = len(of.Rows)
		}
		if i == 0 {
			t.Chains = of.KeptChains()
		}
		t.Columns = append(t.Columns, draws.Column{Name: q.Column, Label: q.Name, Values: func(dst []float64, from int) error {
			for k := range dst {
				dst[k] = values[of.KeptRow(from+k)]
			}
			return nil
		}})
	}
	states, err := post.discreteDraws()
	if err != nil {
		return nil, err
	}
	for i := range a.Discrete {
		z := states[i]
		t.Draws = len(z)
		t.Columns = append(t.Columns, draws.Column{Name: a.Discrete[i].Column, Label: a.Discrete[i].Name, Values: func(dst []float64, from int) error {
			for k := range dst {
				dst[k] = float64(z[from+k])
			}
			return nil
		}})
	}
	if len(t.Columns) == 0 {
		return nil, ErrNoDraws
	}
	return t, nil
}

// ErrNoDraws is the error where draws are wanted of a fit that has none, as it learned points alone.
var ErrNoDraws = errors.New("there are no draws: all of the model was learned as points, which the table and the JSON show")

// run is what CmdStan's comments say of the fit.
func (post *Posterior) run(t *draws.Table) draws.Run {
	a, s := &post.answer, post.answer.Sampling
	base := filepath.Base(a.Model.Name)
	run := draws.Run{Model: strings.TrimSuffix(base, filepath.Ext(base)), Seed: a.Asked.Seed}
	if a.Asked.Method != MethodNUTS || s == nil || a.Figures.Applied == answer.Tempered || t.Chains != s.Chains || len(s.StepSize) != s.Chains {
		return run
	}
	run.NUTS = &draws.NUTS{Warmup: s.Warmup, Delta: s.TargetAccept, MaxDepth: s.MaxDepth, Metric: "diag_e"}
	if s.Dense {
		run.NUTS.Metric = "dense_e"
	}
	for _, step := range s.StepSize {
		run.NUTS.Chains = append(run.NUTS.Chains, draws.Adapted{StepSize: step, Sampling: a.Fitting})
	}
	return run
}
