package runtime_test

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	"ppl/runtime"
)

// Every call that takes a context says of one that is done that it is, and gives no result.
func TestContextsThatAreDone(t *testing.T) {
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	late, cancel := context.WithTimeout(context.Background(), -time.Second)
	defer cancel()
	const text = "data y : real[N]\nmu ~ Normal(0, 1)\ny[i in 1..N] ~ Normal(mu, 1)"
	values := map[string]any{"y": []float64{1, 2}}
	m := must(runtime.Compile("model.ppl", []byte(text)))
	d := runtime.Map(values)
	p := must(m.Bind(d))
	post := must(p.Fit(context.Background(), runtime.Options{Seed: 1, Draws: 50}))
	exact := must(must(runtime.Compile("coin.ppl", []byte("data h : int\nf ~ Bernoulli(0.5)\nh ~ Binomial(9, if f == 1 then 0.5 else 0.8)"))).Bind(runtime.Map(map[string]any{"h": 4})))
	from := must(m.Simulator(d))
	x := must(post.Predictor(runtime.PredictOptions{}))
	for name, call := range map[string]func(context.Context) (bool, error){
		"Fit": func(ctx context.Context) (bool, error) { r, err := p.Fit(ctx, runtime.Options{}); return r != nil, err },
		"Fit of an exact answer": func(ctx context.Context) (bool, error) {
			r, err := exact.Fit(ctx, runtime.Options{})
			return r != nil, err
		},
		"Fit by NUTS": func(ctx context.Context) (bool, error) {
			r, err := p.Fit(ctx, runtime.Options{Method: runtime.MethodNUTS})
			return r != nil, err
		},
		"SBC": func(ctx context.Context) (bool, error) {
			r, err := from.SBC(ctx, runtime.SBCOptions{Replicates: 2})
			return r != nil, err
		},
		"BindContext": func(ctx context.Context) (bool, error) {
			r, err := m.BindContext(ctx, d, runtime.BindOptions{})
			return r != nil, err
		},
		"Files": func(ctx context.Context) (bool, error) {
			r, err := m.Bind(runtime.Files(ctx, "y=[1,2]"))
			return r != nil, err
		},
		"Files for a simulator": func(ctx context.Context) (bool, error) {
			r, err := m.Simulator(runtime.Files(ctx, "y=[1,2]"))
			return r != nil, err
		},
		"Predict": func(ctx context.Context) (bool, error) {
			r, err := post.Predict(ctx, nil, runtime.PredictOptions{})
			return r != nil, err
		},
		"Predictor.Predict": func(ctx context.Context) (bool, error) { r, err := x.Predict(ctx, d); return r != nil, err },
		"LOO": func(ctx context.Context) (bool, error) {
			r, err := post.LOO(ctx, runtime.LOOOptions{})
			return r != nil, err
		},
		"PPC": func(ctx context.Context) (bool, error) {
			r, err := post.PPC(ctx, runtime.PPCOptions{})
			return r != nil, err
		},
		"SaveFileWith": func(ctx context.Context) (bool, error) {
			return false, post.SaveFileWith(ctx, filepath.Join(t.TempDir(), "fit.zarr.zip"), runtime.SaveOptions{})
		},
	} {
		for _, c := range []struct {
			ctx  context.Context
			want error
		}{{cancelled, context.Canceled}, {late, context.DeadlineExceeded}} {
			if result, err := call(c.ctx); result || !errors.Is(err, c.want) {
				t.Errorf("%s: a result %v, error %v; want %v", name, result, err, c.want)
			}
		}
		if _, err := call(context.Background()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A fit whose context ends on the way gives what it has reached with the error; one whose MaxTime
// passes has no error.
func TestFitsThatAreStopped(t *testing.T) {
	p := problem(t, "x[i in 1..5] ~ StudentT(3, 0, 1)\nfactor -sum([x[i]^4 * x[i-1]^2 for i in 2..5])", nil)
	opt := runtime.Options{Particles: 1_000_000, Draws: 10}
	for _, want := range []error{context.Canceled, context.DeadlineExceeded} {
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		if want == context.Canceled {
			ctx, cancel = context.WithCancel(context.Background())
			time.AfterFunc(200*time.Millisecond, cancel)
		}
		post, err := p.Fit(ctx, opt)
		cancel()
		stopped := (*runtime.Stopped)(nil)
		if post != nil || !errors.Is(err, want) || !errors.As(err, &stopped) || stopped.Posterior == nil {
			t.Fatalf("a posterior %v, %#v", post != nil, err)
		}
		q, none := stopped.Posterior.Quantity("x[5]")
		if none != nil || q.SD == 0 || !stopped.Posterior.Figures().Interrupted || stopped.Posterior.Verdict() != runtime.Poor {
			t.Errorf("%v: %+v, %v, %v", want, q, stopped.Posterior.Verdict(), none)
		}
		if err := stopped.Posterior.WriteTable(io.Discard, runtime.TableOptions{}); err != nil {
			t.Error(err)
		}
	}
	opt.MaxTime = 200 * time.Millisecond
	post, err := p.Fit(context.Background(), opt)
	if err != nil || !post.Figures().TimedOut || post.Verdict() != runtime.Poor {
		t.Errorf("%v", err)
	}
}
