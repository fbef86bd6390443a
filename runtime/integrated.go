package runtime

import (
	"context"
	"fmt"
	"strings"

	"ppl/inference"
)

// Integrated is a part of the latents whose posterior is Gaussian given the others and the data, and that a fit
// integrates out: what it approximates, weighs and looks at is the posterior of the others, and the part is drawn given each draw
// of them.
type Integrated struct {
	// Names are the latents, in the order of the model, of Numbers numbers together; Others is how many are left.
	Names           []string
	Numbers, Others int
	// Blocks groups of Size numbers each do not touch one another given Common numbers and the others, or, Chained, only
	// the next; without groups the precision is dense.
	Blocks, Size, Common int
	Chained              bool
}

func (i *Integrated) String() string {
	if i == nil {
		return "nothing"
	}
	text := fmt.Sprintf("%s: %d numbers, Gaussian given the other %d; ", strings.Join(i.Names, ", "), i.Numbers, i.Others)
	switch {
	case i.Blocks == 0:
		return text + "dense"
	case i.Chained:
		text += fmt.Sprintf("a chain of %d steps of %d", i.Blocks, i.Size)
	default:
		text += fmt.Sprintf("%d groups of %d", i.Blocks, i.Size)
	}
	if i.Common > 0 {
		text += fmt.Sprintf(", and %d common to all", i.Common)
	}
	return text
}

// Integrated is what a fit by default integrates out, nil if that is nothing. The error is an *OptionError where BindOptions.Latents
// asks for what cannot be done, a *Stopped where the context is done.
func (p *Problem) Integrated(ctx context.Context) (out *Integrated, err error) {
	defer stopped(ctx, &err)
	defer guarded(&err)
	if err := given("Problem.Integrated", argument{"p", p.made()}, contextArgument(ctx)); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, &Stopped{Why: whyDone(ctx)}
	}
	bl, err := inference.Integrated(ctx, p.target)
	if err != nil {
		return nil, p.explain(err)
	}
	if bl == nil {
		return nil, nil
	}
	names, numbers := p.target.Marginal(bl).Integrated()
	q := bl.Pattern
	return &Integrated{Names: names, Numbers: numbers, Others: len(bl.Outside), Blocks: len(q.Blocks), Size: q.K(), Common: len(q.Globals), Chained: q.Chained}, nil
}
