package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"ppl/inference/nuts"
	"ppl/runtime"
)

// What is particular to `ppl fit --method nuts`.

// samplerFlags choose the method, and set NUTS.
type samplerFlags struct {
	Method       string  `enum:"variational,nuts" default:"variational" help:"variational, or nuts: Hamiltonian Monte Carlo, slower, to check or where the verdict asks for it."`
	Chains       int     `default:"4" help:"nuts: Markov chains, side by side; the draws are shared among them."`
	Warmup       int     `default:"1000" help:"nuts: transitions of each chain that adapt and are not kept."`
	TargetAccept float64 `placeholder:"0.8" help:"Mean acceptance that the steps of Markov chains aim at (0.8; 0.9 for chains that correct a fit); nearer 1 against divergences."`
}

// warmup is the option that package runtime understands: 0 means none here.
func (s *samplerFlags) warmup() int {
	if s.Warmup == 0 {
		return -1
	}
	return s.Warmup
}

func (p *progress) sampling(s nuts.Progress) {
	if p.bar != nil {
		p.bar.Describe(samplingLine(s))
	}
}

func samplingLine(s nuts.Progress) string {
	stage := "sampling"
	if s.Warmup {
		stage = "warm-up"
	}
	return fmt.Sprintf("%s  %d of %d transitions  %d divergences  %s", stage, s.Done, s.Total, s.Divergences, s.Elapsed.Round(100*time.Millisecond))
}

// reportSampling prints the table or the JSON object of sampled draws.
func (c *fitCmd) reportSampling(e *env, r *result) error {
	if c.Format == "json" {
		return c.samplingJSON(e, r)
	}
	c.samplingText(e, r)
	return nil
}

func (c *fitCmd) samplingText(e *env, r *result) {
	w, s := e.stdout, r.post.Sampling()
	fmt.Fprintln(w, c.header(e, r))
	how := "NUTS"
	if r.problem.Target().Guided() {
		how += " and Gibbs sweeps"
	}
	fmt.Fprintf(w, "%s, %s, %d draws after %d of warm-up in each, seed %d\n\n", how, count(s.Chains, "chain"), s.Draws, s.Warmup, c.Seed)
	if c.interrupted(r.post) {
		what := "TIME LIMIT reached"
		if r.post.Interrupted() {
			what = "INTERRUPTED"
		}
		fmt.Fprintf(w, "%s after %s: these are the draws so far.\n\n", e.paintOut(bold+yellow, what), duration(r.post.FitTime))
	}
	t := summaryTable(r.post.Quantities(), c.All)
	t.write(w, func(s string) string { return e.paintOut(strong, s) })
	fmt.Fprintln(w)
	c.writeDiscrete(e, r)
	writeChains(w, s)
	c.writeVerdict(e, r)
	if !c.Verbose {
		return
	}
	fmt.Fprintf(w, "ended    %s, after %d gradients; %d trajectories of greatest length\n", r.post.Ended(), r.post.Evaluations(), s.Saturated)
	metric := "variances"
	if s.Dense {
		metric = "covariances"
	}
	var chains []string
	for i := range s.StepSize {
		step := fmt.Sprintf("%.3g", s.StepSize[i])
		if i < len(s.EBFMI) {
			step += fmt.Sprintf(" (E-BFMI %s)", fixed(s.EBFMI[i], 2))
		}
		chains = append(chains, step)
	}
	fmt.Fprintf(w, "steps    %s; the metric has %s\n", strings.Join(chains, ", "), metric)
}

func count(n int, what string) string {
	switch n {
	case 0:
		return "no " + what + "s"
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// The object of --format json, in the order of its keys.
type samplingReport struct {
	Model       string          `json:"model"`
	Seed        uint64          `json:"seed"`
	Method      samplingMethod  `json:"method"`
	Parameters  json.RawMessage `json:"parameters"`
	Discrete    json.RawMessage `json:"discrete,omitempty"`
	RHat        number          `json:"rhat"`
	ESSBulk     number          `json:"ess_bulk"`
	ESSTail     number          `json:"ess_tail"`
	Divergences int             `json:"divergences"`
	Saturated   int             `json:"saturated"`
	EBFMI       []number        `json:"ebfmi"`
	Verdict     runtime.Verdict `json:"verdict"`
	Reasons     []string        `json:"reasons"`
	Evaluations int             `json:"evaluations"`
	Seconds     seconds         `json:"seconds"`
}

type samplingMethod struct {
	Name   string `json:"name"`
	Chains int    `json:"chains"`
	Warmup int    `json:"warmup"`
	// Draws are those of each chain.
	Draws        int      `json:"draws"`
	TargetAccept number   `json:"target_accept"`
	Metric       string   `json:"metric"`
	StepSize     []number `json:"step_size"`
	Engine       string   `json:"engine"`
	Ended        string   `json:"ended"`
	Interrupted  bool     `json:"interrupted"`
}

type sampledMoments struct {
	Mean      number `json:"mean"`
	SD        number `json:"sd"`
	Q5        number `json:"q5"`
	Q50       number `json:"q50"`
	Q95       number `json:"q95"`
	Moments   string `json:"moments"`
	MCSE      number `json:"mcse"`
	MCSESD    number `json:"mcse_sd"`
	TailIndex number `json:"tail_index"`
	RHat      number `json:"rhat"`
	ESSBulk   number `json:"ess_bulk"`
	ESSTail   number `json:"ess_tail"`
}

func (c *fitCmd) samplingJSON(e *env, r *result) error {
	post, s := r.post, r.post.Sampling()
	parameters, err := parametersJSON(post.Quantities(), func(q *runtime.Quantity) any {
		return sampledMoments{number(q.Mean), number(q.SD), number(q.Q5), number(q.Q50), number(q.Q95), string(q.Moments), number(q.MCSE), number(q.MCSESD), number(q.TailIndex),
			number(q.RHat), number(q.ESSBulk), number(q.ESSTail)}
	})
	if err != nil {
		return fmt.Errorf("writing the parameters as JSON: %w", err)
	}
	discrete, err := discreteJSON(post)
	if err != nil {
		return fmt.Errorf("writing the discrete latents as JSON: %w", err)
	}
	metric := nuts.Diagonal
	if s.Dense {
		metric = nuts.Dense
	}
	enc := json.NewEncoder(e.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(samplingReport{
		Model: r.model.Name(), Seed: c.Seed,
		Method: samplingMethod{c.Sampler.Method, s.Chains, s.Warmup, s.Draws, number(s.TargetAccept), metric, numbers(s.StepSize), c.Engine,
			post.Ended(), c.interrupted(post)},
		Parameters: parameters, Discrete: discrete, RHat: number(s.RHat), ESSBulk: number(s.ESSBulk), ESSTail: number(s.ESSTail),
		Divergences: s.Divergences, Saturated: s.Saturated, EBFMI: numbers(s.EBFMI),
		Verdict: post.Verdict, Reasons: append([]string{}, post.Reasons...), Evaluations: post.Evaluations(),
		Seconds: seconds{rounded(r.compile), rounded(post.FitTime)},
	})
}

func numbers(x []float64) []number {
	out := make([]number, len(x))
	for i, v := range x {
		out[i] = number(v)
	}
	return out
}
