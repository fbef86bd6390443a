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

	Seconds float64 `json:"-"` // of the processors, which the process took
}

// Run fits a model's files with a program, in a process of its own.
func Run(ctx context.Context, program, model, data string, seed uint64) (*Fit, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "fit", model, "-d", data, "--seed", strconv.FormatUint(seed, 10), "--format", "json")
	out, err := cmd.Output()
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
	f.Seconds = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	return f, nil
}

// Wrong lists what is off in a fit by more than one called good may be. The worst
// error is told as a multiple of what is allowed, whether above 1 or below; where
// something is missing, or exists only in the fit, it is 0.
func (f *Fit) Wrong(posterior []Quantity) (out []string, worst float64) {
	for _, q := range posterior {
		if q.Discrete {
			text, off := f.wrongDiscrete(q)
			worst = math.Max(worst, off)
			if text != "" {
				out = append(out, text)
			}
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
			d := (*got - right) / unit
			worst = math.Max(worst, math.Abs(d)/Shift)
			if !(math.Abs(d) <= Shift) {
				out = append(out, fmt.Sprintf("%s of %s %.4g, right %.4g: off by %+.2f sd", what, q.Name, *got, right, d))
			}
		}
		if !q.Rough && (!q.logClose(p.Q5, p.Q95) || p.SD != nil) {
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
			r := *p.SD / q.SD
			worst = math.Max(worst, math.Abs(math.Log(r))/math.Log(Spread))
			if !(r < Spread && r > 1/Spread) {
				out = append(out, fmt.Sprintf("sd of %s %.4g, right %.4g: × %.2f", q.Name, *p.SD, q.SD, r))
			}
		}
	}
	return out, worst
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
func (f *Fit) wrongDiscrete(q Quantity) (text string, off float64) {
	d, ok := f.Discrete[q.Name]
	if !ok {
		return q.Name + " is not reported", 0
	}
	var mean float64
	for i, v := range d.Values {
		mean += v * d.P[i]
	}
	if off = math.Abs(mean-q.Mean) / (Shift*q.SD + 0.01); off <= 1 {
		return "", off
	}
	return fmt.Sprintf("mean of %s %.4g, right %.4g", q.Name, mean, q.Mean), off
}
