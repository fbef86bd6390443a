package runtime

import (
	"fmt"
	"io"
)

// dumper is a compiled program that lists itself: its steps in order, shapes,
// and the size of its arena.
type dumper interface{ Dump() string }

// DumpPlan prints the flat program that a fit runs: the steps that evaluate
// the ELBO and its gradients, in order.
func (p *Problem) DumpPlan(w io.Writer) (err error) {
	defer guarded(&err)
	if err := given("Problem.DumpPlan", argument{"p", p.made()}, writerArgument(w)); err != nil {
		return err
	}
	w = callersWriter{w}
	o, err := p.objective(true)
	if err != nil {
		return err
	}
	program := p.target.Engine(o.g, o.outputs)
	for _, n := range program.Inputs() {
		fmt.Fprintf(w, "input   %%%d%s %s\n", n.ID, n.Shape, n.Name)
	}
	for i, n := range o.outputs {
		fmt.Fprintf(w, "output  %%%d%s %s\n", n.ID, n.Shape, o.names[i])
	}
	d, ok := program.(dumper)
	if !ok {
		return &OptionError{"Engine", "only a plan can be listed"}
	}
	_, err = fmt.Fprintf(w, "\n%s", d.Dump())
	return err
}
