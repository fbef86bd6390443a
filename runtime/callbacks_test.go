package runtime_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	goruntime "runtime"
	"testing"

	"ppl/runtime"
)

var errCaller = errors.New("no progress")

// callbackFailures are ways in which a function of the caller may go wrong.
var callbackFailures = map[string]func(){
	"value":     func() { panic("boom") },
	"error":     func() { panic(errCaller) },
	"index":     func() { var none []int; none[0]++ },
	"goroutine": func() { goruntime.Goexit() },
}

// A panic in a caller's own function ends the fit, not the process, under every
// method and on whichever goroutine it is called; the error says whose it was.
func TestPanicsInCallbacks(t *testing.T) {
	for _, c := range []struct {
		name     string
		model    int // of optionModels
		strategy string
		opt      runtime.Options
		chains   bool // it panics once chains run
	}{
		{"variational", 0, "", runtime.Options{}, false},
		{"full rank", 0, "", runtime.Options{Guide: "fullrank"}, false},
		{"nuts", 0, "", runtime.Options{Method: runtime.MethodNUTS, Chains: 8, Warmup: 20_000}, true},
		{"guide of discrete latents", 1, "relax", runtime.Options{}, false},
		{"chains from a guide", 1, "relax", runtime.Options{}, true},
		{"nuts from a guide", 1, "relax", runtime.Options{Method: runtime.MethodNUTS, Chains: 8, Warmup: 20_000}, true},
	} {
		for how, fail := range callbackFailures {
			t.Run(c.name+"/"+how, func(t *testing.T) {
				p, err := bound(t, c.model, c.strategy)
				if err != nil {
					t.Fatal(err)
				}
				opt, calls := c.opt, 0
				opt.Progress = func(x runtime.Progress) {
					if chains := x.Stage == runtime.StageWarmup || x.Stage == runtime.StageSample; chains == c.chains {
						calls++
						fail()
					}
				}
				post, err := fitInGoroutine(p, opt)
				checkCallbackError(t, err, "Options.Progress", how)
				if post != nil || calls != 1 {
					t.Errorf("a posterior: %v; %d calls", post != nil, calls)
				}
			})
		}
	}
}

// fitInGoroutine fits in a goroutine of its own, since a callback may end it.
func fitInGoroutine(p *runtime.Problem, opt runtime.Options) (post *runtime.Posterior, err error) {
	done := make(chan struct{})
	err = errGoroutine
	go func() {
		defer close(done)
		post, err = p.Fit(context.Background(), opt)
	}()
	<-done
	return post, err
}

// errGoroutine is the outcome of a fit whose callback ended the fit's goroutine.
var errGoroutine = errors.New("the goroutine ended")

func checkCallbackError(t *testing.T, err error, callback, how string) {
	t.Helper()
	failed := (*runtime.CallbackError)(nil)
	switch {
	case how == "goroutine" && errors.Is(err, errGoroutine): // as was asked
	case !errors.As(err, &failed) || failed.Callback != callback || len(failed.Stack) == 0:
		t.Errorf("%T: %v", err, err)
	case how == "error" && !errors.Is(err, errCaller):
		t.Errorf("the error of the panic is not in %v", err)
	case how == "value" && err.Error() != callback+", a function of the caller, panicked: boom":
		t.Errorf("%v", err)
	}
}

func TestPanicsInProgressOfSBC(t *testing.T) {
	m, err := runtime.Compile("model.ppl", []byte("data y : real\nmu ~ Normal(0, 1)\ny ~ Normal(mu, 1)"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Simulator(runtime.Map(nil))
	if err != nil {
		t.Fatal(err)
	}
	for how, fail := range callbackFailures {
		out, err := sbcInGoroutine(s, runtime.SBCOptions{Replicates: 8, Draws: 5, Progress: func(runtime.Progress) { fail() }})
		if checkCallbackError(t, err, "SBCOptions.Progress", how); out != nil {
			t.Errorf("%s: a result all the same", how)
		}
	}
}

func sbcInGoroutine(s *runtime.Simulator, opt runtime.SBCOptions) (out *runtime.SBC, err error) {
	done := make(chan struct{})
	err = errGoroutine
	go func() {
		defer close(done)
		out, err = s.SBC(context.Background(), opt)
	}()
	<-done
	return out, err
}

type failingWriter struct{ fail func() }

func (w failingWriter) Write([]byte) (int, error) {
	w.fail()
	return 0, errors.New("it did not fail")
}

func TestPanicsInWriters(t *testing.T) {
	p, err := bound(t, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	m, err := runtime.Compile("model.ppl", []byte(optionModels[0].text))
	if err != nil {
		t.Fatal(err)
	}
	w := failingWriter{func() { panic(errCaller) }}
	for name, err := range map[string]error{
		"tree": runtime.DumpTree(w, "m.ppl", []byte(optionModels[0].text)), "types": m.DumpTypes(w), "graph": p.DumpGraph(w), "plan": p.DumpPlan(w),
	} {
		checkCallbackError(t, err, "w.Write", "error")
		var b bytes.Buffer
		if fmt.Fprint(&b, err); !bytes.Contains(b.Bytes(), []byte("a function of the caller")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
