package random

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"strconv"
	"time"
)

// What a fit called good may be off by, in sds; Spread is that of an sd, as a
// ratio.
const (
	Shift  = 0.15
	Spread = 1.15
)

// A Fit is what `ppl fit --format json` prints.
type Fit struct {
	Parameters map[string]struct {
		Mean, SD, Q5, Q50, Q95 *float64
	}
	Discrete map[string]struct {
		Values, P []float64
	}
	Verdict string
	Reasons []string
}

// Run fits a model's files with a program, in a process of its own.
func Run(ctx context.Context, program, model, data string, seed uint64) (*Fit, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, "fit", model, "-d", data, "--seed", strconv.FormatUint(seed, 10), "--format", "json").Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(out) == 0 {
		return nil, fmt.Errorf("%w: %.300s", err, exit.Stderr)
	}
	if err != nil && len(out) == 0 {
		return nil, err
	}
	f := new(Fit)
	if err := json.Unmarshal(out, f); err != nil {
		return nil, fmt.Errorf("reading the fit of %s: %w", model, err)
	}
	return f, nil
}

// Wrong lists what is off in a fit by more than one called good may be.
func (f *Fit) Wrong(posterior []Quantity) []string {
	var out []string
	for _, q := range posterior {
		if q.Discrete {
			out = append(out, f.wrongDiscrete(q)...)
			continue
		}
		p, ok := f.Parameters[q.Name]
		if !ok || p.Q5 == nil || p.Q95 == nil {
			out = append(out, q.Name+" is not reported")
			continue
		}
		unit := q.SD
		if q.Moments != Both || p.SD == nil {
			unit = q.scale()
		}
		off := func(what string, got *float64, right float64) {
			if d := (*got - right) / unit; !(math.Abs(d) <= Shift) {
				out = append(out, fmt.Sprintf("%s of %s %.4g, right %.4g: off by %+.2f sd", what, q.Name, *got, right, d))
			}
		}
		if !q.logClose(p.Q5, p.Q95) || p.SD != nil {
			off("q5", p.Q5, q.Q5)
			off("q95", p.Q95, q.Q95)
		}
		switch {
		case p.Mean != nil && q.Moments == None:
			out = append(out, fmt.Sprintf("mean of %s %.4g, and none exists", q.Name, *p.Mean))
		case p.Mean != nil:
			off("mean", p.Mean, q.Mean)
		}
		switch {
		case p.SD != nil && q.Moments != Both:
			out = append(out, fmt.Sprintf("sd of %s %.4g, and none exists", q.Name, *p.SD))
		case p.SD != nil:
			if r := *p.SD / q.SD; !(r < Spread && r > 1/Spread) {
				out = append(out, fmt.Sprintf("sd of %s %.4g, right %.4g: × %.2f", q.Name, *p.SD, q.SD, r))
			}
		}
	}
	return out
}

// logClose says whether the quantiles of a positive quantity are right on its log
// scale. Where no sd is reported that is as good a scale as any: the 95 %
// quantile of an odds ratio over ten decades is within 15 % of them under no draws.
func (q Quantity) logClose(q5, q95 *float64) bool {
	if q.Q5 <= 0 || *q5 <= 0 {
		return false
	}
	unit := math.Log(q.Q95/q.Q5) / 3.29
	return math.Abs(math.Log(*q5/q.Q5)) <= Shift*unit && math.Abs(math.Log(*q95/q.Q95)) <= Shift*unit
}

// wrongDiscrete judges the mean of a discrete latent. A probability next to 0 or
// 1 may be off by 0.01.
func (f *Fit) wrongDiscrete(q Quantity) []string {
	d, ok := f.Discrete[q.Name]
	if !ok {
		return []string{q.Name + " is not reported"}
	}
	var mean float64
	for i, v := range d.Values {
		mean += v * d.P[i]
	}
	if math.Abs(mean-q.Mean) <= Shift*q.SD+0.01 {
		return nil
	}
	return []string{fmt.Sprintf("mean of %s %.4g, right %.4g", q.Name, mean, q.Mean)}
}
