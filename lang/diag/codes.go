package diag

import (
	"fmt"
	"io"
	"sort"
	"strings"
	"sync"
)

// CodeInfo documents one code: what the diagnostic means and a pair of models
// (or fragments) that show it.
type CodeInfo struct {
	Code        Code
	Title       string // a noun phrase, for the heading
	Explanation string // one or more paragraphs: the rule, and why it is one
	Wrong       string // text that is diagnosed
	Right       string // the same, mended
}

var declared = struct {
	sync.Mutex
	infos map[Code]CodeInfo
}{infos: map[Code]CodeInfo{}}

// Declare registers codes. Each package declares the codes that it emits, in
// a file codes.go beside the code that emits them, from an init function. It
// panics if a code is declared twice: that is a mistake in the program.
func Declare(infos ...CodeInfo) {
	declared.Lock()
	defer declared.Unlock()
	for _, info := range infos {
		if _, twice := declared.infos[info.Code]; twice {
			panic(fmt.Sprintf("diag: code %q is declared twice", info.Code))
		}
		declared.infos[info.Code] = info
	}
}

// Codes returns every declared code, sorted.
func Codes() []CodeInfo {
	declared.Lock()
	defer declared.Unlock()
	out := make([]CodeInfo, 0, len(declared.infos))
	for _, info := range declared.infos {
		out = append(out, info)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Code < out[j].Code })
	return out
}

// Lookup returns the declaration of a code.
func Lookup(code Code) (CodeInfo, bool) {
	declared.Lock()
	defer declared.Unlock()
	info, ok := declared.infos[code]
	return info, ok
}

// ErrorsPage writes docs/errors.md: every declared code with its explanation
// and examples.
func ErrorsPage(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Errors\n\n")
	b.WriteString("Every message of ppl carries a code in brackets. This page says what each means and how to mend it.\n")
	b.WriteString("It is written from the declarations in the source (`diag.ErrorsPage`).\n")
	for _, info := range Codes() {
		fmt.Fprintf(&b, "\n## %s\n\n**%s.** %s\n", info.Code, strings.TrimSuffix(info.Title, "."), strings.TrimSpace(info.Explanation))
		example(&b, "Wrong", info.Wrong)
		example(&b, "Right", info.Right)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func example(b *strings.Builder, title, text string) {
	if text == "" {
		return
	}
	fmt.Fprintf(b, "\n%s:\n\n```\n%s\n```\n", title, strings.TrimRight(text, "\n"))
}
