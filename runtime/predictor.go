package runtime

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"sort"
	"sync"

	"ppl/graph"
	"ppl/graph/lower"
	"ppl/inference/random"
	"ppl/inference/target"
	"ppl/lang"
)

// A Predictor keeps what a prediction compiles. New rows of a kind that it has seen, with the same
// arrays given and the same number of rows, are then inputs of a program that is there: a number that is
// read at a label (alpha[county[i]]) is looked up, and everything else is evaluated for 64 draws at a time.

// Predictor predicts for new rows, as Posterior.Predict does, in a fraction of a millisecond for few of
// them: for services. It is safe for use by many goroutines, and holds no more than a few programs,
// however often it is called.
//
// Rows that a program cannot be kept for are predicted as by Posterior.Predict: those with labels that the
// fit has not seen, more than 64 of them, and those of models that draw one element after another.
type Predictor struct {
	post  *Posterior
	opt   PredictOptions
	mu    sync.Mutex
	forms map[string]*predictorForm
	order []string // of forms, the one that was used last behind
}

// The most programs that a Predictor keeps, and the most numbers in the new rows of one.
const (
	mostForms      = 16
	mostFormValues = 4096
	mostFormRows   = 64
)

// predictorForm is a program for rows of one kind; nil c: there is none.
type predictorForm struct {
	once    sync.Once
	p       *prediction
	c       *compiled
	inputs  map[string]bool
	workers sync.Pool
}

// Predictor prepares predictions for services. The options are those of Posterior.Predict, but for
// Score and Extend, which are for Posterior.Predict alone. The error is an *ArgumentError or an *OptionError.
func (post *Posterior) Predictor(opt PredictOptions) (out *Predictor, err error) {
	defer guarded(&err)
	if err := given("Posterior.Predictor", argument{"post", post.made()}); err != nil {
		return nil, err
	}
	switch {
	case opt.Score || len(opt.ScoreBy) > 0:
		return nil, &OptionError{"Score", "is for Posterior.Predict: a Predictor is for rows whose outcome is not known"}
	case len(opt.Extend) > 0:
		return nil, &OptionError{"Extend", "is for Posterior.Predict: a Predictor is for new rows"}
	}
	if opt.Model != nil {
		if post, _, err = post.under(opt.Model, nil); err != nil {
			return nil, err
		}
	}
	if err := (&prediction{post: post, opt: opt}).chooseDraws(); err != nil {
		return nil, err
	}
	return &Predictor{post: post, opt: opt, forms: map[string]*predictorForm{}}, nil
}

// Predict predicts for new rows, as Posterior.Predict does; the errors are the same. Equal rows have
// equal predictions, whenever and from wherever it is called.
func (x *Predictor) Predict(ctx context.Context, rows *Data) (out *Predictions, err error) {
	defer guarded(&err)
	if err := given("Predictor.Predict", argument{"x", x != nil && x.post != nil}, contextArgument(ctx), dataArgument(rows)); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p, err := x.post.rebound(rows, x.opt)
	if err != nil {
		return nil, err
	}
	key, inputs, ok := p.form()
	if ok {
		f := x.form(key)
		f.once.Do(func() { err = f.make(ctx, p, inputs) })
		if err != nil {
			x.forget(key) // the next call tries again
			return nil, err
		}
		if f.c != nil {
			return f.predict(ctx, p)
		}
	}
	if err := p.hold(); err != nil {
		return nil, err
	}
	return p.run(ctx)
}

// form finds or makes the form of a key; the one that was not used for longest makes room.
func (x *Predictor) form(key string) *predictorForm {
	x.mu.Lock()
	defer x.mu.Unlock()
	f := x.forms[key]
	if f == nil {
		f = &predictorForm{}
		x.forms[key] = f
	} else {
		x.order = slices.DeleteFunc(x.order, func(k string) bool { return k == key })
	}
	x.order = append(x.order, key)
	if len(x.order) > mostForms {
		delete(x.forms, x.order[0])
		x.order = slices.Delete(x.order, 0, 1)
	}
	return f
}

func (x *Predictor) forget(key string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.forms, key)
	x.order = slices.DeleteFunc(x.order, func(k string) bool { return k == key })
}

