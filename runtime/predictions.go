package runtime

import (
	"fmt"
	"io"
	"slices"

	"ppl/lang/diag"
	"ppl/runtime/answer"
	"ppl/runtime/draws"
	"ppl/runtime/report"
)

// Predictions are draws from the posterior predictive distribution. They are immutable.
type Predictions struct {
	answer answer.Predictions
	byName map[string]int
	notes  diag.List
	kept   bool // the draws, and not their summaries alone
}

// room makes room for the quantities.
func (p *prediction) room() *Predictions {
	out := &Predictions{byName: map[string]int{}, notes: p.notes, kept: true, answer: answer.Predictions{Model: p.post.answer.Model, Asked: answer.AskedPrediction{Seed: p.opt.Seed, Draws: len(p.draws)},
		Verdict: p.post.answer.Verdict, Reasons: slices.Clone(p.post.answer.Reasons), Unseen: p.now.Unseen}}
	n := 0
	for _, w := range p.wants {
		w.full, w.all, w.begin, w.first = w.shape, w.places, n, n
		w.values = make([][]float64, len(w.places))
		n += len(w.places)
	}
	out.answer.Quantities = make([]Quantity, n)
	return out
}

// Quantities are the elements that were predicted, in the order of the model: data on the left
// of `~`, then new elements of latents, then what `generate` defines. Mean, SD and quantiles are
// of their predictive distribution. Draws are nil, and other quantiles NaN, where they were not kept: see NotKept.
func (p *Predictions) Quantities() []Quantity {
	if p == nil {
		return nil
	}
	return slices.Clone(p.answer.Quantities)
}

// Scores compare the predictions with the data that were given; nil if they were not asked for.
func (p *Predictions) Scores() []Score {
	if p == nil {
		return nil
	}
	return slices.Clone(p.answer.Scores)
}

// Verdict is that of the fit: predictions are worth no more than it.
func (p *Predictions) Verdict() Verdict {
	if p == nil {
		return ""
	}
	return p.answer.Verdict
}

// Unseen are the labels, by factor, that the fit has not seen.
func (p *Predictions) Unseen() map[string][]string {
	if p == nil {
		return nil
	}
	out := map[string][]string{}
	for j, labels := range p.answer.Unseen {
		out[j] = slices.Clone(labels)
	}
	return out
}

// Quantity finds a prediction by its name: "y[3]".
func (p *Predictions) Quantity(name string) (*Quantity, error) {
	if err := given("Predictions.Quantity", argument{"p", p.made()}); err != nil {
		return nil, err
	}
	if i, ok := elementOf(p.byName, name); ok {
		q := p.answer.Quantities[i]
		return &q, nil
	}
	var names []string
	for i := range p.answer.Quantities {
		names = append(names, p.answer.Quantities[i].Name)
	}
	return nil, &UnknownQuantity{name, diag.Suggest(name, names)}
}

// WriteTable writes the predictions as a table; the error is as that of Posterior.WriteTable.
func (p *Predictions) WriteTable(w io.Writer, opt TableOptions) error {
	if err := given("Predictions.WriteTable", argument{"p", p.made()}, writerArgument(w)); err != nil {
		return err
	}
	for _, name := range opt.Names {
		if !p.has(name) {
			_, err := p.Quantity(name)
			return err
		}
	}
	if err := validTable(&opt); err != nil {
		return err
	}
	if opt.Quantiles != nil || opt.HDI != 0 {
		if err := p.lacksDraws(); err != nil {
			return err
		}
	}
	return report.PredictionsText(callersWriter{w}, &p.answer, opt)
}

// WriteJSON writes the predictions as one JSON object, shaped as that of a fit.
func (p *Predictions) WriteJSON(w io.Writer) error {
	if err := given("Predictions.WriteJSON", argument{"p", p.made()}, writerArgument(w)); err != nil {
		return err
	}
	return report.PredictionsJSON(callersWriter{w}, &p.answer)
}

// table are the draws of the predictions, for the writers of package draws.
func (p *Predictions) table() *draws.Table {
	t := &draws.Table{Draws: p.answer.Asked.Draws}
	t.Comments = append(t.Comments, fmt.Sprintf("predictions of %s; verdict of the fit: %s", p.answer.Model.Name, p.answer.Verdict))
	for i := range p.answer.Quantities {
		q := &p.answer.Quantities[i]
		values, _ := q.Made()
		t.Columns = append(t.Columns, draws.Column{Name: q.Column, Label: q.Name, Values: draws.Slice(values)})
	}
	return t
}

// NotKept says that predictions are so many numbers that their draws were not kept, but their
// summaries alone: means, standard deviations, and the 5, 50 and 95 % quantiles. Ask for fewer
// draws or rows, or some of the rows at a time.
type NotKept struct {
	Numbers float64 // draws × predictions
}

func (e *NotKept) Error() string {
	return fmt.Sprintf("the predictions are %.3g numbers, of which the summaries are kept, and not the draws: predict for fewer rows at a time, or from fewer draws", e.Numbers)
}

// lacksDraws is the error where draws are needed that were not kept.
func (p *Predictions) lacksDraws() error {
	if p.kept {
		return nil
	}
	return &NotKept{float64(len(p.answer.Quantities)) * float64(p.answer.Asked.Draws)}
}

// WriteCSV writes a row for each draw, with a column for each prediction (`y.3`).
func (p *Predictions) WriteCSV(w io.Writer) error {
	if err := given("Predictions.WriteCSV", argument{"p", p.made()}, writerArgument(w)); err != nil {
		return err
	}
	if err := p.lacksDraws(); err != nil {
		return err
	}
	return p.table().WriteCSV(callersWriter{w})
}

// WriteParquet writes a row for each draw, with a column for each prediction (`y[3]`); long
// writes a row for each number instead: variable, index, draw, value.
func (p *Predictions) WriteParquet(w io.Writer, long bool) error {
	if err := given("Predictions.WriteParquet", argument{"p", p.made()}, writerArgument(w)); err != nil {
		return err
	}
	if err := p.lacksDraws(); err != nil {
		return err
	}
	if long {
		return p.table().WriteParquetLong(callersWriter{w})
	}
	return p.table().WriteParquet(callersWriter{w})
}

// Warnings are notes on the new data that do not stop a prediction.
func (p *Predictions) Warnings() diag.List {
	if p == nil {
		return nil
	}
	return p.notes
}

// has reports whether something is called so: a symbol, or an element.
func (p *Predictions) has(name string) bool {
	return slices.ContainsFunc(p.answer.Quantities, func(q Quantity) bool { return name == q.Symbol || name == q.Name || name == q.Column })
}

// index makes the quantities be found by name.
func (p *Predictions) index() {
	for i := range p.answer.Quantities {
		p.byName[p.answer.Quantities[i].Name] = i
	}
}
