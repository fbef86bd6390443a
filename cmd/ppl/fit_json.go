package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"ppl/runtime"
)

// number is a float64 in JSON: in full precision, and null where it is not finite.
type number float64

func (x number) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(x))
}

// The object that --format json prints, in the order of its keys.
type report struct {
	Model       string          `json:"model"`
	Seed        uint64          `json:"seed"`
	Method      method          `json:"method"`
	Parameters  json.RawMessage `json:"parameters"`
	Discrete    json.RawMessage `json:"discrete,omitempty"`
	ELBO        elbo            `json:"elbo"`
	KHat        number          `json:"khat"`
	KHatPlain   number          `json:"khat_meanfield"`
	ESS         number          `json:"ess"`
	Chains      *chainsReport   `json:"chains,omitempty"` // of Markov chains that correct the guide
	Modes       []number        `json:"modes"`
	Converged   bool            `json:"converged"`
	Verdict     runtime.Verdict `json:"verdict"`
	Reasons     []string        `json:"reasons"`
	Evaluations int             `json:"evaluations"`
	Seconds     seconds         `json:"seconds"`
}

type method struct {
	Guide   string `json:"guide"`
	Correct string `json:"correct"`
	// Applied says what the answer's draws are: "importance weights", "linear
	// response", "Markov chains" or "none".
	Applied   string `json:"applied"`
	Particles int    `json:"particles"`
	Draws     int    `json:"draws"`
	Engine    string `json:"engine"`
	// Ended says why the optimiser stopped; Interrupted, that it was stopped
	// by the user or the time limit.
	Ended       string `json:"ended"`
	Interrupted bool   `json:"interrupted"`
}

type moments struct {
	Mean        number `json:"mean"`
	SD          number `json:"sd"`
	Q5          number `json:"q5"`
	Q50         number `json:"q50"`
	Q95         number `json:"q95"`
	Moments     string `json:"moments"` // those that there are: "both", "mean" or "none"
	SDMeanField number `json:"sd_meanfield"`
	MCSE        number `json:"mcse"`
	MCSESD      number `json:"mcse_sd"`
	TailIndex   number `json:"tail_index"`
}

// chainMoments are those of a parameter whose draws are of Markov chains.
type chainMoments struct {
	moments
	RHat    number `json:"rhat"`
	ESSBulk number `json:"ess_bulk"`
	ESSTail number `json:"ess_tail"`
}

type chainsReport struct {
	Chains      int    `json:"chains"`
	Groups      int    `json:"groups"` // with a common starting point
	Warmup      int    `json:"warmup"`
	Draws       int    `json:"draws"` // of each chain
	RHat        number `json:"rhat"`
	ESSBulk     number `json:"ess_bulk"`
	ESSTail     number `json:"ess_tail"`
	Divergences int    `json:"divergences"`
}

type elbo struct {
	Value number `json:"value"`
	MCSE  number `json:"mcse"`
}

type seconds struct {
	Compile number `json:"compile"`
	Fit     number `json:"fit"`
}

func (c *fitCmd) writeJSON(w io.Writer, r *result) error {
	post := r.post
	value, mcse := post.ELBO()
	var chains *chainsReport
	if s := post.Sampling(); s != nil {
		chains = &chainsReport{s.Chains, s.Groups, s.Warmup, s.Draws, number(s.RHat), number(s.ESSBulk), number(s.ESSTail), s.Divergences}
	}
	parameters, err := parametersJSON(post.Quantities(), func(q *runtime.Quantity) any {
		m := moments{number(q.Mean), number(q.SD), number(q.Q5), number(q.Q50), number(q.Q95), string(q.Moments), number(q.MeanFieldSD), number(q.MCSE), number(q.MCSESD), number(q.TailIndex)}
		if chains == nil {
			return m
		}
		return chainMoments{m, number(q.RHat), number(q.ESSBulk), number(q.ESSTail)}
	})
	if err != nil {
		return fmt.Errorf("writing the parameters as JSON: %w", err)
	}
	discrete, err := discreteJSON(post)
	if err != nil {
		return fmt.Errorf("writing the discrete latents as JSON: %w", err)
	}
	out := report{
		Model: r.model.Name(), Seed: c.Seed,
		Method:     method{c.Guide, c.Correct, string(post.Applied()), post.Particles(), c.Draws, c.Engine, post.Ended(), c.interrupted(post)},
		Parameters: parameters, Discrete: discrete,
		ELBO: elbo{number(value), number(mcse)},
		KHat: number(post.KHat()), KHatPlain: number(post.KHatMeanField()), ESS: number(post.ESS()), Chains: chains, Modes: modes(post),
		Converged: post.Converged(), Verdict: post.Verdict, Reasons: append([]string{}, post.Reasons...),
		Evaluations: post.Evaluations(),
		Seconds:     seconds{rounded(r.compile), rounded(post.FitTime)},
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

// parametersJSON is one object with the parameters in the order of the model,
// which a map would lose; moments says what to show of each.
func parametersJSON(quantities []runtime.Quantity, moments func(*runtime.Quantity) any) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	b.WriteByte('{')
	for i := range quantities {
		q := &quantities[i]
		if i > 0 {
			b.WriteByte(',')
		}
		if err := enc.Encode(q.Name); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := enc.Encode(moments(q)); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// modes lists the ELBOs of the optima found, the best first.
func modes(post *runtime.Posterior) []number {
	out := []number{}
	for _, v := range post.Modes() {
		out = append(out, number(v))
	}
	return out
}

// rounded is a time in seconds to the microsecond.
func rounded(d time.Duration) number { return number(float64(d.Microseconds()) / 1e6) }
