package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sort"

	"ppl/runtime/answer"
)

// Sites with more values than mostColumns show the most likely one and moments.
const mostColumns = 6

// discrete prints how each discrete latent was handled, and a table for each.
func (p *page) discrete() {
	var all []answer.Discrete
	for _, q := range p.Discrete {
		if p.named(q.Symbol, q.Name, q.Column) {
			all = append(all, q)
		}
	}
	if len(all) == 0 {
		return
	}
	for _, s := range p.Strategies {
		if p.named(s.Name) || p.Names != nil {
			fmt.Fprintf(p.w, "discrete %s\n", Printable(s.String()))
		}
	}
	fmt.Fprintln(p.w)
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].Symbol == all[0].Symbol {
			n++
		}
		p.discreteTable(all[:n]).Write(p.w, p.strong)
		fmt.Fprintln(p.w)
		all = all[n:]
	}
}

// discreteTable has a row for each element: long arrays show their first ones
// and those of the rest whose value is the least certain.
func (o *Options) discreteTable(q []answer.Discrete) *Table {
	t := &Table{}
	wide := len(q[0].Values) > mostColumns
	if wide {
		t.Head = []string{"", "likeliest", "P", "mean", "sd", "5%", "50%", "95%"}
	} else {
		t.Head = []string{""}
		for _, v := range q[0].Values {
			t.Head = append(t.Head, fmt.Sprintf("P(%d)", v))
		}
	}
	add := func(i int) {
		if wide {
			t.Add(append([]string{q[i].Name, fmt.Sprint(q[i].Mode), Fixed(q[i].P[slices.Index(q[i].Values, q[i].Mode)], 3)},
				append(row(q[i].SD(), q[i].Mean(), q[i].SD()), fmt.Sprint(q[i].Quantile(0.05)), fmt.Sprint(q[i].Quantile(0.5)), fmt.Sprint(q[i].Quantile(0.95)))...)...)
			return
		}
		cells := []string{q[i].Name}
		for _, p := range q[i].P {
			cells = append(cells, Fixed(p, 3))
		}
		t.Add(cells...)
	}
	if o.All || len(q) <= foldAbove {
		for i := range q {
			add(i)
		}
		return t
	}
	for i := range foldShown {
		add(i)
	}
	t.Add(fmt.Sprintf("... %d more; the least certain:", len(q)-foldShown))
	for _, i := range leastCertain(q, foldShown, foldShown) {
		add(i)
	}
	return t
}

// leastCertain lists the n elements from first on, in order, whose likeliest
// value is the least likely.
func leastCertain(q []answer.Discrete, first, n int) []int {
	order := make([]int, len(q)-first)
	for i := range order {
		order[i] = first + i
	}
	sort.SliceStable(order, func(i, j int) bool { return slices.Max(q[order[i]].P) < slices.Max(q[order[j]].P) })
	order = order[:min(n, len(order))]
	sort.Ints(order)
	return order
}

// discreteJSON is one object with the elements of the discrete latents in
// order; nil if there are none.
func discreteJSON(all []answer.Discrete) (json.RawMessage, error) {
	if len(all) == 0 {
		return nil, nil
	}
	type element struct {
		Values []int    `json:"values"`
		P      []Number `json:"p"`
		Mode   int      `json:"mode"`
		// Joint is the value in the most likely combination of all.
		Joint int `json:"joint"`
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for i := range all {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(all[i].Name)
		if err != nil {
			return nil, err
		}
		x := element{Values: all[i].Values, Mode: all[i].Mode, Joint: all[i].Joint}
		for _, p := range all[i].P {
			x.P = append(x.P, Number(math.Max(0, p)))
		}
		v, err := json.Marshal(x)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(v)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
