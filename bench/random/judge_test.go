package random

import (
	"encoding/json"
	"math"
	"testing"
)

// TestWrong judges fits of one quantity that are right, or off in one number.
func TestWrong(t *testing.T) {
	plain := Quantity{Name: "x", Mean: 2, SD: 1, Q5: 0.4, Q50: 2, Q95: 3.6}
	heavy := Quantity{Name: "x", Mean: 2, SD: 9, Q5: 0.1, Q50: 1, Q95: 10, Moments: None}
	ratio := Quantity{Name: "x", Q5: 0.01, Q50: 1, Q95: 1e8}
	for _, c := range []struct {
		fit      string
		right    Quantity
		mistakes int
	}{
		{`{"mean": 2.1, "sd": 1.1, "q5": 0.5, "q95": 3.5}`, plain, 0},
		{`{"mean": 2.2, "sd": 1, "q5": 0.4, "q95": 3.6}`, plain, 1},
		{`{"mean": 2, "sd": 1.2, "q5": 0.4, "q95": 3.6}`, plain, 1},
		{`{"mean": 2, "sd": 0.8, "q5": 0.6, "q95": 3.4}`, plain, 3},
		{`{"mean": null, "sd": null, "q5": 0.4, "q95": 3.6}`, plain, 0},
		{`{"mean": null, "sd": null, "q5": 0.4, "q95": 4.6}`, plain, 1},
		{`{"mean": null, "sd": null, "q5": 0.1, "q95": 10.4}`, heavy, 0},
		{`{"mean": null, "sd": null, "q5": 0.1, "q95": 14}`, heavy, 1},
		{`{"mean": 2, "sd": null, "q5": 0.1, "q95": 10}`, heavy, 1},
		{`{"mean": 2, "sd": 9, "q5": 0.1, "q95": 10}`, heavy, 2},
		{`{"mean": null, "sd": null, "q5": 0.011, "q95": 1.4e8}`, ratio, 0},
		{`{"mean": null, "sd": null, "q5": 0.01, "q95": 1e9}`, ratio, 1},
		{`{}`, plain, 1},
	} {
		var f Fit
		if err := json.Unmarshal([]byte(`{"parameters": {"x": `+c.fit+`}}`), &f); err != nil {
			t.Fatal(err)
		}
		wrong, off := f.Wrong([]Quantity{c.right})
		if len(wrong) != c.mistakes {
			t.Errorf("%s: %q", c.fit, wrong)
		}
		if c.mistakes == 0 && off > 1 {
			t.Errorf("%s is right, and off by %g times what is allowed", c.fit, off)
		}
	}
	z := Quantity{Name: "z", Mean: 0.3, SD: math.Sqrt(0.21), Discrete: true}
	var f Fit
	if err := json.Unmarshal([]byte(`{"discrete": {"z": {"values": [0, 1], "p": [0.5, 0.5]}}}`), &f); err != nil {
		t.Fatal(err)
	}
	wrong, off := f.Wrong([]Quantity{z})
	if len(wrong) != 1 {
		t.Error("a probability of 0.5 is taken for 0.3")
	}
	if right := 0.2 / (Shift*z.SD + 0.01); math.Abs(off-right) > 1e-12 {
		t.Errorf("off by %g times what is allowed, and it is %g", off, right)
	}
}
