package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"ppl/runtime/answer"
)

// Number is a float64 in JSON: in full precision, and null where it is not finite.
type Number float64

func (x Number) MarshalJSON() ([]byte, error) {
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
	Params      json.RawMessage `json:"params,omitempty"`    // learned as points
	ParamsSE    json.RawMessage `json:"params_se,omitempty"` // standard errors of theirs
	Parameters  json.RawMessage `json:"parameters"`
	Discrete    json.RawMessage `json:"discrete,omitempty"`
	ELBO        elbo            `json:"elbo"`
	KHat        Number          `json:"khat"`
	KHatPlain   Number          `json:"khat_meanfield"`
	ESS         Number          `json:"ess"`
	Chains      *chainsReport   `json:"chains,omitempty"` // of Markov chains that correct the guide
	Batches     *batchesReport  `json:"batches,omitempty"`
	Modes       []Number        `json:"modes"`
	Converged   bool            `json:"converged"`
	Verdict     answer.Verdict  `json:"verdict"`
	Reasons     []string        `json:"reasons"`
	Evaluations int             `json:"evaluations"`
	Seconds     seconds         `json:"seconds"`
}

// batchesReport says how rows were taken.
type batchesReport struct {
	Dim    string `json:"dim"`
	Rows   int    `json:"rows"`
	Size   int    `json:"size"`
	Epochs int    `json:"epochs"`
	Steps  int    `json:"steps"`
	Exact  int    `json:"exact_passes"`
	Rate   Number `json:"rate"`

	HeldOut *heldOutReport `json:"held_out,omitempty"`
}

// heldOutReport is of rows that were not learned from, in nats a row.
type heldOutReport struct {
	Rows     int    `json:"rows"`
	ELBO     Number `json:"elbo"`
	ELBOSE   Number `json:"elbo_se"`
	Bound    Number `json:"bound"`
	BoundSE  Number `json:"bound_se"`
	Samples  int    `json:"samples"`
	Unsteady Number `json:"unsteady"`
}

type method struct {
	Guide   string `json:"guide"`
	Correct string `json:"correct"`
	Quick   bool   `json:"quick,omitempty"`
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
	// Integrated names latents that were integrated out.
	Integrated []string `json:"integrated,omitempty"`
}

type moments struct {
	Mean        Number `json:"mean"`
	SD          Number `json:"sd"`
	Q5          Number `json:"q5"`
	Q50         Number `json:"q50"`
	Q95         Number `json:"q95"`
	Moments     string `json:"moments"` // those that there are: "both", "mean" or "none"
	SDMeanField Number `json:"sd_meanfield"`
	MCSE        Number `json:"mcse"`
	MCSESD      Number `json:"mcse_sd"`
	TailIndex   Number `json:"tail_index"`
}

// chainMoments are those of a parameter whose draws are of Markov chains.
type chainMoments struct {
	moments
	RHat    Number `json:"rhat"`
	ESSBulk Number `json:"ess_bulk"`
	ESSTail Number `json:"ess_tail"`
}

type chainsReport struct {
	Chains      int    `json:"chains"`
	Groups      int    `json:"groups"` // with a common starting point
	Warmup      int    `json:"warmup"`
	Draws       int    `json:"draws"` // of each chain
	RHat        Number `json:"rhat"`
	ESSBulk     Number `json:"ess_bulk"`
	ESSTail     Number `json:"ess_tail"`
	Divergences int    `json:"divergences"`
}

type elbo struct {
	Value Number `json:"value"`
	MCSE  Number `json:"mcse"`
}

type seconds struct {
	Compile Number `json:"compile"`
	Fit     Number `json:"fit"`
}

