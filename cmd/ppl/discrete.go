package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"
	"strings"

	"ppl/runtime"
)

// strategies reads SITE=HOW.
func strategies(args []string) (map[string]string, error) {
	out := map[string]string{}
	for _, a := range args {
		name, how, ok := strings.Cut(a, "=")
		if !ok || name == "" {
			return nil, usage("--discrete takes SITE=HOW, found %q", a)
		}
		out[name] = how
		if !slices.Contains(runtime.Strategies, how) {
			return nil, usage("--discrete %s: choose one of %s", a, strings.Join(runtime.Strategies, ", "))
		}
	}
	return out, nil
}

// writeStrategies says how each discrete latent is handled.
func writeStrategies(w io.Writer, p *runtime.Problem) {
	for _, s := range p.Discrete() {
		fmt.Fprintf(w, "discrete %s\n", printable(s.String()))
	}
}

// Sites with more values than mostColumns show the most likely one and moments.
const mostColumns = 6

// writeDiscrete prints a table for each discrete latent.
func (c *fitCmd) writeDiscrete(e *env, r *result) {
	all := r.post.Discrete()
	if len(all) == 0 {
		return
	}
	writeStrategies(e.stdout, r.problem)
	fmt.Fprintln(e.stdout)
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].Symbol == all[0].Symbol {
			n++
		}
		c.discreteTable(all[:n]).write(e.stdout, func(s string) string { return e.paintOut(strong, s) })
		fmt.Fprintln(e.stdout)
		all = all[n:]
	}
}

// discreteTable has a row for each element: long arrays show their first ones
// and those of the rest whose value is the least certain.
func (c *fitCmd) discreteTable(q []runtime.DiscreteQuantity) *table {
	t := &table{}
	wide := len(q[0].Values) > mostColumns
	if wide {
		t.head = []string{"", "likeliest", "P", "mean", "sd", "5%", "50%", "95%"}
	} else {
		t.head = []string{""}
		for _, v := range q[0].Values {
			t.head = append(t.head, fmt.Sprintf("P(%d)", v))
		}
	}
	add := func(i int) {
		if wide {
			t.add(append([]string{q[i].Name, fmt.Sprint(q[i].Mode), fixed(q[i].P[slices.Index(q[i].Values, q[i].Mode)], 3)},
				append(row(q[i].SD(), q[i].Mean(), q[i].SD()), fmt.Sprint(q[i].Quantile(0.05)), fmt.Sprint(q[i].Quantile(0.5)), fmt.Sprint(q[i].Quantile(0.95)))...)...)
			return
		}
		cells := []string{q[i].Name}
		for _, p := range q[i].P {
			cells = append(cells, fixed(p, 3))
		}
		t.add(cells...)
	}
	if c.All || len(q) <= foldAbove {
		for i := range q {
			add(i)
		}
		return t
	}
	for i := range foldShown {
		add(i)
	}
	t.add(fmt.Sprintf("... %d more; the least certain:", len(q)-foldShown))
	for _, i := range leastCertain(q, foldShown, foldShown) {
		add(i)
	}
	return t
}

// leastCertain lists the n elements from first on, in order, whose likeliest
// value is the least likely.
func leastCertain(q []runtime.DiscreteQuantity, first, n int) []int {
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
func discreteJSON(post *runtime.Posterior) (json.RawMessage, error) {
	all := post.Discrete()
	if len(all) == 0 {
		return nil, nil
	}
	type element struct {
		Values []int    `json:"values"`
		P      []number `json:"p"`
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
			x.P = append(x.P, number(math.Max(0, p)))
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
