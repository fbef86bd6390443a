package report

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"ppl/graph"
	"ppl/inference/tails"
	"ppl/runtime/answer"
)

// summary prints the table of the quantities.
func (p *page) summary() {
	if q := p.chosen(); len(q) > 0 {
		p.summaryTable(q).Write(p.w, p.strong)
		fmt.Fprintln(p.w)
	}
}

// chosen are the quantities to show.
func (p *page) chosen() []answer.Quantity {
	if p.Names == nil {
		return p.Quantities
	}
	var out []answer.Quantity
	for _, q := range p.Quantities {
		if p.named(q.Symbol, q.Name, q.Column) {
			out = append(out, q)
		}
	}
	return out
}

// named reports whether something is to be shown that has these names.
func (o *Options) named(names ...string) bool {
	return o.Names == nil || slices.ContainsFunc(names, func(n string) bool { return slices.Contains(o.Names, n) })
}

// summaryTable has a row for each quantity; long arrays are folded unless all
// are wanted.
func (o *Options) summaryTable(quantities []answer.Quantity) *Table {
	t := &Table{Head: append([]string{"", "mean", "sd"}, o.placeNames()...)}
	if len(quantities) > 0 && quantities[0].RHat != 0 {
		t.Head = append(t.Head, "R̂", "bulk", "tail")
	}
	for len(quantities) > 0 {
		n := 1
		for n < len(quantities) && quantities[n].Symbol == quantities[0].Symbol {
			n++
		}
		o.addArray(t, quantities[:n])
		quantities = quantities[n:]
	}
	return t
}

// usual are the probabilities of the quantiles that every answer has.
var usual = []float64{0.05, 0.5, 0.95}

// placeNames are the heads of the columns behind mean and sd: "5%", "50%", "95%".
func (o *Options) placeNames() []string {
	if o.HDI != 0 {
		p := percent(o.HDI)
		return []string{p + " from", p + " to"}
	}
	var out []string
	for _, p := range o.quantiles() {
		out = append(out, percent(p))
	}
	return out
}

func (o *Options) quantiles() []float64 {
	if o.Quantiles == nil {
		return usual
	}
	return o.Quantiles
}

// percent is a probability in per cent: "97.5%".
func percent(p float64) string { return strconv.FormatFloat(math.Round(p*1e8)/1e6, 'f', -1, 64) + "%" }

// places are the figures behind mean and sd: quantiles, or an interval.
func (o *Options) places(q *answer.Quantity) []float64 {
	switch {
	case o.HDI != 0:
		from, to := q.HDI(o.HDI)
		return []float64{from, to}
	case o.Quantiles == nil:
		return []float64{q.Q5, q.Q50, q.Q95}
	}
	return q.Quantiles(o.Quantiles...)
}

// Arrays longer than foldAbove show their first foldShown elements and the last.
const (
	foldAbove = 12
	foldShown = 5
)

// addArray adds the elements of one symbol.
func (o *Options) addArray(t *Table, elements []answer.Quantity) {
	for i := range elements {
		q := &elements[i]
		if !o.All && len(elements) > foldAbove && i >= foldShown && i < len(elements)-1 {
			if i == foldShown {
				t.Add(fmt.Sprintf("... %d more", len(elements)-foldShown-1))
			}
			continue
		}
		cells := append([]string{q.Name}, row(placeScale(q), append([]float64{q.Mean, q.SD}, o.places(q)...)...)...)
		if q.Moments == tails.None {
			cells[1] = absent
		}
		if q.Moments == tails.None || q.Moments == tails.Mean {
			cells[2] = absent
		}
		if len(t.Head) > len(cells) {
			cells = append(cells, chainCells(q)...)
		}
		t.Add(cells...)
	}
}

// placeScale is what the digits of a row are counted from: its sd or, without one, the
// smaller distance of a quantile from the median, so that a long tail hides neither.
func placeScale(q *answer.Quantity) float64 {
	if q.Moments == tails.Both || q.Moments == "" {
		return q.SD
	}
	return math.Min(q.Q50-q.Q5, q.Q95-q.Q50) / 1.6448536269514722
}

// absent stands for a figure that does not exist.
const absent = "–"

// chainCells are R̂ and the effective draws of a quantity: a constant has none.
func chainCells(q *answer.Quantity) []string {
	if q.SD == 0 {
		return []string{absent, absent, absent}
	}
	return []string{rhat(q.RHat), effective(q.ESSBulk), effective(q.ESSTail)}
}

// rhat prints R̂, which says nothing by its size where no chain moves.
func rhat(x float64) string {
	switch {
	case math.IsNaN(x):
		return absent
	case x > 1000:
		return ">1000"
	}
	return Fixed(x, 3)
}

func effective(x float64) string {
	if !graph.Finite(x) {
		return absent
	}
	return Fixed(x, 0)
}