// JSON writes an answer as one object: in full precision, null for what is not finite.
func JSON(w io.Writer, a *answer.Answer) error {
	discrete, err := discreteJSON(a.Discrete)
	if err != nil {
		return fmt.Errorf("writing the discrete latents as JSON: %w", err)
	}
	if a.Asked.Method == nuts && a.Sampling != nil {
		return samplingJSON(w, a, discrete)
	}
	f := &a.Figures
	var chains *chainsReport
	if s := a.Sampling; s != nil {
		chains = &chainsReport{s.Chains, s.Groups, s.Warmup, s.Draws, Number(s.RHat), Number(s.ESSBulk), Number(s.ESSTail), s.Divergences}
	}
	var batches *batchesReport
	if b := a.Batches; b != nil {
		batches = &batchesReport{Dim: b.Dim, Rows: b.Rows, Size: b.Size, Epochs: b.Epochs, Steps: b.Steps, Exact: b.Exact, Rate: Number(b.Rate)}
		if h := b.HeldOut; h != nil {
			batches.HeldOut = &heldOutReport{h.Rows, Number(h.ELBO), Number(h.ELBOError), Number(h.Bound), Number(h.BoundError), h.Samples, Number(h.Unsteady)}
		}
	}
	parameters, err := parametersJSON(a.Quantities, func(q *answer.Quantity) any {
		m := moments{Number(q.Mean), Number(q.SD), Number(q.Q5), Number(q.Q50), Number(q.Q95), string(q.Moments), Number(q.MeanFieldSD), Number(q.MCSE), Number(q.MCSESD), Number(q.TailIndex)}
		if chains == nil {
			return m
		}
		return chainMoments{m, Number(q.RHat), Number(q.ESSBulk), Number(q.ESSTail)}
	})
	if err != nil {
		return fmt.Errorf("writing the parameters as JSON: %w", err)
	}
	params, paramErrors, err := paramsJSON(a.Params)
	if err != nil {
		return fmt.Errorf("writing the params as JSON: %w", err)
	}
	return write(w, report{
		Model: a.Model.Name, Seed: a.Asked.Seed, Params: params, ParamsSE: paramErrors,
		Method:     method{a.Asked.Guide, a.Asked.Correct, a.Asked.Quick, f.Applied, f.Particles, a.Asked.Draws, a.Asked.Engine, f.Ended, f.Interrupted || f.TimedOut, f.Integrated},
		Parameters: parameters, Discrete: discrete,
		ELBO: elbo{Number(f.ELBO), Number(f.MCSE)},
		KHat: Number(f.KHat), KHatPlain: Number(f.KHatMeanField), ESS: Number(f.ESS), Chains: chains, Batches: batches, Modes: numbers(f.Modes),
		Converged: f.Converged, Verdict: a.Verdict, Reasons: append([]string{}, a.Reasons...),
		Evaluations: f.Evaluations,
		Seconds:     seconds{rounded(a.Compiling), rounded(a.Fitting)},
	})
}

// write writes an object, indented.
func write(w io.Writer, object any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(object)
}

