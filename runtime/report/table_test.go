package report

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"ppl/inference/tails"
	"ppl/runtime/answer"
)

func quantity(symbol, name string, mean, sd float64) answer.Quantity {
	return answer.Quantity{Symbol: symbol, Name: name, Mean: mean, SD: sd, Q5: mean - 2*sd, Q50: mean, Q95: mean + 2*sd}
}

func tableText(all bool, quantities ...answer.Quantity) string {
	var b bytes.Buffer
	(&Options{All: all}).summaryTable(quantities).Write(&b, func(s string) string { return s })
	return b.String()
}

func TestSummaryTable(t *testing.T) {
	nan := math.NaN()
	got := tableText(false,
		quantity("mu", "mu", 4.4142, 3.3333),
		quantity("a", "a[北海道]", -12.3456, 0.0123),
		quantity("a", "a[x\x1b[2J]", 0.0001, 2.9),
		quantity("big", "big", 123456.7, 4321),
		quantity("huge", "huge", 3.25e12, 2e9),
		quantity("tiny", "tiny", 3.25e-12, 2e-13),
		quantity("fixed", "fixed", 2.5, 0),
		quantity("zero", "zero", 0, 0),
		answer.Quantity{Symbol: "n", Name: "n", Mean: nan, SD: nan, Q5: math.Inf(-1), Q50: 2, Q95: math.Inf(1)},
	)
	want := strings.TrimPrefix(`
                        mean            sd                 5%                50%                95%
mu               4.4              3.3            -2.3                4.4               11.1
a[北海道]      -12.3456           0.0123        -12.3702           -12.3456           -12.3210
a[x�[2J]         0.00             2.90           -5.80               0.00               5.80
big         123457             4321          114815             123457             132099
huge             3.25000e+12      2.00e+09        3.24600e+12        3.25000e+12        3.25400e+12
tiny             3.250e-12        2.00e-13        2.850e-12          3.250e-12          3.650e-12
fixed            2.5              0.0             2.5                2.5                2.5
zero             0                0               0                  0                  0
n              NaN              NaN            -inf                  2.00000          inf
`, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Numbers that differ late show the digits that do, and what does not exist is a dash.
func TestDigitsThatDiffer(t *testing.T) {
	got := tableText(false,
		quantity("time", "time", 1700000000000.16, 0.3655),
		quantity("near", "near", 1, 2e-12),
		answer.Quantity{Symbol: "tail", Name: "tail", Mean: 3.14159, SD: math.NaN(), Q5: 1.04, Q50: 1.59, Q95: 7.21, Moments: tails.Mean},
		answer.Quantity{Symbol: "none", Name: "none", Mean: math.NaN(), SD: math.NaN(), Q5: 0.007, Q50: 1, Q95: 139, Moments: tails.None},
	)
	for _, part := range []string{"1700000000000.16", "1699999999999.43", "1.00000000000400e+00", "3.14", "0.01", "139.00"} {
		if !strings.Contains(got, part) {
			t.Errorf("no %s in\n%s", part, got)
		}
	}
	for _, line := range strings.Split(got, "\n") {
		if fields := strings.Fields(line); len(fields) > 2 && fields[0] == "tail" && (fields[1] == absent || fields[2] != absent) ||
			len(fields) > 2 && fields[0] == "none" && (fields[1] != absent || fields[2] != absent) {
			t.Errorf("%s", line)
		}
	}
}

// A constant has neither R̂ nor effective draws, and chains that do not move have no
// R̂ of thirteen digits.
func TestChainCells(t *testing.T) {
	for _, c := range []struct {
		q    answer.Quantity
		want string
	}{
		{answer.Quantity{SD: 1, RHat: 1.0012, ESSBulk: 1234.5, ESSTail: 99}, "1.001 1234 99"},
		{answer.Quantity{SD: 0, RHat: math.NaN(), ESSBulk: math.NaN(), ESSTail: math.NaN()}, "– – –"},
		{answer.Quantity{SD: 0, RHat: 359553713057219, ESSBulk: 4, ESSTail: 4}, "– – –"},
		{answer.Quantity{SD: 1, RHat: 359553713057219, ESSBulk: 4, ESSTail: math.NaN()}, ">1000 4 –"},
	} {
		if got := strings.Join(chainCells(&c.q), " "); got != c.want {
			t.Errorf("%v: %q, want %q", c.q, got, c.want)
		}
	}
}

// Every sd shows two or three digits, however large it is.
func TestDecimals(t *testing.T) {
	for sd := 1e-7; sd < 1e8; sd *= 1.07 {
		cells := row(sd, 1.5*sd, sd)
		digits := strings.Trim(strings.ReplaceAll(cells[1], ".", ""), "0")
		if e := strings.IndexByte(cells[1], 'e'); e >= 0 {
			digits = strings.ReplaceAll(cells[1][:e], ".", "")
		}
		shown := 0.0
		fmt.Sscan(cells[1], &shown)
		if math.Abs(shown-sd) > sd/50 || len(digits) > 3 && sd < 300 {
			t.Errorf("an sd of %g shows as %s", sd, cells[1])
		}
	}
}

func TestFolding(t *testing.T) {
	array := func(n int) []answer.Quantity {
		var out []answer.Quantity
		for i := 1; i <= n; i++ {
			out = append(out, quantity("z", fmt.Sprintf("z[%d]", i), 0, 1))
		}
		return out
	}
	for _, c := range []struct {
		n, lines int
		all      bool
	}{{12, 13, false}, {13, 8, false}, {500, 8, false}, {13, 14, true}, {0, 1, false}} {
		got := tableText(c.all, array(c.n)...)
		if n := strings.Count(got, "\n"); n != c.lines {
			t.Errorf("%d elements, all %v: %d lines, want %d\n%s", c.n, c.all, n, c.lines, got)
		}
	}
	if got := tableText(false, array(13)...); !strings.Contains(got, "... 7 more\nz[13]") {
		t.Error(got)
	}
}

func TestPlusMinus(t *testing.T) {
	for _, c := range []struct {
		value, mcse float64
		want        string
	}{
		{-31.52413, 0.0312, "-31.524 ± 0.031 nats"},
		{-31524.13, 12.3, "-31524 ± 12 nats"},
		{3.0966e71, 8.9e55, "3.096600000e+71 ± 8.9e+55 nats"},
		{-31.5, 0, "-31.5 nats"},
		{-3, 1e-12, "-3.000000 ± 0.000000 nats"},
		{math.Inf(-1), math.NaN(), "-inf nats"},
	} {
		if got := plusMinus(c.value, c.mcse); got != c.want {
			t.Errorf("%g, %g: %q, want %q", c.value, c.mcse, got, c.want)
		}
	}
}
