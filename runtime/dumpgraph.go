package runtime

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"ppl/graph"
	"ppl/graph/grad"
	"ppl/graph/lower"
	"ppl/graph/named"
	"ppl/guide"
)

// dumpParticles is the number of particles of the graphs that are printed: few,
// and unlike the sizes of data, so that the axis is easy to see.
const dumpParticles = 64

// objective is the graph of the ELBO with its parts.
type objective struct {
	g       *graph.Graph
	outputs []*graph.Node
	names   []string
}

// objective builds the ELBO as a fit does, gradients included if asked for.
func (p *Problem) objective(gradients bool) (*objective, error) {
	b := named.New()
	q := guide.NewMeanField(b, p.target.D, dumpParticles)
	pack := &guide.Packed{U: q.U}
	b.G.SumRule = p.target.SumRule()
	joint, diags := lower.Lower(p.target.Model, p.target.Data, pack, b)
	b.G.SumRule = nil
	if diags.HasErrors() {
		return nil, &DataError{diags}
	}
	density := b.With(b.Add(joint.LogDensity(b), pack.LogJacobian(b)), q.Particles)
	elbo := b.Add(b.Scale(1.0/dumpParticles, b.SumAxes(density, q.Particles)), q.Entropy)
	o := &objective{g: b.G, outputs: []*graph.Node{elbo.N}, names: []string{"ELBO"}}
	if gradients {
		o.outputs = append(o.outputs, grad.Reverse(b.G, elbo.N, []*graph.Node{q.Loc, q.LogSD})...)
		o.names = append(o.names, "gradient by guide.loc", "gradient by guide.logsd")
	}
	return o, nil
}

// DumpGraph prints the graph of the ELBO, before differentiation: a node a
// line, operands above their users.
func (p *Problem) DumpGraph(w io.Writer) (err error) {
	defer guarded(&err)
	if err := given("Problem.DumpGraph", argument{"p", p.made()}, writerArgument(w)); err != nil {
		return err
	}
	w = callersWriter{w}
	o, err := p.objective(false)
	if err != nil {
		return err
	}
	needed := graph.Needed(o.outputs)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "node\tshape\top\toperands")
	for _, n := range o.g.Nodes() {
		if needed[n.ID] {
			fmt.Fprintf(t, "%%%d\t%s\t%s\t%s\n", n.ID, n.Shape, opWord(n), operands(n))
		}
	}
	o.results(t)
	return t.Flush()
}

func (o *objective) results(w io.Writer) {
	for i, n := range o.outputs {
		fmt.Fprintf(w, "= %%%d\t%s\t%s\t\n", n.ID, n.Shape, o.names[i])
	}
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