// parametersJSON is one object with the parameters in the order of the model,
// which a map would lose; moments says what to show of each.
func parametersJSON(quantities []answer.Quantity, moments func(*answer.Quantity) any) (json.RawMessage, error) {
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

// rounded is a time in seconds to the microsecond.
func rounded(d time.Duration) Number { return Number(float64(d.Microseconds()) / 1e6) }

// The object of --format json, in the order of its keys.
type samplingReport struct {
	Model       string          `json:"model"`
	Seed        uint64          `json:"seed"`
	Method      samplingMethod  `json:"method"`
	Params      json.RawMessage `json:"params,omitempty"`
	Parameters  json.RawMessage `json:"parameters"`
	Discrete    json.RawMessage `json:"discrete,omitempty"`
	RHat        Number          `json:"rhat"`
	ESSBulk     Number          `json:"ess_bulk"`
	ESSTail     Number          `json:"ess_tail"`
	Divergences int             `json:"divergences"`
	Saturated   int             `json:"saturated"`
	EBFMI       []Number        `json:"ebfmi"`
	Verdict     answer.Verdict  `json:"verdict"`
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
	TargetAccept Number   `json:"target_accept"`
	Metric       string   `json:"metric"`
	StepSize     []Number `json:"step_size"`
	Engine       string   `json:"engine"`
	Ended        string   `json:"ended"`
	Interrupted  bool     `json:"interrupted"`
}

type sampledMoments struct {
	Mean      Number `json:"mean"`
	SD        Number `json:"sd"`
	Q5        Number `json:"q5"`
	Q50       Number `json:"q50"`
	Q95       Number `json:"q95"`
	Moments   string `json:"moments"`
	MCSE      Number `json:"mcse"`
	MCSESD    Number `json:"mcse_sd"`
	TailIndex Number `json:"tail_index"`
	RHat      Number `json:"rhat"`
	ESSBulk   Number `json:"ess_bulk"`
	ESSTail   Number `json:"ess_tail"`
}

// samplingJSON writes the object of draws of NUTS.
func samplingJSON(w io.Writer, a *answer.Answer, discrete json.RawMessage) error {
	s, f := a.Sampling, &a.Figures
	parameters, err := parametersJSON(a.Quantities, func(q *answer.Quantity) any {
		return sampledMoments{Number(q.Mean), Number(q.SD), Number(q.Q5), Number(q.Q50), Number(q.Q95), string(q.Moments), Number(q.MCSE), Number(q.MCSESD), Number(q.TailIndex),
			Number(q.RHat), Number(q.ESSBulk), Number(q.ESSTail)}
	})
	if err != nil {
		return fmt.Errorf("writing the parameters as JSON: %w", err)
	}
	params, _, err := paramsJSON(a.Params)
	if err != nil {
		return fmt.Errorf("writing the params as JSON: %w", err)
	}
	metric := "diagonal"
	if s.Dense {
		metric = "dense"
	}
	return write(w, samplingReport{
		Model: a.Model.Name, Seed: a.Asked.Seed, Params: params,
		Method: samplingMethod{a.Asked.Method, s.Chains, s.Warmup, s.Draws, Number(s.TargetAccept), metric, numbers(s.StepSize), a.Asked.Engine,
			f.Ended, f.Interrupted || f.TimedOut},
		Parameters: parameters, Discrete: discrete, RHat: Number(s.RHat), ESSBulk: Number(s.ESSBulk), ESSTail: Number(s.ESSTail),
		Divergences: s.Divergences, Saturated: s.Saturated, EBFMI: numbers(s.EBFMI),
		Verdict: a.Verdict, Reasons: append([]string{}, a.Reasons...), Evaluations: f.Evaluations,
		Seconds: seconds{rounded(a.Compiling), rounded(a.Fitting)},
	})
}

func numbers(x []float64) []Number {
	out := make([]Number, len(x))
	for i, v := range x {
		out[i] = Number(v)
	}
	return out
}

// The object of predictions, in the order of its keys.
type predictionReport struct {
	Model       string              `json:"model"`
	Seed        uint64              `json:"seed"`
	Draws       int                 `json:"draws"`
	Predictions json.RawMessage     `json:"predictions"`
	Scores      []scoreReport       `json:"scores,omitempty"`
	Unseen      map[string][]string `json:"unseen,omitempty"` // labels, by factor
	Verdict     answer.Verdict      `json:"verdict"`          // of the fit
	Reasons     []string            `json:"reasons"`
}

type predictedMoments struct {
	Mean Number `json:"mean"`
	SD   Number `json:"sd"`
	Q5   Number `json:"q5"`
	Q50  Number `json:"q50"`
	Q95  Number `json:"q95"`
}

type scoreReport struct {
	Symbol     string  `json:"symbol"`
	Group      string  `json:"group,omitempty"`
	N          int     `json:"n"`
	ELPD       *Number `json:"elpd,omitempty"`
	RMSE       Number  `json:"rmse"`
	Brier      *Number `json:"brier,omitempty"`
	LogLoss    *Number `json:"log_loss,omitempty"`
	Coverage50 Number  `json:"coverage50"`
	Coverage90 Number  `json:"coverage90"`
}

// PredictionsJSON writes predictions as one object.
func PredictionsJSON(w io.Writer, p *answer.Predictions) error {
	predictions, err := parametersJSON(p.Quantities, func(q *answer.Quantity) any {
		return predictedMoments{Number(q.Mean), Number(q.SD), Number(q.Q5), Number(q.Q50), Number(q.Q95)}
	})
	if err != nil {
		return fmt.Errorf("writing the predictions as JSON: %w", err)
	}
	out := predictionReport{Model: p.Model.Name, Seed: p.Asked.Seed, Draws: p.Asked.Draws, Predictions: predictions, Unseen: p.Unseen,
		Verdict: p.Verdict, Reasons: append([]string{}, p.Reasons...)}
	optional := func(x float64) *Number {
		if math.IsNaN(x) {
			return nil
		}
		n := Number(x)
		return &n
	}
	for _, s := range p.Scores {
		out.Scores = append(out.Scores, scoreReport{s.Symbol, s.Group, s.N, optional(s.ELPD), Number(s.RMSE), optional(s.Brier), optional(s.LogLoss), Number(s.Coverage50), Number(s.Coverage90)})
	}
	return write(w, out)
}
