package dist

import (
	"math"
	"math/rand/v2"
)

// Column are the values of a parameter for one draw after another: those of draw i begin at
// X[i·Step], and are Size numbers, 1 for a scalar.
type Column struct {
	X          []float64
	Step, Size int
}

func (c Column) at(i int) float64 { return c.X[i*c.Step] }

// filler draws n values with parameters in the order of the form.
type filler func(r *rand.Rand, form int, p []Column, out []float64)

// fillers draw many values of a distribution in one loop. Each draws what Sample draws, number by
// number from the same stream; that is tested. What there is none of is drawn by Sample.
var fillers = map[string]filler{
	"Normal": func(r *rand.Rand, form int, p []Column, out []float64) {
		mean, sd := p[0], spreadColumn(form, normal, p[1], len(out))
		if mean.Step == 1 && sd.Step == 0 {
			s := sd.X[0]
			for i, m := range mean.X[:len(out)] {
				out[i] = m + s*r.NormFloat64()
			}
			return
		}
		for i := range out {
			out[i] = mean.at(i) + sd.at(i)*r.NormFloat64()
		}
	},
	"LogNormal": func(r *rand.Rand, form int, p []Column, out []float64) {
		location, scale := p[0], spreadColumn(form, logNormal, p[1], len(out))
		for i := range out {
			out[i] = within(math.Exp(location.at(i)+scale.at(i)*r.NormFloat64()), tiny, huge)
		}
	},
	"StudentT": func(r *rand.Rand, form int, p []Column, out []float64) {
		df, mean, scale := p[0], p[1], spreadColumn(form, studentT, p[2], len(out))
		for i := range out {
			out[i] = within(mean.at(i)+scale.at(i)*studentDraw(r, df.at(i)), -huge, huge)
		}
	},
	"Exponential": func(r *rand.Rand, _ int, p []Column, out []float64) {
		for i := range out {
			out[i] = within(r.ExpFloat64()/p[0].at(i), tiny, huge)
		}
	},
	"Gamma": func(r *rand.Rand, _ int, p []Column, out []float64) {
		for i := range out {
			out[i] = gammaDraw(r, p[0].at(i), p[1].at(i))
		}
	},
}

// The fillers of distributions whose forms Numbers tells apart.
func init() {
	for _, d := range []*Dist{bernoulli, poisson, binomial, negBinomial, categorical} {
		fillers[d.Name] = d.fillByName
	}
}

// fillByName draws with the parameters under their names, which are put there once.
func (d *Dist) fillByName(r *rand.Rand, form int, p []Column, out []float64) {
	q := Numbers{Form: form, Values: map[string][]float64{}}
	windows := make([][]float64, len(p))
	var moving []int
	for k, s := range d.Forms[form].Params {
		windows[k] = make([]float64, p[k].Size)
		copy(windows[k], p[k].X)
		q.Values[s.Name] = windows[k]
		if p[k].Step != 0 {
			moving = append(moving, k)
		}
	}
	for i := range out {
		for _, k := range moving {
			c := p[k]
			copy(windows[k], c.X[i*c.Step:i*c.Step+c.Size])
		}
		d.Sample(r, q, out[i:i+1])
	}
}

// spreadColumn are the sds (scales) that the last parameter of a form means.
func spreadColumn(form int, d *Dist, c Column, n int) Column {
	if form == 0 {
		return c // the sd itself
	}
	ps := d.Forms[form].Params
	to, is := toSpread[ps[len(ps)-1].Name]
	if !is {
		return c
	}
	if c.Step == 0 {
		n = min(n, 1)
	}
	out := Column{X: make([]float64, n), Size: 1}
	for i := range out.X {
		out.X[i] = to.number(c.at(i))
	}
	if n > 1 {
		out.Step = 1
	}
	return out
}

// Filler draws len(out) values, with the parameters of a form in the order of its signature: what as
// many calls of Sample would draw from the same stream. It is nil where Sample is the only way.
func (d *Dist) Filler() func(r *rand.Rand, form int, params []Column, out []float64) {
	return fillers[d.Name]
}
