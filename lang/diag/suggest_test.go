package diag

import (
	"strings"
	"testing"
)

func TestSuggest(t *testing.T) {
	names := []string{"county", "floor", "radon", "mu", "tau", "Normal", "LogNormal", "HalfNormal", "x"}
	for _, c := range []struct{ name, want string }{
		{"contry", "county"}, {"cuonty", "county"}, {"County", "county"}, {"flor", "floor"}, {"normal", "Normal"},
		{"Nomral", "Normal"}, {"lognormal", "LogNormal"}, {"MU", "mu"}, {"mo", ""}, {"y", ""}, {"sigma", ""},
		{"", ""}, {"tua", "tau"}, {"county", ""}, {strings.Repeat("a", 100_000), ""},
	} {
		if got := Suggest(c.name, names); got != c.want {
			t.Errorf("Suggest(%.20q) = %q, want %q", c.name, got, c.want)
		}
	}
}

func TestSuggestPrefersTheNearest(t *testing.T) {
	if got := Suggest("alphas", []string{"alphabet", "alpha", "alpine"}); got != "alpha" {
		t.Errorf("got %q", got)
	}
	if got := Suggest("beta", []string{"betb", "beta_", "Beta"}); got != "Beta" {
		t.Errorf("got %q", got)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"ab", "ba", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3}} {
		if got := distance([]rune(c.a), []rune(c.b)); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestErrorsPage(t *testing.T) {
	var b strings.Builder
	if err := ErrorsPage(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(b.String(), "# Errors\n") {
		t.Errorf("got %q", b.String())
	}
}
