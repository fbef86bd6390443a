package runtime

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"

	"ppl/inference/target"
	"ppl/runtime/draws"
)

// LogLikelihood is the log likelihood of each unit of the data at each draw of the posterior, in nats: the matrix
// that LOO is made of, for other programs. It holds the draws, not the matrix, which is worked out block by block
// as it is read.
type LogLikelihood struct {
	// Units are the columns.
	Units []LOOUnit
	// Draws are the rows. Where they are of Chains Markov chains, those of each stand together and are equally
	// many; otherwise Chains is 0.
	Draws, Chains int
	// LogWeights are the logarithms of the weights that draws carry, up to a constant, one for each; nil where
	// all are the same.
	LogWeights []float64
	// Coupled is as that of LOO.
	Coupled bool

	model     string
	pointwise *target.Pointwise
	draws     jointDraws
}

// LogLikelihood prepares the log likelihoods of the units that LOO leaves out, by being as in LOOOptions. The draws are
// those that LOO weighs: all that were made where they carry weights, else those that are kept. The error is
// as that of LOO.
func (post *Posterior) LogLikelihood(by ...string) (out *LogLikelihood, err error) {
	defer guarded(&err)
	if err := given("Posterior.LogLikelihood", argument{"post", post.made()}); err != nil {
		return nil, err
	}
	p, g, w, d, err := post.units(by)
	if err != nil {
		return nil, err
	}
	out = &LogLikelihood{Draws: d.n, Chains: d.chains, Coupled: w.Coupled, model: p.model.Name(), pointwise: w, draws: d, Units: unitNames(w, g.levels)}
	if d.weights != nil {
		out.LogWeights = make([]float64, d.n)
		for i, x := range d.weights {
			out.LogWeights[i] = math.Log(x)
		}
	}
	if len(by) > 0 {
		for i := range out.Units {
			out.Units[i].Name = cellName(w.Units, i, g.levels)
		}
	}
	return out, nil
}

// units are those of the data of a fit that LOO leaves out, with the draws at which they are evaluated.
func (post *Posterior) units(by []string) (p *Problem, g *grouping, w *target.Pointwise, d jointDraws, err error) {
	if err := post.rows(); err != nil {
		return nil, nil, nil, d, err
	}
	if err := post.sampled(); err != nil {
		return nil, nil, nil, d, err
	}
	if p, err = post.Problem(); err != nil {
		return nil, nil, nil, d, err
	}
	g = &grouping{p: p, by: by, levels: map[string][]string{}}
	if w, err = g.pointwise(); err != nil {
		return nil, nil, nil, d, err
	}
	d, err = post.jointDraws(w.Latents)
	return p, g, w, d, err
}

func (l *LogLikelihood) made() bool { return l != nil && l.pointwise != nil }

// Rows walks the draws in their order: each gets the log likelihoods of the units, in the order of Units, which are
// valid until it returns. −Inf is what is impossible. The error is that of each, which ends the walk.
func (l *LogLikelihood) Rows(each func(draw int, loglik []float64) error) (err error) {
	defer guarded(&err)
	if err := given("LogLikelihood.Rows", argument{"l", l.made()}, argument{"each", each != nil}); err != nil {
		return err
	}
	return l.rows(0, l.Draws, each)
}

// rows walks the draws from..to-1.
func (l *LogLikelihood) rows(from, to int, each func(draw int, loglik []float64) error) error {
	values := map[string][]float64{}
	for name, x := range l.draws.values {
		size := len(x) / l.draws.n
		values[name] = x[from*size : to*size]
	}
	return l.pointwise.Rows(values, to-from, func(draw int, loglik []float64) error { return each(from+draw, loglik) })
}

// WriteCSV writes a row for each draw and a column for each unit: `log_lik.1`, `log_lik.2`, ..., which comments
// (lines with #) give the names of. Before them stand the chain, `chain__`, where draws are of chains, and the logarithm of the
// weight, `log_weight__`, where draws carry weights.
func (l *LogLikelihood) WriteCSV(ctx context.Context, w io.Writer) (err error) {
	defer guarded(&err)
	if err := given("LogLikelihood.WriteCSV", contextArgument(ctx), argument{"l", l.made()}, writerArgument(w)); err != nil {
		return err
	}
	return l.table(ctx).WriteCommentedCSV(callersWriter{w})
}

// WriteParquet writes the same with the names of the units as those of the columns, and the place of the draw
// within its chain; long writes a row for each number instead: variable, index, chain, draw, value, without weights.
func (l *LogLikelihood) WriteParquet(ctx context.Context, w io.Writer, long bool) (err error) {
	defer guarded(&err)
	if err := given("LogLikelihood.WriteParquet", contextArgument(ctx), argument{"l", l.made()}, writerArgument(w)); err != nil {
		return err
	}
	if long {
		return l.table(ctx).WriteParquetLong(callersWriter{w})
	}
	return l.table(ctx).WriteParquet(callersWriter{w})
}

// table makes the matrix block by block, all columns of a block when the first is asked for.
func (l *LogLikelihood) table(ctx context.Context) *draws.Table {
	t := &draws.Table{Draws: l.Draws, Chains: l.Chains, Comments: []string{"ppl " + Version(), "model " + l.model, "log likelihood of each unit of the data at each draw, in nats"}}
	if l.LogWeights != nil {
		t.Sampler = []draws.Column{{Name: "log_weight__", Label: "log_weight__", Values: draws.Slice(l.LogWeights)}}
	}
	n := len(l.Units)
	var block []float64 // by unit
	first, rows := -1, 0
	for u, unit := range l.Units {
		values := func(dst []float64, from int) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if from != first || len(dst) != rows {
				first, rows = from, len(dst)
				block = slices.Grow(block[:0], n*rows)[:n*rows]
				err := l.rows(from, from+rows, func(draw int, loglik []float64) error {
					for k, x := range loglik {
						block[k*rows+draw-from] = x
					}
					return ctx.Err()
				})
				if err != nil {
					return err
				}
			}
			copy(dst, block[u*rows:(u+1)*rows])
			return nil
		}
		t.Columns = append(t.Columns, draws.Column{Name: fmt.Sprintf("log_lik.%d", u+1), Label: unit.Name, Values: values})
	}
	return t
}
