package parser

import (
	"testing"

	"ppl/lang/diag"
)

// What the pages say must be true: the wrong text is diagnosed with the code,
// the right text is not diagnosed at all.
func TestCodesHoldTheirExamples(t *testing.T) {
	for _, code := range []diag.Code{
		SyntaxError, UnclosedBracket, ForeignSyntax, BadNumber, UnexpectedCharacter, ChainedComparison, ReservedWord,
	} {
		info, ok := diag.Lookup(code)
		if !ok {
			t.Errorf("%s is not declared", code)
			continue
		}
		_, list := Parse("wrong", []byte(info.Wrong))
		if !hasCode(list, code) {
			t.Errorf("%s: the wrong example gives %v", code, list)
		}
		if _, list := Parse("right", []byte(info.Right)); len(list) > 0 {
			t.Errorf("%s: the right example gives %v", code, list)
		}
	}
}

func hasCode(list diag.List, code diag.Code) bool {
	for _, d := range list {
		if d.Code == code {
			return true
		}
	}
	return false
}
