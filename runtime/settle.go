package runtime

import (
	"context"
	"math"

	"ppl/inference"
	"ppl/inference/tails"
)

// reportAll evaluates everything that is reported, from the fit's draws; keep of them
// are kept.
func (post *making) reportAll(ctx context.Context, keep int) error {
	if err := post.report(keep); err != nil {
		return err
	}
	if err := post.reportDiscrete(ctx); err != nil {
		return err
	}
	return post.reportGiven()
}

// settle reports, and again with more draws as long as only these are missing: some
// figure has too large a Monte-Carlo error, or tails are heavy and draws few. It ends
// where more says that there are none to be had.
func (post *making) settle(ctx context.Context, report func() error, more func() (bool, error)) error {
	for {
		if err := report(); err != nil {
			return err
		}
		if post.options.Quick {
			return nil
		}
		if !post.wantsDraws() {
			return post.lookFurther(ctx)
		}
		ok, err := more()
		if err != nil {
			return err
		}
		if !ok {
			return post.lookFurther(ctx)
		}
		post.draws, post.quantities, post.byName, post.discrete = nil, nil, nil, discreteMaking{}
	}
}

// Quantities with a tail index above someTail are reported from manyDraws draws at
// least: of fewer, a sample that has missed the tail looks as exact as one that has not.
const (
	someTail  = 0.1
	manyDraws = 16384
)

// wantsDraws reports whether more draws would make the report better.
func (post *making) wantsDraws() bool {
	n := post.fit.Draws.N()
	if w := post.fit.Draws.W; w != nil {
		n = len(w)
	}
	if s := post.sampling; s != nil && !(s.RHat < goodRHat) {
		return false // what is missing is something else
	}
	for i := range post.quantities {
		q := &post.quantities[i]
		switch {
		case q.NotFinite || q.SD == 0:
		case math.Max(q.TailIndex, q.squareIndex/2) > someTail && n < manyDraws,
			q.Moments != tails.None && q.MCSE > goodMCSE*q.Spread(),
			q.tailError() > fairTailError,
			post.fit.Applied == inference.Importance && q.tailError() > cheapTailError,
			q.Moments == tails.Both && q.MCSESD > fairSDError*q.SD:
			return true
		}
	}
	return false
}

// lookFurther looks for a tail that the draws stop short of.
func (post *making) lookFurther(ctx context.Context) (err error) {
	if d := post.fit.Draws; post.fit.Applied == inference.Importance || post.sampling != nil {
		post.shortfall, err = inference.ShortfallOf(ctx, post.fit.Target, d.U, d.W, d.Chains)
	}
	return err
}
