package runtime

import (
	"fmt"
	"io"

	"ppl/inference"
)

// DumpPlan prints the flat program that a fit runs for a block of 64 points: inputs, outputs, and the steps
// in order, with their shapes and the memory that they work in.
func (p *Problem) DumpPlan(w io.Writer) (err error) {
	defer guarded(&err)
	if err := given("Problem.DumpPlan", argument{"p", p.made()}, writerArgument(w)); err != nil {
		return err
	}
	w = callersWriter{w}
	l, err := inference.ListingOf(p.target)
	if err != nil {
		return p.explain(err)
	}
	inputs, steps, err := l.Steps()
	switch {
	case err != nil:
		return p.explain(err)
	case steps == "":
		return &OptionError{"Engine", "only a plan can be listed"}
	}
	for _, n := range inputs {
		fmt.Fprintf(w, "input   %%%d%s %s\n", n.ID, n.Shape, n.Name)
	}
	for i, n := range l.Outputs {
		fmt.Fprintf(w, "output  %%%d%s %s\n", n.ID, n.Shape, l.Names[i])
	}
	_, err = fmt.Fprintf(w, "\n%s", steps)
	return err
}
