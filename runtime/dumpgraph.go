package runtime

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"ppl/graph"
	"ppl/inference"
)

// DumpGraph prints the graph of what a fit evaluates for a block of 64 points: the log density and its
// gradient, and of discrete latents with a guide the derivatives by their assignments. A node a line,
// operands above their users.
func (p *Problem) DumpGraph(w io.Writer) (err error) {
	defer guarded(&err)
	if err := given("Problem.DumpGraph", argument{"p", p.made()}, writerArgument(w)); err != nil {
		return err
	}
	w = callersWriter{w}
	l, err := inference.ListingOf(p.target)
	if err != nil {
		return p.explain(err)
	}
	needed := graph.Needed(l.Outputs)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "node\tshape\top\toperands")
	for _, n := range l.Graph.Nodes() {
		if needed[n.ID] {
			fmt.Fprintf(t, "%%%d\t%s\t%s\t%s\n", n.ID, n.Shape, opWord(n), operands(n))
		}
	}
	for i, n := range l.Outputs {
		fmt.Fprintf(t, "= %%%d\t%s\t%s\t\n", n.ID, n.Shape, l.Names[i])
	}
	return t.Flush()
}

func opWord(n *graph.Node) string {
	switch {
	case n.IsConst():
		return "constant"
	case n.IsInput():
		return "input"
	}
	const longest = 60
	key := []rune(n.Op.Key())
	if len(key) > longest {
		return string(key[:longest]) + "..."
	}
	return string(key)
}

// operands are the nodes read, or what an input or a constant is.
func operands(n *graph.Node) string {
	switch {
	case n.IsConst():
		return constantWord(n.Const)
	case n.IsInput():
		return n.Name
	}
	parts := make([]string, len(n.In))
	for i, c := range n.In {
		parts[i] = fmt.Sprintf("%%%d", c.ID)
		if v, ok := c.ConstScalar(); ok {
			parts[i] = fmt.Sprintf("%.6g", v)
		}
	}
	return strings.Join(parts, " ")
}

// constantWord prints a few numbers as they are, and of many their number and range.
func constantWord(x []float64) string {
	const few = 6
	if len(x) == 1 {
		return fmt.Sprintf("%.6g", x[0])
	}
	if len(x) <= few {
		return strings.Trim(fmt.Sprintf("%.4g", x), "[]")
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range x {
		lo, hi = math.Min(lo, v), math.Max(hi, v)
	}
	if lo == hi {
		return fmt.Sprintf("%d numbers, all %.4g", len(x), lo)
	}
	return fmt.Sprintf("%d numbers, %.4g to %.4g", len(x), lo, hi)
}
