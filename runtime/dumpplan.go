package runtime

import (
	"fmt"
	"io"
	"text/tabwriter"

	"ppl/graph"
)

// lister is what a compiled program may offer to be printed: its own listing,
// with the places of values in the arena.
type lister interface{ List(w io.Writer) error }

// DumpPlan prints the flat program that a fit runs: the steps that evaluate
// the ELBO and its gradients, in order.
func (p *Problem) DumpPlan(w io.Writer) (err error) {
	defer guarded(&err)
	o, err := p.objective(true)
	if err != nil {
		return err
	}
	program := p.target.Engine(o.g, o.outputs)
	if l, ok := program.(lister); ok {
		return l.List(w)
	}
	return o.list(w, program)
}

// list prints the steps of a program that does not list itself.
func (o *objective) list(w io.Writer, program graph.Program) error {
	needed := graph.Needed(o.outputs)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "step\tvalue\tshape\top\toperands")
	for _, n := range program.Inputs() {
		fmt.Fprintf(t, "\t%%%d\t%s\tinput\t%s\n", n.ID, n.Shape, n.Name)
	}
	steps, numbers, constants := 0, 0, 0
	for _, n := range o.g.Nodes() {
		switch {
		case !needed[n.ID]:
		case n.IsConst():
			constants += n.Shape.Size()
		default:
			numbers += n.Shape.Size()
			if n.Op != nil {
				steps++
				fmt.Fprintf(t, "%d\t%%%d\t%s\t%s\t%s\n", steps, n.ID, n.Shape, opWord(n), operands(n))
			}
		}
	}
	for i, n := range o.outputs {
		fmt.Fprintf(t, "=\t%%%d\t%s\t%s\t\n", n.ID, n.Shape, o.names[i])
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%d steps, %d particles; %s in constants, %s in values before places are shared\n",
		steps, dumpParticles, bytesWord(constants), bytesWord(numbers))
	return err
}

// bytesWord is the size of so many float64s.
func bytesWord(n int) string {
	switch size := float64(n) * 8; {
	case size >= 1<<20:
		return fmt.Sprintf("%.1f MiB", size/(1<<20))
	case size >= 1<<10:
		return fmt.Sprintf("%.1f KiB", size/(1<<10))
	default:
		return fmt.Sprintf("%.0f bytes", size)
	}
}