// form says which data of new rows may be inputs, and identifies all else about them; false where no
// program is kept.
func (p *prediction) form() (key string, inputs map[string]bool, ok bool) {
	if len(p.now.Unseen) > 0 || len(p.now.Anew) == 0 {
		return "", nil, false
	}
	inputs = map[string]bool{}
	var b []byte
	numbers := 0
	for _, name := range sortedKeys(p.now.Anew) {
		n := p.now.Dims[name]
		if n > mostFormRows || n == 0 {
			return "", nil, false
		}
		b = binary.LittleEndian.AppendUint64(append(append(b, name...), 0), uint64(n))
	}
	var names []string
	for name, is := range p.now.Given {
		if is {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	symbols := map[string]*lang.Symbol{}
	for _, s := range p.model.Data {
		symbols[s.Name] = s
	}
	for _, name := range names {
		a, s := p.now.Values[name], symbols[name]
		b = append(append(b, name...), 0)
		if a == nil {
			continue
		}
		if numbers += len(a.Data); numbers > mostFormValues || a.Missing != nil {
			return "", nil, false
		}
		if s != nil && p.names[name] == nil && slices.ContainsFunc(s.Type.Dims, func(d lang.Dim) bool { return p.now.Anew[d.String()] }) {
			inputs[name] = true
			continue
		}
		for _, v := range a.Data {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
	}
	return string(b), inputs, true
}

// make compiles the program for rows like those of p, if that can be done. The error is one of the rows.
func (f *predictorForm) make(ctx context.Context, p *prediction, inputs map[string]bool) error {
	q := *p
	if err := q.hold(); err != nil {
		return err
	}
	drawn, err := q.walkOne(q.known(), 0) // which shows the shapes, and what is wrong
	if err != nil {
		return err
	}
	if err := q.shapes(drawn); err != nil {
		return err
	}
	if q.numbers()*len(q.draws) > blockNumbers {
		return nil
	}
	q.walk = lower.NewPrediction(q.model, q.data, lower.PredictOptions{Generate: true, Means: q.opt.Mean}) // without lets that are worked out
	c, _, err := q.forward(inputs)
	if err != nil || c == nil {
		return err
	}
	for _, w := range c.wants {
		if w.given != nil {
			return nil // data of these rows
		}
	}
	if same, err := c.agrees(&q); err != nil || !same {
		return err
	}
	f.p, f.c, f.inputs = &q, c, inputs
	return ctx.Err()
}

// agrees reports whether the program with inputs gives the parameters that the one with
// constants gives, for the first draws.
func (c *compiled) agrees(p *prediction) (bool, error) {
	plain, _, err := p.forward(nil)
	if err != nil || plain == nil {
		return false, err
	}
	n := min(len(p.draws), target.Lanes)
	var rooms [2][]float64
	for i, x := range []*compiled{c, plain} {
		w, err := x.worker()
		if err != nil {
			return false, err
		}
		if err := w.rows(p.data, p.held); err != nil {
			return false, err
		}
		rooms[i] = make([]float64, p.numbers()*n)
		if err := w.lanes(p.model, 0, n, random.Stream(1, "check", 0), sink{rooms[i], n}); err != nil {
			return false, nil // what cannot be drawn is for each call to say
		}
	}
	for i, v := range rooms[0] {
		if math.Abs(v-rooms[1][i]) > 1e-9*math.Max(1, math.Abs(v)) {
			return false, nil
		}
	}
	return true, nil
}

// gathered fills the input of a gather.
type gathered struct {
	node *graph.Node
	in   []float64
	from [][]float64 // of each number of a lane
}

func (g *gathered) fill(lanes, from, to int) {
	n := len(g.from)
	for i, x := range g.from {
		for lane := range lanes {
			g.in[lane*n+i] = x[min(from+lane, to-1)]
		}
	}
}

// rows sets the inputs for data, and what is looked up by them.
func (w *forwardWorker) rows(d *lower.Data, held []*heldLatent) error {
	if len(w.c.f.Data) == 0 {
		return nil
	}
	programs := w.programs
	if w.c.index != nil && w.index == nil {
		var err error
		if w.index, err = w.c.index.Another(); err != nil {
			return err
		}
	}
	if w.index != nil {
		programs = append(slices.Clone(programs), w.index)
	}
	for _, in := range w.c.f.Data {
		for _, p := range programs {
			if p != nil {
				p.Set(in.Node, d.Values[in.Name].Data)
			}
		}
	}
	if w.index == nil {
		return nil
	}
	if err := w.index.Run(); err != nil {
		return err
	}
	if w.gathers == nil {
		for _, g := range w.c.f.Gathers {
			n := g.Node.Shape.Size()
			w.gathers = append(w.gathers, gathered{g.Node, make([]float64, n), make([][]float64, n/w.c.f.Lanes)})
		}
	}
	for k, g := range w.c.f.Gathers {
		columns := w.c.columns[g.Symbol]
		for i, at := range w.index.Out(k)[:len(w.gathers[k].from)/max(1, g.Size)] {
			from := (int(at) - 1) * g.Size
			if at != math.Trunc(at) || from < 0 || from+g.Size > len(columns) {
				return errors.New("an index is outside of its array")
			}
			copy(w.gathers[k].from[i*g.Size:], columns[from:from+g.Size])
		}
	}
	return nil
}

// predict runs the program for rows.
func (f *predictorForm) predict(ctx context.Context, p *prediction) (*Predictions, error) {
	w, _ := f.workers.Get().(*forwardWorker)
	if w == nil {
		var err error
		if w, err = f.c.worker(); err != nil {
			return nil, err
		}
	}
	if err := w.rows(p.data, f.p.held); err != nil {
		return nil, err
	}
	q := *f.p
	q.now, q.data, q.wants = p.now, p.data, make([]*wanted, len(f.p.wants))
	for i, v := range f.p.wants {
		own := *v
		q.wants[i] = &own
	}
	n, lanes := len(q.draws), f.c.f.Lanes
	out, room := q.room(), make([]float64, q.numbers()*n)
	for g := 0; g*lanes < n; g++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		err := w.lanes(q.model, g*lanes, min(n, (g+1)*lanes), random.Stream(q.opt.Seed, "predict rows", g), sink{room, n})
		var no *errCannotDraw
		if errors.As(err, &no) {
			q.walk = p.walk
			return nil, q.whyNot(no)
		}
		if err != nil {
			return nil, err
		}
	}
	f.workers.Put(w)
	q.summarise(out, room, true)
	out.index()
	return out, nil
}
