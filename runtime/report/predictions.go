package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"ppl/runtime/answer"
)

// PredictionsText prints predictions as a table, with what there is to say of them.
func PredictionsText(w io.Writer, a *answer.Predictions, o Options) error {
	b := &strings.Builder{}
	fmt.Fprintf(b, "%s; %s from %s, seed %d\n\n", o.strong(Printable(a.Model.Name)), Count(len(a.Quantities), "prediction"), Count(a.Asked.Draws, "draw"), a.Asked.Seed)
	var chosen []answer.Quantity
	for _, q := range a.Quantities {
		if o.named(q.Symbol, q.Name, q.Column) {
			chosen = append(chosen, q)
		}
	}
	if len(chosen) > 0 {
		o.summaryTable(chosen).Write(b, o.strong)
		fmt.Fprintln(b)
	}
	if len(a.Scores) > 0 {
		scoreTable(a.Scores).Write(b, o.strong)
		fmt.Fprintln(b)
	}
	var factors []string
	for j := range a.Unseen {
		factors = append(factors, j)
	}
	slices.Sort(factors)
	for _, j := range factors {
		if labels := a.Unseen[j]; len(labels) > 0 {
			shown := labels[:min(len(labels), foldShown)]
			more := ""
			if len(labels) > len(shown) {
				more = fmt.Sprintf(" and %d more", len(labels)-len(shown))
			}
			fmt.Fprintf(b, "unseen   %s of %s: drawn from the prior, given the rest\n", Printable(strings.Join(shown, ", "))+more, j)
		}
	}
	style := map[answer.Verdict]string{answer.Good: green, answer.Caution: yellow, answer.Poor: red}[a.Verdict]
	fmt.Fprintf(b, "verdict  %s, of the fit\n", o.paint(style, string(a.Verdict)))
	if a.Verdict != answer.Good {
		for _, why := range a.Reasons {
			fmt.Fprintf(b, "         - %s\n", Printable(why))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// scoreTable has a row for each score.
func scoreTable(scores []answer.Score) *Table {
	t := &Table{Head: []string{"", "n", "elpd", "RMSE", "50%", "90%"}}
	classes := slices.ContainsFunc(scores, func(s answer.Score) bool { return !math.IsNaN(s.Brier) })
	if classes {
		t.Head = append(t.Head, "Brier", "log loss")
	}
	for _, s := range scores {
		name := s.Symbol
		if s.Group != "" {
			name += ", " + s.Group
		}
		cells := []string{name, fmt.Sprint(s.N), known(s.ELPD, 2), short(s.RMSE), known(s.Coverage50, 3), known(s.Coverage90, 3)}
		if classes {
			cells = append(cells, known(s.Brier, 4), known(s.LogLoss, 4))
		}
		t.Add(cells...)
	}
	return t
}

// known prints a figure that may not be there.
func known(x float64, digits int) string {
	if math.IsNaN(x) {
		return absent
	}
	return Fixed(x, digits)
}

// short prints a number with four digits.
func short(x float64) string {
	if math.IsNaN(x) {
		return absent
	}
	return row(math.Abs(x)/10, x)[0]
}
